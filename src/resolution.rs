//! Names as printed, resolved to stations: what the registry and the article say, ranked.

use std::collections::BTreeSet;

use crate::articles::store::get as get_article;
use crate::context::Context;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::names::{ArticleName, Kind};
use crate::pb::{Article, Mention, ResolveStationsRequest, ResolveStationsResponse, Station, View};
use crate::reading::Snapshot;
use crate::reading::snapshot;
use crate::record::decode;
use crate::route::Freshness;
use crate::rules::Check;
use crate::sight::Sight;
use crate::stations::resolve::{Around, pointed_kind, resolve, sought, sought_near};
use crate::stations::store::{self, Sought};
use crate::token::Token;
use crate::visibility::is_shown;

const TEXTS_MAX: usize = 100;
const TEXT_LENGTH_MAX: usize = 200;
const CONTEXT_LENGTH_MAX: usize = 10_000;
const CANDIDATES_DEFAULT: usize = 5;
const CANDIDATES_MAX: i32 = 50;

pub async fn resolve_stations(
    context: &Context,
    request: &ResolveStationsRequest,
    sight: Sight,
    freshness: &Freshness,
) -> Result<(ResolveStationsResponse, Snapshot)> {
    let count_max = check(request)?;
    let (mentions, snapshot) = mentions(context, &request.article, sight, freshness).await?;
    // What is read next is at least as new as what the token says.
    let next = Freshness::after(&snapshot, freshness.deadline);
    let around = Around {
        context: &request.context,
        mentions: &mentions,
    };
    let (found, found_at) = found(context, request, &mentions, sight, &next).await?;
    let parents = found.iter().map(|station| station.parent.as_str());
    let (parents, parents_at) = named(&context.db, parents, sight, &next).await?;
    // At least as new as every record that is answered.
    let snapshot = Snapshot {
        token: newest(newest(snapshot.token, Some(found_at)), parents_at),
        ..snapshot
    };
    let resolutions = request
        .texts
        .iter()
        .map(|text| resolve(text, &found, &parents, around, count_max))
        .collect();
    let response = ResolveStationsResponse {
        resolutions,
        token: snapshot.token.to_string(),
    };
    Ok((response, snapshot))
}

pub fn check(request: &ResolveStationsRequest) -> Result<usize> {
    let mut check = Check::default();
    if request.texts.is_empty() {
        check.refuse(
            "texts",
            format!("must have 1 to {TEXTS_MAX} items, got none"),
        );
    }
    check.lines("texts", &request.texts, TEXTS_MAX, TEXT_LENGTH_MAX);
    check.page_text("context", &request.context, CONTEXT_LENGTH_MAX);
    let asked = request.candidate_count_max;
    if !(0..=CANDIDATES_MAX).contains(&asked) {
        let allowed = format!("must be 0 to {CANDIDATES_MAX}, got {asked}");
        check.refuse("candidate_count_max", allowed);
    }
    if !request.article.is_empty() {
        check.take(ArticleName::parse("article", &request.article));
    }
    check.finish()?;
    Ok(match usize::try_from(asked) {
        Ok(0) | Err(_) => CANDIDATES_DEFAULT,
        Ok(count) => count,
    })
}

/// The units that the article names, when there is one, and the snapshot.
async fn mentions(
    context: &Context,
    article: &str,
    sight: Sight,
    freshness: &Freshness,
) -> Result<(Vec<Mention>, Snapshot)> {
    if article.is_empty() {
        let snapshot = snapshot(&context.db, freshness).await?;
        return Ok((Vec::new(), snapshot));
    }
    let name = ArticleName::parse("article", article)?;
    let read = get_article(&context.db, &name, View::Full, sight, freshness).await?;
    let record = read.value.ok_or_else(|| Error::missing(article))?;
    Ok((decode::<Article>(&record)?.mentions, read.snapshot))
}

/// Every station that any of the texts may name.
async fn found(
    context: &Context,
    request: &ResolveStationsRequest,
    mentions: &[Mention],
    sight: Sight,
    freshness: &Freshness,
) -> Result<(Vec<Station>, Token)> {
    let names: BTreeSet<String> = request.texts.iter().flat_map(|text| sought(text)).collect();
    let names: Vec<String> = names.into_iter().collect();
    let near_forms: BTreeSet<String> = request
        .texts
        .iter()
        .flat_map(|text| sought_near(text))
        .collect();
    let near_forms: Vec<String> = near_forms.into_iter().collect();
    let kinds: BTreeSet<&str> = request
        .texts
        .iter()
        .filter_map(|text| pointed_kind(text))
        .map(|kind| kind.as_str_name())
        .collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let sought = Sought {
        names: &names,
        near_forms: &near_forms,
        kinds: &kinds,
        context: &request.context,
    };
    let read = store::candidates(&context.db, sought, sight, freshness).await?;
    let mut found: Vec<Station> = read
        .value
        .iter()
        .map(|record| decode(record))
        .collect::<Result<_>>()?;
    let meant = mentions
        .iter()
        .filter(|mention| request.texts.contains(&mention.surface));
    let meant = meant.map(|mention| mention.station.as_str());
    let (meant, meant_at) = named(&context.db, meant, sight, freshness).await?;
    for station in meant {
        if !found.contains(&station) {
            found.push(station);
        }
    }
    Ok((found, newest(read.snapshot.token, meant_at)))
}

fn newest(one: Token, other: Option<Token>) -> Token {
    let newer = other.filter(|other| other.revision > one.revision);
    newer.unwrap_or(one)
}

/// Stations by name, as far as they are shown, and as of when; each is there, since something names it.
pub async fn named<'a>(
    db: &Db,
    names: impl Iterator<Item = &'a str>,
    sight: Sight,
    freshness: &Freshness,
) -> Result<(Vec<Station>, Option<Token>)> {
    let names: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Ok((Vec::new(), None));
    }
    let names: Vec<&str> = names.into_iter().collect();
    let read = store::batch_get(db, &names, Sight::All, freshness).await?;
    let shown = read.value.iter();
    let shown = shown.filter(|record| is_shown(sight, Kind::Station, record));
    let stations: Result<_> = shown.map(|record| decode(record)).collect();
    Ok((stations?, Some(read.snapshot.token)))
}
