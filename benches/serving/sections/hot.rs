//! A record that is read all the time while it is written a hundred times a second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bulletin::pb::article_service_client::ArticleServiceClient;
use bulletin::pb::{Article, Publication, UpdateArticleRequest};
use prost::Message as _;
use prost::bytes::Bytes;
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tonic::transport::Channel;

use super::copy::on_copy;
use super::{IN_FLIGHT, Stage};
use crate::drive::closed::{self, Check, Closed};
use crate::drive::{Outcome, Target};
use crate::findings::{Findings, Row, median};
use crate::prepare::Prepared;
use crate::rounds::Round;
use crate::servers::{self, Cache, Server};

const WRITE_INTERVAL: Duration = Duration::from_millis(10);
/// How old a read may be when nothing else is asked for.
const STALE_MAX: Duration = Duration::from_millis(100);
/// Of so many reads one is of the hot record.
const HOT_SHARE: usize = 4;

pub async fn run(stage: &Stage<'_>, findings: &mut Findings) -> Result<()> {
    check_that_an_old_read_is_found()?;
    on_copy(stage.database, "serving_hot", async |url| {
        measure(stage, url, findings).await
    })
    .await
}

async fn measure(stage: &Stage<'_>, url: &str, findings: &mut Findings) -> Result<()> {
    let service = servers::service(url, &stage.database.directory, Cache::AsShipped)?;
    let service = stage.reach(service).await?;
    let mut connection = PgConnection::connect(url).await?;
    let drafts =
        "select name from articles where state = 'DRAFT' and not is_deleted order by name limit 1";
    let hot: String = sqlx::query_scalar(drafts)
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    let prepared = stage.gets(&service).await?;
    let (target, first_hot) = with_hot(&service, &prepared, &hot)?;
    let watch = Arc::new(Watched::default());
    let check = watched(&target, first_hot, Arc::clone(&watch));
    let mut quiet = Vec::new();
    let mut busy = Vec::new();
    let mut writes = 0;
    for number in 0..stage.options.rounds() {
        let load = Closed {
            in_flight: IN_FLIGHT,
            time: stage.options.round(),
            seed: number as u64,
        };
        eprintln!("hot record, round {}", number + 1);
        quiet.push(read(&service, &target, &load, &check).await?);
        let (written, figures) = tokio::join!(
            write(&service.channels[0], &hot, load.time, &watch),
            read(&service, &target, &load, &check)
        );
        writes += written?;
        busy.push(figures?);
    }
    let time = stage.options.round() * u32::try_from(stage.options.rounds())?;
    let rate = f64::from(writes) / time.as_secs_f64();
    tell(&quiet, &busy, rate, &watch, findings);
    Ok(())
}

fn tell(quiet: &[Round], busy: &[Round], rate: f64, watch: &Watched, findings: &mut Findings) {
    for (side, rounds) in [("quiet", quiet), ("written 100 times a second", busy)] {
        findings.rows.push(Row {
            case: "get, one in four of a hot record".to_owned(),
            side: side.to_owned(),
            load: IN_FLIGHT.to_string(),
            figures: Round::median(rounds),
            ratios: None,
        });
    }
    let p99 = |rounds: &[Round]| median(rounds.iter().map(|round| round.p99_ms).collect());
    let growth = p99(busy) / p99(quiet);
    findings.hold_at_most("hot record: read p99 of quiet", growth, 2.0);
    let seen = watch.seen.lock().unwrap_or_else(PoisonError::into_inner);
    let what = "hot record: no read older than 100 ms";
    let figures = format!(
        "{} of {} reads of it too old, the oldest {:.0} ms; {rate:.0} writes/s",
        seen.too_old,
        seen.reads,
        seen.oldest.as_secs_f64() * 1e3
    );
    findings.hold(what, seen.too_old == 0 && seen.reads > 0, figures);
}

/// What was acknowledged when, and what reads showed.
#[derive(Default)]
struct Watched {
    /// The newest revision that was acknowledged up to a time.
    acknowledged: Mutex<Vec<(Instant, i64)>>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    reads: u64,
    too_old: u64,
    oldest: Duration,
}

impl Watched {
    fn acknowledge(&self, revision: i64) {
        let mut acknowledged = self
            .acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let newest = acknowledged.last().map_or(0, |(_, newest)| *newest);
        acknowledged.push((Instant::now(), newest.max(revision)));
    }

    /// A read that began at this time showed this revision.
    fn read(&self, began: Instant, revision: i64) {
        let acknowledged = self
            .acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let superseded = acknowledged.partition_point(|(_, newest)| *newest <= revision);
        let age = acknowledged
            .get(superseded)
            .map(|(at, _)| began.saturating_duration_since(*at));
        let age = age.unwrap_or_default();
        drop(acknowledged);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.reads += 1;
        seen.oldest = seen.oldest.max(age);
        seen.too_old += u64::from(age > STALE_MAX);
    }
}

/// A bound that no read could break would prove nothing.
fn check_that_an_old_read_is_found() -> Result<()> {
    let watch = Watched::default();
    watch.acknowledge(2);
    watch.read(Instant::now() + STALE_MAX * 2, 1);
    let seen = watch.seen.lock().unwrap_or_else(PoisonError::into_inner);
    ensure!(seen.too_old == 1, "a read that is too old was not found");
    Ok(())
}

/// The requests with as many for the hot record as make its share.
fn with_hot(service: &Server, prepared: &Prepared, hot: &str) -> Result<(Target, usize)> {
    let mut prepared = prepared.clone();
    prepared.exchanges.retain(|exchange| exchange.key != hot);
    let first_hot = prepared.exchanges.len();
    let mut exchange = prepared
        .exchanges
        .first()
        .context("nothing to read")?
        .clone();
    exchange.key = hot.to_owned();
    exchange.request = crate::calls::get(hot);
    let count = first_hot / (HOT_SHARE - 1);
    prepared
        .exchanges
        .extend(std::iter::repeat_n(exchange, count));
    let target = Target {
        channels: Arc::clone(&service.channels),
        prepared: Arc::new(prepared),
    };
    Ok((target, first_hot))
}

fn watched(target: &Target, first_hot: usize, watch: Arc<Watched>) -> Check {
    let prepared = Arc::clone(&target.prepared);
    let hot = prepared
        .exchanges
        .last()
        .map(|exchange| exchange.key.clone());
    Arc::new(move |which, began, reply: &Bytes| {
        if which < first_hot {
            return Ok(prepared.exchanges[which].expected.check(reply)?);
        }
        let article = Article::decode(reply.as_ref())?;
        ensure!(
            Some(&article.name) == hot.as_ref(),
            "another article is answered"
        );
        watch.read(began, article.revision);
        Ok(())
    })
}

async fn read(service: &Server, target: &Target, load: &Closed, check: &Check) -> Result<Round> {
    let before = service.gauge.read()?;
    let outcome: Outcome = closed::run(target, load, check).await?;
    let used = service.gauge.read()?.since(before);
    Round::of(&outcome, used, &service.gauge)
}

/// Writes at its rate whether those before were answered or not; returns how many were.
async fn write(channel: &Channel, hot: &str, time: Duration, watch: &Arc<Watched>) -> Result<u32> {
    let started = Instant::now();
    let mut ticks = interval(WRITE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut writes = JoinSet::new();
    let mut number = 0;
    while started.elapsed() < time {
        ticks.tick().await;
        number += 1;
        let (mut client, watch) = (
            ArticleServiceClient::new(channel.clone()),
            Arc::clone(watch),
        );
        let request = update(hot, number);
        writes.spawn(async move {
            let written = client.update_article(request).await?;
            watch.acknowledge(written.into_inner().revision);
            Ok::<_, tonic::Status>(())
        });
    }
    let mut count = 0;
    while let Some(written) = writes.join_next().await {
        written?.context("a write of the hot record failed")?;
        count += 1;
    }
    Ok(count)
}

/// A change that every write makes, since one that changes nothing makes no revision.
pub fn update(hot: &str, number: u32) -> UpdateArticleRequest {
    let nanos = std::time::UNIX_EPOCH
        .elapsed()
        .unwrap_or_default()
        .subsec_nanos();
    UpdateArticleRequest {
        article: Some(Article {
            name: hot.to_owned(),
            publication: Some(Publication {
                section: format!("{number}-{nanos}"),
                ..Publication::default()
            }),
            ..Article::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["publication.section".to_owned()],
        }),
        ..UpdateArticleRequest::default()
    }
}
