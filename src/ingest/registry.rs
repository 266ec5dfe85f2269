//! Asks the registry for a page's units, and settles what they are called.

use std::collections::{BTreeSet, HashMap};

use crate::changes::needed::peek;
use crate::changes::view::{Needs, View};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::extract::Extract;
use crate::ingest::matching::{Match, NUMBERS_MAX, free_name, matches, numbered, other_names};
use crate::ingest::renaming::{rename, rename_article, rename_each};
use crate::pb::ingest_bulletin_response::Warning;
use crate::pb::ingest_bulletin_response::warning::Code;
use crate::pb::{Mention, Station};
use crate::record::decode;
use crate::resolution::named;
use crate::route::{Bound, Freshness};
use crate::sight::Sight;
use crate::stations::names;
use crate::stations::resolve::{Around, resolve, sought, sought_near};
use crate::stations::store::{self, Sought};

/// Most stations that are asked for at once by name.
const NAMED_MAX: usize = 500;

/// Most stations that a warning lists.
const CANDIDATES_MAX: usize = 5;

/// Names the page's units as the registry does; of those it does not have, leaves what is to be
/// proposed.
pub async fn match_stations(db: &Db, read: &mut Extract) -> Result<Vec<Warning>> {
    if read.stations.is_empty() {
        return Ok(Vec::new());
    }
    // Names first: a unit that another page is writing has either not taken its name yet, which the
    // write will find, or it is found among the stations, which are read after that.
    let taken = taken(db, &read.stations).await?;
    let found = found(db, &read.stations, &taken).await?;
    let parents = found.iter().map(|station| station.parent.as_str());
    let (above, _) = named(db, parents, Sight::All, &Freshness::of(Bound::Primary)).await?;
    let matches = matches(&read.stations, &found, &above);
    let mut renamed = HashMap::new();
    let mut given: BTreeSet<String> = BTreeSet::new();
    let mut warnings = Vec::new();
    for (unit, found_as) in read.stations.iter().zip(&matches) {
        let name = match found_as.station() {
            Some(name) => name.to_owned(),
            None => {
                let is_taken = |name: &str| taken.contains(name) || given.contains(name);
                let free = free_name(&unit.name, is_taken);
                free.ok_or_else(|| Error::internal("too many units of one id"))?
            }
        };
        if !matches!(found_as, Match::Is(_)) {
            let found = (found.as_slice(), above.as_slice());
            warnings.push(warning(read, unit, &name, found_as, found));
        }
        given.insert(name.clone());
        renamed.insert(unit.name.clone(), name);
    }
    for records in &mut read.articles {
        rename_article(&renamed, &mut records.article);
        for statistic in &mut records.statistics {
            rename_each(&renamed, &mut statistic.stations);
        }
    }
    let mut is_new = matches.iter().map(|found_as| found_as.station().is_none());
    read.stations.retain(|_| is_new.next().unwrap_or_default());
    for station in &mut read.stations {
        rename(&renamed, &mut station.name);
        rename(&renamed, &mut station.parent);
    }
    Ok(warnings)
}

/// Stations that go by one of the units' names, or a similar one, or have the name that one of them
/// would be given: 镇海公安分局 and 宁波市公安局镇海分局 are both `zhenhai-branch`.
async fn found(db: &Db, units: &[Station], taken: &BTreeSet<String>) -> Result<Vec<Station>> {
    let all = || units.iter().flat_map(names);
    let mut sought: BTreeSet<String> = all().flat_map(sought).collect();
    sought.extend(all().flat_map(other_names));
    let near: BTreeSet<String> = all().flat_map(sought_near).collect();
    let sought: Vec<String> = sought.into_iter().collect();
    let near: Vec<String> = near.into_iter().collect();
    let freshness = Freshness::of(Bound::Primary);
    let sought = Sought {
        names: &sought,
        near_forms: &near,
        ..Sought::default()
    };
    let records = store::candidates(db, sought, Sight::All, &freshness).await?;
    let found: Result<Vec<Station>> = records.value.iter().map(|record| decode(record)).collect();
    let mut found = found?;
    let known: BTreeSet<String> = found.iter().map(|station| station.name.clone()).collect();
    let others: Vec<&str> = taken.difference(&known).map(String::as_str).collect();
    for names in others.chunks(NAMED_MAX) {
        let (named, _) = named(db, names.iter().copied(), Sight::All, &freshness).await?;
        let kept = named.into_iter();
        found.extend(kept.filter(|station| station.delete_time.is_none()));
    }
    Ok(found)
}

/// The names that units would be given and that are taken, by deleted stations too.
async fn taken(db: &Db, units: &[Station]) -> Result<BTreeSet<String>> {
    let mut needs = Needs::default();
    for unit in units {
        needs.records.insert(unit.name.clone());
        let numbered = (2..=NUMBERS_MAX).map(|number| numbered(&unit.name, number));
        needs.records.extend(numbered);
    }
    let mut view = View::default();
    peek(db, &needs, &mut view).await?;
    let mut taken = BTreeSet::new();
    for name in needs.records {
        if view.heading(&name)?.is_some() {
            taken.insert(name);
        }
    }
    Ok(taken)
}

/// Says that a unit was proposed, and which stations it may be.
fn warning(
    read: &Extract,
    unit: &Station,
    name: &str,
    found_as: &Match,
    (found, above): (&[Station], &[Station]),
) -> Warning {
    let mentions = read
        .articles
        .iter()
        .flat_map(|records| &records.article.mentions);
    let first: Option<&Mention> = mentions
        .into_iter()
        .find(|mention| mention.station == unit.name);
    let shown = &unit.display_name;
    let (code, candidates, message) = match found_as {
        Match::Ambiguous { taken, candidates } => (
            Code::StationAmbiguous,
            candidates.clone(),
            format!(
                "{shown:?} fits {} stations alike; {name:?} was {}",
                candidates.len(),
                if taken.is_some() { "taken" } else { "proposed" }
            ),
        ),
        _ => (
            Code::StationProposed,
            similar(unit, found, above),
            format!("{shown:?} is not in the registry; {name:?} was proposed"),
        ),
    };
    Warning {
        code: code.into(),
        message,
        span: first.and_then(|mention| mention.span.clone()),
        candidates: candidates.into_iter().take(CANDIDATES_MAX).collect(),
    }
}

/// The stations that the unit's name may mean, best first.
fn similar(unit: &Station, found: &[Station], above: &[Station]) -> Vec<String> {
    let text = &unit.display_name;
    let resolution = resolve(text, found, above, Around::default(), CANDIDATES_MAX);
    let stations = resolution.candidates.into_iter();
    let stations = stations.filter_map(|candidate| candidate.station);
    stations.map(|station| station.name).collect()
}
