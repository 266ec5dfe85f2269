//! The metrics by their names: all is read when somebody asks, and nothing is kept twice.
//! `docs/metrics.md` lists them.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::registry::Registry;
use tokio::runtime::Handle;

use crate::db::{Db, Server};
use crate::ops::format::{Page, US_PER_S};
use crate::ops::health::{Health, Watched};
use crate::ops::process::Process;
use crate::seeing::calls::CODE_NAMES;
use crate::tally::Found;

/// Everything that is measured.
#[derive(Debug)]
pub struct Metrics(Registry);

impl Metrics {
    pub fn of(health: Health) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(OfProcess));
        let ours = registry.sub_registry_with_prefix("bulletin");
        ours.register_collector(Box::new(OfService(health)));
        Self(registry)
    }

    /// As OpenMetrics text.
    pub fn page(&self) -> Result<String, fmt::Error> {
        let mut page = String::new();
        text::encode(&mut page, &self.0)?;
        Ok(page)
    }
}

/// By the names that every Prometheus client gives them.
#[derive(Debug)]
struct OfProcess;

impl Collector for OfProcess {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(process) = Process::read() else {
            return Ok(());
        };
        let mut page = Page(encoder);
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        page.seconds_counter("process_cpu_seconds", "Processor time used.", process.cpu_s)?;
        page.float_gauge(
            "process_start_time_seconds",
            "When it started, since 1970.",
            process.start_s,
        )?;
        let resident = count(process.resident_bytes);
        page.gauge("process_resident_memory_bytes", "Memory in use.", resident)?;
        page.gauge(
            "process_open_fds",
            "Open files and sockets.",
            count(process.open_fds),
        )?;
        page.gauge(
            "process_max_fds",
            "Most that may be open.",
            count(process.max_fds),
        )?;
        page.gauge("process_threads", "Threads.", count(process.threads))
    }
}

#[derive(Debug)]
struct OfService(Health);

impl Collector for OfService {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        let labels = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("commit", env!("BULLETIN_COMMIT")),
        ];
        page.info("build", "What was built.", labels)?;
        page.gauge(
            "ready",
            "1 while calls should be sent here.",
            i64::from(self.0.is_ready().is_ok()),
        )?;
        // Nobody asks outside a runtime but tests of the page's form.
        if let Ok(runtime) = Handle::try_current() {
            let tasks = runtime.metrics().num_alive_tasks();
            page.gauge("runtime_tasks", "Tasks that have not ended.", count(tasks))?;
        }
        let Some(watched) = self.0.watched() else {
            return Ok(());
        };
        calls(&mut page, watched)?;
        admission(&mut page, watched)?;
        certificate(&mut page, watched)?;
        database(&mut page, watched)?;
        replicas(&mut page, &watched.db)?;
        log(&mut page, watched)?;
        cache(&mut page, &watched.db)?;
        commits(&mut page, watched)
    }
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn calls(page: &mut Page<'_>, watched: &Watched) -> fmt::Result {
    let all = watched.seeing.calls().all();
    // A method that nobody has called has no lines but of defects: one that begins with its first would be no rise.
    const DEFECTS: [&str; 3] = ["INTERNAL", "UNKNOWN", "DATA_LOSS"];
    let called = || {
        all.iter().filter(|calls| {
            calls.in_flight.value() != 0 || calls.ended.iter().any(|ended| ended.value() > 0)
        })
    };
    let ended = all.iter().flat_map(|calls| {
        let codes = CODE_NAMES.iter().zip(&calls.ended);
        let codes = codes.filter(|(code, ended)| ended.value() > 0 || DEFECTS.contains(code));
        codes.map(|(code, ended)| {
            let labels = [
                ("service", calls.method.service),
                ("method", calls.method.name),
                ("code", code),
            ];
            (labels, ended.value())
        })
    });
    page.counters(
        "calls",
        "Calls that ended, streams too, by their code.",
        ended,
    )?;
    let in_flight = called().map(|calls| {
        let labels = [
            ("service", calls.method.service),
            ("method", calls.method.name),
        ];
        (labels, calls.in_flight.value())
    });
    page.gauges("calls_in_flight", "Calls that have not ended.", in_flight)?;
    let durations = called().map(|calls| {
        let labels = [
            ("service", calls.method.service),
            ("method", calls.method.name),
        ];
        (labels, calls.durations_us.found())
    });
    let help = "From a call's headers to its last trailer; of a stream, its whole life.";
    page.histograms("call_duration_seconds", help, durations, US_PER_S)
}

fn admission(page: &mut Page<'_>, watched: &Watched) -> fmt::Result {
    let (admission, limits) = (&watched.admission, watched.admission.limits());
    let (held, queued) = admission.places().counts();
    let kinds = [
        ("call", held, limits.calls_max),
        ("queued", queued, limits.queued_max),
        ("watch", admission.watches(), limits.watches_max),
        ("transfer", admission.transfers(), limits.transfers_max),
    ];
    let places = kinds.map(|(kind, held, _)| ([("kind", kind)], count(held)));
    page.gauges("admitted", "Calls that are let in, or wait to be.", places)?;
    let limits = kinds.map(|(kind, _, limit)| ([("kind", kind)], count(limit)));
    page.gauges("admitted_max", "The most that are.", limits)?;
    let refused = admission.refused();
    let reasons = [
        ("queue_full", &refused.queue_full),
        ("queue_timeout", &refused.queue_timeout),
        ("watches", &refused.watches),
        ("transfers", &refused.transfers),
    ];
    let reasons = reasons.map(|(reason, count)| ([("reason", reason)], count.value()));
    page.counters("refused_calls", "Calls answered OVERLOADED.", reasons)
}

/// Of the chain that new connections are shown, until its first certificate ends.
fn certificate(page: &mut Page<'_>, watched: &Watched) -> fmt::Result {
    let tls = watched.tls.as_ref();
    let Some(end) = tls.and_then(|tls| tls.current().value.good_until) else {
        return Ok(());
    };
    page.gauge(
        "tls_certificate_expiry_timestamp_seconds",
        "When the service's certificate ends, in seconds of 1970.",
        end.unix_timestamp(),
    )
}

fn database(page: &mut Page<'_>, watched: &Watched) -> fmt::Result {
    let db = &watched.db;
    let is_reachable = i64::from(watched.has_primary());
    page.gauge(
        "database_primary_reachable",
        "1 while the primary answers polls.",
        is_reachable,
    )?;
    let pools = || {
        let primary = [("primary", db.primary()), ("bulk", db.bulk())];
        primary.into_iter()
    };
    let connections = pools().flat_map(|(pool, server)| {
        let usage = server.usage();
        let in_use = usage.open.saturating_sub(usage.idle);
        [("idle", usage.idle), ("in_use", in_use)]
            .map(|(state, number)| ([("pool", pool), ("state", state)], count(number)))
    });
    page.gauges(
        "database_connections",
        "Connections that are open.",
        connections,
    )?;
    let max = pools().map(|(pool, server)| ([("pool", pool)], count(server.usage().max)));
    page.gauges(
        "database_connections_max",
        "The most that may be open.",
        max,
    )?;
    let waiting = pools().map(|(pool, server)| ([("pool", pool)], count(server.usage().waiting)));
    page.gauges(
        "database_acquires_waiting",
        "Calls that wait for a connection.",
        waiting,
    )?;
    let waits = |server: &Server| -> Found { server.counts().wait_us.found() };
    let waits = pools().map(|(pool, server)| ([("pool", pool)], waits(server)));
    let help = "Waits for a connection that was not at hand.";
    page.histograms("database_acquire_seconds", help, waits, US_PER_S)?;
    let timeouts =
        pools().map(|(pool, server)| ([("pool", pool)], server.counts().timeouts.value()));
    page.counters(
        "database_acquire_timeouts",
        "Waits that were in vain.",
        timeouts,
    )
}

/// By their place in the setting: their addresses are nobody's business here.
fn replicas(page: &mut Page<'_>, db: &Db) -> fmt::Result {
    let all = db.replicas().all();
    let places: Vec<String> = (0..all.len()).map(|place| place.to_string()).collect();
    let each = || places.iter().map(String::as_str).zip(all);
    let held_out =
        each().map(|(place, replica)| ([("replica", place)], i64::from(replica.is_left_alone())));
    let help = "1 while a standby that failed is left alone.";
    page.gauges("database_replica_held_out", help, held_out)?;
    let behind = each().map(|(place, replica)| ([("replica", place)], replica.behind()));
    let help = "Revisions that a standby lacked when it last answered.";
    page.gauges("database_replica_behind_revisions", help, behind)
}

fn log(page: &mut Page<'_>, watched: &Watched) -> fmt::Result {
    if let Some(history) = watched.db.history() {
        let newest = history.applied().token.revision;
        page.gauge("revision", "The newest revision seen.", newest)?;
        let help = "How long ago the last poll that succeeded began.";
        page.float_gauge("tail_poll_age_seconds", help, history.age().as_secs_f64())?;
        let help = "Revisions that the last poll told of and that are not taken yet.";
        page.gauge("tail_behind_revisions", help, history.behind())?;
    }
    let (watchers, bytes) = (watched.feed.watchers(), watched.feed.kept_bytes());
    page.gauge("watchers", "Watches that follow.", count(watchers))?;
    page.gauge(
        "watch_buffer_bytes",
        "Newest changes kept for them.",
        count(bytes),
    )
}

fn cache(page: &mut Page<'_>, db: &Db) -> fmt::Result {
    let Some(history) = db.history() else {
        return Ok(());
    };
    let (size, counts) = (history.cache().size(), history.cache().counts());
    let entries = [("record", size.records), ("page", size.pages)];
    let entries = entries.map(|(kind, number)| ([("kind", kind)], count(number)));
    page.gauges("cache_entries", "What is kept in memory.", entries)?;
    let bytes = i64::try_from(size.bytes).unwrap_or(i64::MAX);
    page.gauge("cache_bytes", "What all of it takes.", bytes)?;
    let kinds = [("record", &counts.record_hits), ("page", &counts.page_hits)];
    let hits = kinds.map(|(kind, count)| ([("kind", kind)], count.value()));
    page.counters("cache_hits", "Found in memory.", hits)?;
    let kinds = [
        ("record", &counts.record_misses),
        ("page", &counts.page_misses),
    ];
    let misses = kinds.map(|(kind, count)| ([("kind", kind)], count.value()));
    page.counters("cache_misses", "Looked for in memory in vain.", misses)?;
    let evictions = counts.evictions.value();
    page.counter(
        "cache_evictions",
        "Given up for something newer.",
        evictions,
    )
}

fn commits(page: &mut Page<'_>, watched: &Watched) -> fmt::Result {
    let commits = &watched.commits;
    page.gauge(
        "writes_waiting",
        "Writes that are not answered yet.",
        commits.waiting.value(),
    )?;
    let writes = commits.group_writes.found();
    page.histogram("commit_group_writes", "Writes of a group.", &writes, 1.0)?;
    let durations = commits.group_us.found();
    let help = "From a group's begin to its end, other tries included.";
    page.histogram("commit_group_duration_seconds", help, &durations, US_PER_S)?;
    let retries = commits.retries.value();
    page.counter(
        "commit_retries",
        "Groups tried again: the database was lost.",
        retries,
    )?;
    let unknown = commits.unknown.value();
    page.counter(
        "commit_outcomes_unknown",
        "Writes that may or may not have happened.",
        unknown,
    )
}
