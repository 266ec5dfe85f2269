//! One write's token, read back on every path, gives the write: 10,000 times, beside other writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bulletin::pb::{GetStationRequest, Station, UpdateStationRequest};
use tokio::task::JoinSet;

use super::{Pair, at_least, revision, service, token};
use crate::support::Service;

const READS: usize = 10_000;
const READERS: usize = 10;

/// How many reads follow each write.
const READS_A_WRITE: usize = 10;

/// Renames its station, and reads it back by the write's token on each path in turn.
async fn read_back(paths: Arc<[Service; 3]>, reader: usize) -> usize {
    let id = format!("reader{reader}");
    paths[0].create_station(&id).await.unwrap();
    let name = format!("stations/{id}");
    let mut reads = 0;
    for turn in 0..READS / READERS / READS_A_WRITE {
        let display_name = format!("第{turn}派出所");
        let request = UpdateStationRequest {
            station: Some(Station {
                name: name.clone(),
                display_name: display_name.clone(),
                ..Station::default()
            }),
            update_mask: crate::support::mask(&["display_name"]),
            ..Default::default()
        };
        // Each path writes in turn.
        let written = paths[turn % 3].stations().update_station(request).await;
        let written = token(&written.unwrap());
        for at in 0..READS_A_WRITE {
            let request = GetStationRequest {
                name: name.clone(),
                consistency: at_least(&written),
            };
            let response = paths[at % 3].stations().get_station(request).await.unwrap();
            assert!(revision(&token(&response)) >= revision(&written));
            assert_eq!(response.into_inner().display_name, display_name);
            reads += 1;
        }
    }
    reads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writes_token_gives_the_write_on_every_path() {
    let pair = Pair::start().await;
    let paths = Arc::new([
        Service::on(pair.primary.database()).await,
        Service::on(pair.primary.database()).await,
        service(&pair.primary.database(), &[&pair.standby.database()]).await,
    ]);
    let before = pair.standby.transactions().await;
    let is_over = Arc::<AtomicBool>::default();
    let others = {
        let (paths, is_over) = (Arc::clone(&paths), Arc::clone(&is_over));
        tokio::spawn(async move {
            for number in 0.. {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                let id = format!("other{number}");
                paths[0].create_station(&id).await.unwrap();
            }
        })
    };
    let mut readers = JoinSet::new();
    for reader in 0..READERS {
        readers.spawn(read_back(Arc::clone(&paths), reader));
    }
    let reads: usize = readers.join_all().await.into_iter().sum();
    is_over.store(true, Ordering::SeqCst);
    others.await.unwrap();
    assert_eq!(reads, READS);
    // The standby took part: a read is a transaction of its own there.
    crate::support::until("the standby's share is known", async || {
        pair.standby.transactions().await - before > 1_000
    })
    .await;
}
