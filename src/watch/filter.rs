//! What a watch is about, and what it is sent of a revision.

use prost::bytes::Bytes;

use crate::changes::delta::{Changed, Delta};
use crate::edge::wire;
use crate::error::{Reason, Result};
use crate::names::{ArticleName, Kind, StationName};
use crate::pb::change::Type;
use crate::pb::record::Kind as AskedKind;
use crate::pb::{Article, Station, Statistic, WatchChangesRequest};
use crate::record::decode;
use crate::rules::Check;
use crate::sight::Sight;
use crate::visibility::is_shown;
use crate::{articles, stations, statistics};

/// Most bytes of one record before and after together, so that a message keeps its limit.
const BOTH_BYTES_MAX: usize = 4 * 1024 * 1024 - 64 * 1024;

/// What of the log a watch is about, of what its caller is shown.
#[derive(Clone, Debug)]
pub struct Filter {
    sight: Sight,
    kinds: Vec<Kind>,
    parent: Option<ArticleName>,
    station: Option<StationName>,
    include_old: bool,
    omit_new: bool,
}

impl Filter {
    pub fn parse(request: &WatchChangesRequest, sight: Sight) -> Result<Self> {
        let mut check = Check::default();
        let mut kinds = Vec::new();
        for (index, asked) in request.kinds.iter().enumerate() {
            if check.is_full() {
                break;
            }
            match kind(*asked) {
                Some(kind) => kinds.push(kind),
                None => check.refuse(
                    &format!("kinds[{index}]"),
                    format!("must be SOURCE, STATION, ARTICLE or STATISTIC, got {asked}"),
                ),
            }
        }
        let parent = match request.parent.as_str() {
            "" => None,
            parent => check.take(ArticleName::parse("parent", parent)),
        };
        let station = match request.station.as_str() {
            "" => None,
            station => check.take(StationName::parse("station", station)),
        };
        if kinds.contains(&Kind::Source) && (parent.is_some() || station.is_some()) {
            let problem = "must not have SOURCE beside a parent or a station: pages have neither";
            check.refuse_for(Reason::FieldInvalid, "kinds", problem.to_owned());
        }
        check.finish()?;
        // Readers are given a page's text with an article only.
        if kinds.contains(&Kind::Source) {
            sight.check_all("SOURCE in kinds")?;
        }
        if kinds.is_empty() {
            kinds = vec![Kind::Station, Kind::Article, Kind::Statistic];
        }
        kinds.sort_unstable();
        kinds.dedup();
        Ok(Self {
            sight,
            kinds,
            parent,
            station,
            include_old: request.include_old,
            omit_new: request.omit_new,
        })
    }

    /// Kinds in the order of a snapshot.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Whether records before a change must be read.
    pub fn needs_old(&self) -> bool {
        self.include_old || self.station.is_some() || !self.sight.is_all()
    }

    pub fn sight(&self) -> Sight {
        self.sight
    }

    /// Everything that must stay the same while a snapshot is resumed.
    pub fn scope(&self) -> String {
        let words: Vec<&str> = self.kinds.iter().map(|kind| kind.as_str()).collect();
        let parent = self.parent.as_ref().map_or("", ArticleName::as_str);
        let station = self.station.as_ref().map_or("", StationName::as_str);
        let scope = format!("WatchChanges\n{}\n{parent}\n{station}", words.join(","));
        self.sight.scoped(scope)
    }

    /// What is sent of a revision, in its order.
    pub fn changes(&self, delta: &Delta) -> Result<Vec<wire::Change>> {
        let changes = delta.changes.iter();
        let sent = changes.filter_map(|changed| self.change(delta, changed).transpose());
        sent.collect()
    }

    fn change(&self, delta: &Delta, changed: &Changed) -> Result<Option<wire::Change>> {
        let Some(op) = changed.op else {
            return Ok(None);
        };
        if !self.has_name(changed.kind, &changed.name) {
            return Ok(None);
        }
        let (is_shown, was_shown) = self.shown(changed);
        let (matches, matched) = self.matches(changed)?;
        let kind = match (is_shown && matches, was_shown && matched) {
            (true, _) => op,
            (false, true) => Type::Left,
            (false, false) => return Ok(None),
        };
        let of = |bytes: &Bytes| wire::AnyRecord::of(changed.kind, bytes.clone());
        let new = changed.record.as_ref();
        let new = new.filter(|_| !self.omit_new && kind != Type::Left);
        let room = BOTH_BYTES_MAX - new.map_or(0, Bytes::len).min(BOTH_BYTES_MAX);
        let old = changed.old.as_ref();
        let old = old.filter(|old| self.include_old && was_shown && old.len() <= room);
        Ok(Some(wire::Change {
            r#type: kind.into(),
            name: changed.name.clone(),
            kind: asked_kind(changed.kind).into(),
            revision: delta.token.revision,
            time: Some(delta.commit_time),
            reason: delta.reason.clone(),
            old: old.map(of),
            new: new.map(of),
        }))
    }

    /// Whether the watch is about records of this name at all.
    pub fn has_name(&self, kind: Kind, name: &str) -> bool {
        if !self.kinds.contains(&kind) {
            return false;
        }
        self.parent.as_ref().is_none_or(|parent| {
            let below = name.strip_prefix(parent.as_str());
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// The name after which a snapshot of the kind begins: of a parent, just before its own.
    pub fn first_after(&self, kind: Kind) -> String {
        let Some(parent) = &self.parent else {
            return String::new();
        };
        match kind {
            Kind::Statistic => format!("{parent}/"),
            _ => before(parent.as_str()),
        }
    }

    /// Whether records may match that come after this name.
    pub fn may_follow(&self, kind: Kind, name: &str) -> bool {
        let Some(parent) = &self.parent else {
            return true;
        };
        match kind {
            Kind::Statistic => name < format!("{parent}0").as_str(),
            _ => name < parent.as_str(),
        }
    }

    /// Whether a record of a snapshot is one of the watch's.
    pub fn has(&self, kind: Kind, name: &str, record: &[u8]) -> Result<bool> {
        if !self.has_name(kind, name) {
            return Ok(false);
        }
        let Some(station) = &self.station else {
            return Ok(true);
        };
        let names = named_stations(kind, name, record)?;
        Ok(names.iter().any(|name| name == station.as_str()))
    }

    /// Whether the caller is shown the record now, and before.
    fn shown(&self, changed: &Changed) -> (bool, bool) {
        let is_shown = |record: &Option<Bytes>| {
            let record = record.as_ref();
            self.sight.is_all()
                || record.is_some_and(|record| is_shown(self.sight, changed.kind, record))
        };
        (is_shown(&changed.record), is_shown(&changed.old))
    }

    /// Whether the record names the station now, and before.
    fn matches(&self, changed: &Changed) -> Result<(bool, bool)> {
        let Some(station) = &self.station else {
            return Ok((true, true));
        };
        let [now, before] = match changed.stations.get() {
            Some(found) => found,
            None => {
                let of = |record: &Option<Bytes>| match record {
                    Some(record) => named_stations(changed.kind, &changed.name, record),
                    None => Ok(Vec::new()),
                };
                let found = [of(&changed.record)?, of(&changed.old)?];
                changed.stations.get_or_init(|| found)
            }
        };
        let has = |names: &[String]| names.iter().any(|name| name == station.as_str());
        Ok((has(now), has(before)))
    }
}

/// A text that is less than the name and greater than every name before it: names end in a letter or a
/// digit, and have no character as great as the tilde.
fn before(name: &str) -> String {
    let mut text = name.to_owned();
    let last = text.pop().map(|last| char::from(last as u8 - 1));
    text.extend(last);
    text.push('~');
    text
}

/// The stations that a record names, and a station itself.
fn named_stations(kind: Kind, name: &str, record: &[u8]) -> Result<Vec<String>> {
    fn owned(references: Vec<(String, &str)>) -> Vec<String> {
        let names = references.into_iter().map(|(_, name)| name.to_owned());
        names.collect()
    }
    Ok(match kind {
        Kind::Station => {
            let mut names = owned(stations::station_references(&decode::<Station>(record)?));
            names.push(name.to_owned());
            names
        }
        Kind::Article => owned(articles::station_references(&decode::<Article>(record)?)),
        Kind::Statistic => owned(statistics::station_references(&decode::<Statistic>(
            record,
        )?)),
        Kind::Source | Kind::Log => Vec::new(),
    })
}

fn kind(asked: i32) -> Option<Kind> {
    match AskedKind::try_from(asked).ok()? {
        AskedKind::Unspecified => None,
        AskedKind::Source => Some(Kind::Source),
        AskedKind::Station => Some(Kind::Station),
        AskedKind::Article => Some(Kind::Article),
        AskedKind::Statistic => Some(Kind::Statistic),
    }
}

fn asked_kind(kind: Kind) -> AskedKind {
    match kind {
        Kind::Source => AskedKind::Source,
        Kind::Station => AskedKind::Station,
        Kind::Article => AskedKind::Article,
        Kind::Statistic => AskedKind::Statistic,
        Kind::Log => AskedKind::Unspecified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_parent(parent: &str) -> Filter {
        let request = WatchChangesRequest {
            parent: parent.to_owned(),
            ..WatchChangesRequest::default()
        };
        Filter::parse(&request, Sight::All).expect("it is well formed")
    }

    #[test]
    fn a_parent_is_about_itself_and_what_is_below_it() {
        let filter = of_parent("articles/ab");
        assert!(filter.has_name(Kind::Article, "articles/ab"));
        assert!(filter.has_name(Kind::Statistic, "articles/ab/statistics/s1"));
        assert!(!filter.has_name(Kind::Article, "articles/abc"));
        assert!(!filter.has_name(Kind::Statistic, "articles/abc/statistics/s1"));
        assert!(!filter.has_name(Kind::Source, "articles/ab"));
        assert!(!filter.has_name(Kind::Station, "stations/ab"));
    }

    #[test]
    fn a_snapshot_of_a_parent_begins_and_ends_at_its_names() {
        let filter = of_parent("articles/ab");
        let article = filter.first_after(Kind::Article);
        for before in ["articles/aa", "articles/aazz", "articles/aa-9"] {
            assert!(before <= article.as_str(), "{before}");
        }
        assert!(article.as_str() < "articles/ab");
        assert!(filter.may_follow(Kind::Article, "articles/aazz"));
        assert!(!filter.may_follow(Kind::Article, "articles/ab"));
        let statistic = filter.first_after(Kind::Statistic);
        assert!("articles/ab" < statistic.as_str());
        assert!(statistic.as_str() < "articles/ab/statistics/a0");
        assert!(filter.may_follow(Kind::Statistic, "articles/ab/statistics/zz"));
        assert!(!filter.may_follow(Kind::Statistic, "articles/abc/statistics/a0"));
    }
}
