//! Two instances, a migration that adds, and one instance after the other replaced under load: no call
//! fails that a client tries again elsewhere, and no change is lost to who watches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bulletin::pb::WatchChangesRequest;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::RwLock;
use tokio::task::JoinSet;
use tonic::Code;

use crate::follow::histories::{asked, conclude};
use crate::follow::recording::{Addresses, Watching};
use crate::follow::workload::Outcomes;
use crate::support::log::Acknowledged;
use crate::support::program::Program;
use crate::support::{Database, Refusal, Service, until};

const CLIENTS: usize = 6;

/// Clients that know of both instances, as a balancer does.
struct Load {
    tasks: JoinSet<Vec<Acknowledged>>,
    calls: Arc<AtomicU32>,
    is_over: Arc<AtomicBool>,
}

type Instances = Arc<RwLock<Vec<Arc<Service>>>>;

impl Load {
    fn start(instances: &Instances) -> Self {
        let (calls, is_over) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
        let mut tasks = JoinSet::new();
        for client in 0..CLIENTS {
            let (instances, calls) = (Arc::clone(instances), Arc::clone(&calls));
            let is_over = Arc::clone(&is_over);
            tasks.spawn(async move {
                let mut made = Vec::new();
                for turn in 0.. {
                    if is_over.load(Ordering::SeqCst) {
                        break;
                    }
                    let id = format!("c{client}-{turn}");
                    made.push(create(&instances, &id, client + turn).await);
                    calls.fetch_add(1, Ordering::SeqCst);
                }
                made
            });
        }
        Self {
            tasks,
            calls,
            is_over,
        }
    }

    async fn goes_on(&self) {
        let goal = self.calls.load(Ordering::SeqCst) + 30;
        until("calls go on", async || {
            self.calls.load(Ordering::SeqCst) >= goal
        })
        .await;
    }

    async fn stop(self) -> Vec<Acknowledged> {
        self.is_over.store(true, Ordering::SeqCst);
        self.tasks.join_all().await.into_iter().flatten().collect()
    }
}

/// Asks one instance, and the other where the first does not take calls any more.
async fn create(instances: &Instances, id: &str, first: usize) -> Acknowledged {
    let mut refusals = Vec::new();
    for place in first..first + 4 {
        let service = {
            let instances = instances.read().await;
            Arc::clone(&instances[place % instances.len()])
        };
        match service.create_station(id).await {
            Ok(station) => return Acknowledged::of(&station),
            Err(refusal) => {
                assert!(was_not_taken(&refusal), "{refusal:?}");
                refusals.push(refusal);
            }
        }
    }
    panic!("{id} was taken by nobody: {refusals:#?}");
}

/// Whether a client may try elsewhere at once: the instance is gone, or says that it stops.
fn was_not_taken(refusal: &Refusal) -> bool {
    match refusal.reason.as_str() {
        "DRAINING" => true,
        // The client speaks, of a connection that is closed or cannot be made.
        "" => matches!(
            refusal.code,
            Code::Unavailable | Code::Unknown | Code::Cancelled
        ),
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_are_replaced_one_by_one_under_load() {
    let database = Database::create().await;
    let arguments = ["--database-url", &database.url];
    let mut programs = [
        Program::serve(&arguments).await,
        Program::serve(&arguments).await,
    ];
    let clients = |programs: &[Program; 2]| -> Vec<_> {
        let services = programs.iter().map(|program| program.service(&database));
        services.map(Arc::new).collect()
    };
    let instances: Instances = Arc::new(RwLock::new(clients(&programs)));
    let addresses = Addresses::new(programs[0].address);
    let watches = vec![
        Watching::start(&addresses, WatchChangesRequest::default())
            .begun()
            .await,
        Watching::start(&addresses, asked().swap_remove(1))
            .begun()
            .await,
    ];
    let load = Load::start(&instances);
    load.goes_on().await;

    // The next release's migration only adds: what it adds is not known to these, and harms nobody.
    for sql in [
        "alter table stations add column of_the_next_release text not null default ''",
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         select max(version) + 1, 'of the next release', true, '', 0 from _sqlx_migrations",
    ] {
        database.tamper(sql).await;
    }
    for place in 0..2 {
        let next = Program::serve(&arguments).await;
        addresses.move_to(next.address);
        let old = std::mem::replace(&mut programs[place], next);
        // The balancer learns of it first, then the instance is told to stop.
        *instances.write().await = clients(&programs);
        let id = old.process_id().try_into().unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
        assert_eq!(old.ended().await, Some(0));
        load.goes_on().await;
    }
    let outcomes = Outcomes {
        acknowledged: load.stop().await,
        unknown: 0,
    };
    let (_, recordings) = conclude(&database, watches, &outcomes).await;
    let sessions = recordings.iter().map(|recording| recording.sessions.len());
    assert!(
        sessions.min() > Some(1),
        "every watch was resumed elsewhere"
    );
}
