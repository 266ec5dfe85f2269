//! One page: read, matched, written.

use std::time::Instant;

use prost::Message as _;
use tracing::{info, warn};

use crate::articles::draft::check_publication;
use crate::context::Context;
use crate::error::{Error, Reason, Result};
use crate::extract::records::Records;
use crate::extract::{Extract, extract, publication};
use crate::ingest::known::kept;
use crate::ingest::registry::match_stations;
use crate::ingest::write::WritePage;
use crate::page::Page;
use crate::pb::article::State;
use crate::pb::ingest_bulletin_response::Warning;
use crate::pb::ingest_bulletin_response::warning::Code;
use crate::pb::record::Record as AnyRecord;
use crate::pb::{IngestBulletinRequest, IngestBulletinResponse, Publication, Record, SourceText};
use crate::reading::Snapshot;
use crate::route::{Bound, Freshness};
use crate::rules::Check;
use crate::transfer::chunk::Chunk;
use crate::transfer::order::References;

/// How often a page is matched anew because others wrote what it was matched with.
const ATTEMPTS_MAX: usize = 5;

/// Reads a page and writes what it says, unless it is known already or says nothing.
pub async fn ingest(
    context: &Context,
    request: IngestBulletinRequest,
    actor: &str,
) -> Result<(IngestBulletinResponse, Snapshot)> {
    let start = Instant::now();
    check(&request)?;
    let freshness = Freshness::of(Bound::Primary);
    let mut page = Page::new(&request.text);
    let mut attempt = 1;
    loop {
        let (known, snapshot) = kept(&context.db, page.sha256(), &freshness).await?;
        if !known.articles.is_empty() {
            return Ok((known, snapshot));
        }
        let mut extract;
        (page, extract) = read(page).await?;
        if extract.articles.is_empty() {
            let unread = IngestBulletinResponse {
                warnings: extract.warnings,
                ..known
            };
            return Ok((unread, snapshot));
        }
        for records in &mut extract.articles {
            finish(records, request.publication.as_ref(), request.publish);
        }
        match write(context, &page, extract, actor, request.validate_only).await {
            Ok((response, snapshot)) => {
                tell(&page, &response, start);
                return Ok((response, snapshot));
            }
            // Another call wrote the page, or a station it names, or deleted one. That is rare: the page
            // is read once more rather than kept for it.
            Err(error) if is_overtaken(&error) && attempt < ATTEMPTS_MAX => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

fn tell(page: &Page, response: &IngestBulletinResponse, start: Instant) {
    info!(
        page.sha256 = page.sha256(),
        articles = response.articles.len(),
        statistics = response.statistics.len(),
        stations = response.stations.len(),
        warnings = response.warnings.len(),
        created = response.created,
        duration_ms = start.elapsed().as_millis(),
        "read page {}",
        &page.sha256()[..10]
    );
}

fn check(request: &IngestBulletinRequest) -> Result<()> {
    let mut check = Check::default();
    check.source_text("text", &request.text);
    if let Some(publication) = &request.publication {
        check_publication(&mut check, "publication", publication);
    }
    if check.is_clean() && request.text.trim().is_empty() {
        check.refuse("text", "must have text, got none");
    }
    check.finish()
}

/// Reads the page beside the tasks that serve calls: a long one takes a while.
async fn read(page: Page) -> Result<(Page, Extract)> {
    let read = move || {
        let read = extract(&page);
        (page, read)
    };
    let read = tokio::task::spawn_blocking(read);
    read.await.map_err(Error::internal)
}

/// What the caller says of the page.
fn finish(records: &mut Records, given: Option<&Publication>, publish: bool) {
    let state = match publish {
        true => State::Published,
        false => State::Draft,
    };
    let article = &mut records.article;
    article.publication = publication(given.cloned(), article.publication.as_ref());
    article.set_state(state);
    for statistic in &mut records.statistics {
        statistic.set_state(state);
    }
}

async fn write(
    context: &Context,
    page: &Page,
    mut read: Extract,
    actor: &str,
    validate_only: bool,
) -> Result<(IngestBulletinResponse, Snapshot)> {
    let mut warnings = std::mem::take(&mut read.warnings);
    warnings.extend(match_stations(&context.db, &mut read).await?);
    let mut chunk = Chunk::of_new(listed(page, read));
    chunk.prepare(&context.db).await?;
    warnings.extend(refused(&mut chunk)?);
    let committed = context
        .committer
        .submit(WritePage { chunk }, actor, validate_only)
        .await?;
    let answer = IngestBulletinResponse::decode(committed.answer.as_slice());
    let mut response = answer.map_err(Error::internal)?;
    response
        .statistics
        .sort_by(|left, right| left.name.cmp(&right.name));
    response.warnings = warnings;
    response.created = !validate_only;
    response.token = committed.token.to_string();
    Ok((response, committed.token.into()))
}

/// The records in an order in which each finds what it refers to.
fn listed(page: &Page, read: Extract) -> Vec<Record> {
    let source = AnyRecord::Source(SourceText {
        sha256: page.sha256().to_owned(),
        text: page.text().to_string(),
    });
    let stations = read.stations.into_iter().map(AnyRecord::Station);
    let articles = read.articles.into_iter().flat_map(|records| {
        let statistics = records.statistics.into_iter().map(AnyRecord::Statistic);
        std::iter::once(AnyRecord::Article(records.article)).chain(statistics)
    });
    let mut references = References::default();
    let mut listed = Vec::new();
    for record in std::iter::once(source).chain(stations).chain(articles) {
        listed.extend(references.push(Record {
            record: Some(record),
        }));
    }
    listed.extend(references.finish());
    listed
}

/// Takes numbers out that no statistic can be made of, with what they qualify; anything else that
/// cannot be written is a defect of the reading, or too long.
fn refused(chunk: &mut Chunk) -> Result<Vec<Warning>> {
    let mut warnings = Vec::new();
    let mut gone: Vec<String> = Vec::new();
    let mut fault = None;
    chunk.items.retain(|item| {
        let refused = item
            .proof
            .as_ref()
            .and_then(|proof| proof.outcome.as_ref().err());
        match (&item.given, refused) {
            (Some(AnyRecord::Statistic(statistic)), refused)
                if refused.is_some() || gone.contains(&statistic.parent_statistic) =>
            {
                warn!(statistic.name = item.name, ?refused, "left a number out");
                gone.push(item.name.clone());
                warnings.push(Warning {
                    code: Code::NumberUnread.into(),
                    message: "a number that was not understood, left out".to_owned(),
                    span: statistic.span.clone(),
                    candidates: Vec::new(),
                });
                false
            }
            (_, Some(violations)) => {
                fault.get_or_insert_with(|| (item.name.clone(), violations.clone()));
                true
            }
            _ => true,
        }
    });
    match fault {
        None => Ok(warnings),
        Some((name, violations)) => {
            warn!(
                record.name = name,
                ?violations,
                "a page made a record that cannot be written"
            );
            let shown = violations
                .first()
                .map_or("", |first| first.description.as_str());
            let description = format!("makes a record that cannot be written: {name:?} {shown}");
            Err(Error::invalid("text", description))
        }
    }
}

/// Whether a write failed because of what was written meanwhile.
fn is_overtaken(error: &Error) -> bool {
    match error {
        Error::Exists { .. } => true,
        Error::Invalid(violations) => violations
            .iter()
            .all(|violation| violation.reason == Reason::ReferenceMissing),
        _ => false,
    }
}
