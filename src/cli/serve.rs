//! `bulletin serve`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use crate::changes::reindex::migrate;
use crate::changes::versions;
use crate::cli::database::{check, check_tip};
use crate::cli::environment;
use crate::cli::guard::{callers, check_listen, transport};
use crate::config::{ServeOptions, Stranger, strangers};
use crate::db::{Db, Pooler};
use crate::embedded::{self, PrivatePostgres};
use crate::guard::admission::Admission;
use crate::look::{self, Look};
use crate::ops::Ops;
use crate::seed;
use crate::server::{Bulletin, TABLES, bind};
use crate::telemetry;

/// How often the private Postgres is looked after.
const WATCH_INTERVAL: Duration = Duration::from_millis(500);

pub async fn run(options: ServeOptions) -> anyhow::Result<()> {
    let traces = telemetry::start_serving(&options.seeing)?;
    let served = serve(options).await;
    if let Some(traces) = traces {
        traces.stop();
    }
    served
}

async fn serve(options: ServeOptions) -> anyhow::Result<()> {
    warn_of_strangers();
    check_listen(&options)?;
    let (transport, callers) = (transport(&options.guard)?, callers(&options.guard)?);
    raise_file_limit();
    // Bound first: a port that is taken should not cost a database start.
    let listener = bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    let address = listener.local_addr()?;
    // Open from now on until the very end: probes see how it starts and how it stops.
    let ops = start_ops(&options).await?;
    let postgres = match &options.database_url {
        Some(_) => None,
        None => Some(start_postgres(&options)?),
    };
    let db = open(&options, postgres.as_ref()).await?;
    let checkpoint_interval = Duration::from_millis(options.watch_checkpoint_interval_ms);
    let watch_buffer_bytes = usize::try_from(options.watch_buffer_mib)? * 1024 * 1024;
    let cache_bytes = u64::from(options.cache_mib) * 1024 * 1024;
    let mut bulletin = Bulletin::start_with_cache(db, cache_bytes)
        .await?
        .with_watch_checkpoint_interval(checkpoint_interval)
        .with_watch_buffer_bytes(watch_buffer_bytes)
        .with_transport(transport)
        .with_callers(callers)
        .with_web_origins(&options.guard.web_origins)
        .with_bounds(
            Admission::of(options.bounds.limits()),
            options.bounds.call_timeout(),
        )
        .with_slow_calls(Duration::from_millis(options.seeing.slow_call_ms));
    if postgres.is_some() && !options.no_seed {
        load_seeds(&bulletin).await?;
    }
    ops.watch(bulletin.watched());
    if options.seeing.ops_page {
        ops.show(bulletin.inside());
    }
    announce(address, ops.address(), &options);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let watch = tokio::spawn(stop_signal(sender));
    let drain_timeout = Duration::from_millis(options.drain_timeout_ms);
    let stop = async move {
        // A sender that is gone is a signal task that ended, which is a stop too.
        let _ = receiver.await;
    };
    let serving = bulletin.serve(listener, stop, drain_timeout);
    match postgres {
        None => serving.await?,
        Some(postgres) => {
            let died = tokio::select! {
                outcome = serving => { outcome?; None }
                status = death(&postgres) => Some(status?),
            };
            if let Some(status) = died {
                bail!(
                    "the private PostgreSQL ended by itself ({status}); its log is postgres.log in the state directory"
                );
            }
            tokio::task::block_in_place(|| postgres.stop())?;
        }
    }
    watch.abort();
    info!("stopped");
    drop(ops);
    Ok(())
}

/// A value that was meant to count is not there, and the start says nothing else of it.
fn warn_of_strangers() {
    for Stranger { name, meant } in strangers(environment()) {
        let meant = meant.join(" or ");
        warn!(
            variable = name,
            meant, "a variable looks like an option and is none; it is not read"
        );
    }
}

async fn start_ops(options: &ServeOptions) -> anyhow::Result<Ops> {
    let (address, guard) = (options.seeing.ops_listen, &options.guard);
    let listener = bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} (--ops-listen)"))?;
    let has_page = options.seeing.ops_page;
    // More reach the ops port than the other: to show records to all of them must be said by name.
    let is_open = !address.ip().is_loopback()
        && guard.insecure_plaintext
        && (guard.has_authentication() || guard.insecure_no_authentication);
    if has_page && is_open && !guard.has_authentication() {
        warn!(%address, "whoever reaches the ops port reads every record");
    }
    let look = has_page.then(|| Look::new(is_open));
    let ops = Ops::start(listener, look)?;
    info!(address = %ops.address(), "metrics and probes are served");
    Ok(ops)
}

/// Every connection is a file. The soft limit protects programs that cannot handle many, the hard one is
/// meant.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        warn!(%error, "the limit of open files stays at {:?}", limit.current);
    }
}

fn start_postgres(options: &ServeOptions) -> anyhow::Result<PrivatePostgres> {
    let settings = embedded::Options {
        state_dir: options.state_dir.clone(),
        ephemeral: options.ephemeral,
        postgres_bin_dir: options.postgres_bin_dir.clone(),
    };
    let postgres = tokio::task::block_in_place(|| PrivatePostgres::start(&settings))
        .context("the private PostgreSQL did not start")?;
    let (process_id, is_fresh) = (postgres.process_id(), postgres.is_fresh());
    info!(process_id, is_fresh, "a private PostgreSQL is running");
    Ok(postgres)
}

async fn open(options: &ServeOptions, postgres: Option<&PrivatePostgres>) -> anyhow::Result<Db> {
    let url = match (&options.database_url, postgres) {
        (Some(url), _) => url.clone(),
        (None, Some(postgres)) => postgres.database_url(),
        (None, None) => bail!("there is no database"),
    };
    let db = Db::connect(&options.settings(url))
        .await
        .context("the database cannot be used")?;
    // A database of one's own follows the release; a shared one is migrated by who looks after it.
    if postgres.is_some() {
        migrate(&db, &TABLES)
            .await
            .context("the migration failed")?;
    }
    check(&db).await?;
    check_tip(&db).await?;
    if options.database_pooler == Pooler::None && db.is_pooled().await? {
        warn!(
            "the database is reached through a pooler: unless it keeps prepared statements, calls will \
             fail; give --database-pooler transaction"
        );
    }
    Ok(db)
}

/// Seeds go only where nothing was ever written.
async fn load_seeds(bulletin: &Bulletin) -> anyhow::Result<()> {
    let context = bulletin.context();
    if versions::head(&context.db).await?.snapshot.token.revision > 0 {
        return Ok(());
    }
    let token = seed::load(&context.committer, seed::parse(seed::PAGE)?).await?;
    info!(%token, "the seed page was loaded");
    Ok(())
}

/// On standard output, for whoever started it by hand or waits for it in a script.
fn announce(address: SocketAddr, ops: SocketAddr, options: &ServeOptions) {
    let guard = &options.guard;
    info!(%address, "serving");
    println!("serving on {address}; try:");
    let (address, ops) = (reached(address), reached(ops));
    let mut grpcurl = match guard.has_tls() {
        true => "grpcurl -cacert CA_FILE".to_owned(),
        false => "grpcurl -plaintext".to_owned(),
    };
    if guard.tls_client_ca.is_some() && (guard.tls_client_required || guard.jwks.is_none()) {
        grpcurl.push_str(" -cert FILE -key FILE");
    }
    if guard.jwks.is_some() {
        grpcurl.push_str(" -H \"authorization: Bearer $TOKEN\"");
    }
    for call in [
        format!("{address} list"),
        format!("{address} bulletin.v1.ArticleService/ListArticles"),
        format!(
            "-d '{{\"parent\": \"articles/-\", \"page_size\": 3}}' {address} \
             bulletin.v1.StatisticService/ListStatistics"
        ),
    ] {
        println!("  {grpcurl} {call}");
    }
    println!("metrics and probes on http://{ops}");
    if options.seeing.ops_page {
        println!("for a browser: http://{ops}{}", look::PATH);
    }
}

/// The address by which this machine reaches itself: nobody calls 0.0.0.0.
fn reached(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// Resolves when the private Postgres has ended without being asked to.
async fn death(postgres: &PrivatePostgres) -> anyhow::Result<ExitStatus> {
    loop {
        if let Some(status) = postgres.exited()? {
            return Ok(status);
        }
        tokio::time::sleep(WATCH_INTERVAL).await;
    }
}

/// Asks for a stop at the first SIGTERM or SIGINT; the second ends the process where it is.
async fn stop_signal(stop: tokio::sync::oneshot::Sender<()>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut stop = Some(stop);
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        match stop.take() {
            Some(stop) => drop(stop.send(())),
            None => {
                warn!("a second signal: exiting at once");
                std::process::exit(1);
            }
        }
    }
}
