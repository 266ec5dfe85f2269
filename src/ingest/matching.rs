//! Which stations of the registry a page's units are. Pure: takes what was found, and decides.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::names::ID_LENGTH_MAX;
use crate::pb::Station;
use crate::pb::station;
use crate::stations::names;
use crate::stations::resolve::sought;

/// What became of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// It is this station.
    Is(String),
    /// It fits several alike. Taken for one of them only where that claims no more than the page does.
    Ambiguous {
        taken: Option<String>,
        candidates: Vec<String>,
    },
    /// It is not in the registry.
    New,
}

impl Match {
    /// The station it is taken for.
    pub fn station(&self) -> Option<&str> {
        match self {
            Self::Is(name) => Some(name),
            Self::Ambiguous { taken, .. } => taken.as_deref(),
            Self::New => None,
        }
    }
}

/// How well a station fits a unit; greater is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// One name is the other's.
    Name,
    /// And the unit above is the same.
    Parent,
    /// The whole name is the same.
    FullName,
}

/// Matches units to stations. `units` have their parents first; `found` are the stations that go by any
/// of their names, `above` those above these.
pub fn matches(units: &[Station], found: &[Station], above: &[Station]) -> Vec<Match> {
    let mut known: HashMap<&str, String> = HashMap::new();
    let mut matches = Vec::with_capacity(units.len());
    for unit in units {
        let parent = known.get(unit.parent.as_str()).map(String::as_str);
        let bureau = units.iter().find(|other| other.name == unit.parent);
        let fits = found.iter().filter_map(|station| {
            let fit = fit(unit, station, parent, above)?;
            let is_elsewhere = fit == Fit::Name && is_of_other_city(bureau, station, above);
            (!is_elsewhere).then_some((fit, station))
        });
        let found_as = best(fits.collect());
        if let Some(station) = found_as.station() {
            known.insert(&unit.name, station.to_owned());
        }
        matches.push(found_as);
    }
    matches
}

/// The one that fits best. Of those that go by the whole name, or the name below one unit, any is as good;
/// of those that only share a name, the one of which no more is known.
fn best(mut fits: Vec<(Fit, &Station)>) -> Match {
    let rank = |station: &Station| {
        (
            station.state() != station::State::Active,
            station.name.clone(),
        )
    };
    fits.sort_by_cached_key(|(fit, station)| (std::cmp::Reverse(*fit), rank(station)));
    let Some((best, first)) = fits.first().copied() else {
        return Match::New;
    };
    let count = fits.iter().take_while(|(fit, _)| *fit == best).count();
    if count == 1 {
        return Match::Is(first.name.clone());
    }
    let mut alike = fits[..count].iter().map(|(_, station)| *station);
    let taken = match best {
        Fit::FullName | Fit::Parent => Some(first),
        Fit::Name => {
            alike.find(|station| station.parent.is_empty() && station.full_name.is_empty())
        }
    };
    let candidates = fits.iter().map(|(_, station)| station.name.clone());
    Match::Ambiguous {
        taken: taken.map(|station| station.name.clone()),
        candidates: candidates.collect(),
    }
}

/// Whether a station may be a unit, and how well it fits. `parent` is the station that the unit above it
/// is, when that is in the registry.
fn fit(unit: &Station, station: &Station, parent: Option<&str>, above: &[Station]) -> Option<Fit> {
    let (whole, other) = (plain(whole_name(unit)), plain(whole_name(station)));
    let whole = behind_city(&whole, station, above).unwrap_or(&whole);
    let is_whole = !unit.full_name.is_empty() || !station.full_name.is_empty();
    if is_whole && whole == other {
        return Some(Fit::FullName);
    }
    let is_other_kind =
        unit.kind != station.kind && ![unit.kind(), station.kind()].contains(&station::Kind::Other);
    // 惠州市公安局 is not 宁波市公安局, though both are 市公安局.
    let is_named = names(station).any(|name| plain(name) == *whole)
        || names(unit).any(|name| plain(name) == other);
    let is_elsewhere = !is_named && !whole.ends_with(&*other) && !other.ends_with(whole);
    if is_other_kind || is_elsewhere || !share_a_name(unit, station) {
        return None;
    }
    let is_below = |parent| station.parent == parent || is_two_below(station, parent, above);
    if parent.is_some_and(is_below) {
        return Some(Fit::Parent);
    }
    // The chain may say that it is another's.
    let is_printed = !unit.parent.is_empty() && !unit.inferred.iter().any(|path| path == "parent");
    (!is_printed || station.parent.is_empty()).then_some(Fit::Name)
}

/// The longest name that is sure: a unit that is all there is to say has no other.
fn whole_name(station: &Station) -> &str {
    match station.full_name.as_str() {
        "" => &station.display_name,
        full_name => full_name,
    }
}

fn is_two_below(station: &Station, parent: &str, above: &[Station]) -> bool {
    let next = above.iter().find(|above| above.name == station.parent);
    next.is_some_and(|next| next.parent == parent)
}

fn share_a_name(unit: &Station, station: &Station) -> bool {
    let forms: Vec<String> = names(unit).flat_map(|name| sought(&plain(name))).collect();
    names(station).map(plain).any(|name| {
        let own = own_branch(&name);
        forms
            .iter()
            .any(|form| *form == *name || own == Some(form.as_str()))
    })
}

/// A name as it is written behind the bureau above: 镇海公安分局 and 镇海区公安分局 are 镇海分局.
fn plain(name: &str) -> Cow<'_, str> {
    const BRANCHES: [&str; 3] = ["区公安分局", "公安分局", "区分局"];
    /// A place has two characters at least: 新区分局 is that of the 新区.
    const PLACE_LENGTH_MIN: usize = 2;
    let found = BRANCHES
        .iter()
        .find_map(|branch| Some((name.find(branch)?, branch)));
    let Some((at, branch)) = found else {
        return Cow::Borrowed(name);
    };
    let (head, rest) = (&name[..at], &name[at + branch.len()..]);
    let place = head.rsplit("公安局").next().unwrap_or(head);
    let district = match branch.starts_with('区') && place.chars().count() < PLACE_LENGTH_MIN {
        true => "区",
        false => "",
    };
    match place.is_empty() {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("{head}{district}分局{rest}")),
    }
}

/// 镇海分局 of 宁波镇海分局, where a station is a branch of 宁波市公安局.
fn behind_city<'n>(name: &'n str, station: &Station, above: &[Station]) -> Option<&'n str> {
    if !name.ends_with("分局") || name.contains("公安局") {
        return None;
    }
    let bureau = above.iter().find(|above| above.name == station.parent)?;
    let city = whole_name(bureau).strip_suffix("市公安局")?;
    let rest = name.strip_prefix(city).filter(|_| !city.is_empty())?;
    let own = rest.strip_prefix('市').unwrap_or(rest);
    (own.len() > "分局".len()).then_some(own)
}

/// Whether the bureau of the page is that of another city: 海州市公安局 where the station's is 宁波市公安局.
fn is_of_other_city(bureau: Option<&Station>, station: &Station, above: &[Station]) -> bool {
    let other = above.iter().find(|above| above.name == station.parent);
    let Some((one, other)) = bureau.map(whole_name).zip(other.map(whole_name)) else {
        return false;
    };
    let is_city = one.ends_with("市公安局") && other.ends_with("市公安局");
    is_city && !one.ends_with(other) && !other.ends_with(one)
}

/// Names under which a unit may stand in the registry besides its own and their endings.
pub fn other_names(name: &str) -> impl Iterator<Item = String> {
    let branches = sought(&plain(name)).into_iter().filter(|name| {
        name.ends_with("分局") && !name.contains("公安局") && name.chars().count() > 3
    });
    branches.flat_map(|branch| [format!("市公安局{branch}"), branch])
}

/// 镇海分局 of 市公安局镇海分局.
fn own_branch(name: &str) -> Option<&str> {
    let (_, own) = name.rsplit_once("公安局")?;
    (own.ends_with("分局") && own.len() > "分局".len()).then_some(own)
}

/// The first name that is free: the id itself, else with a number from 2.
pub fn free_name(name: &str, is_taken: impl Fn(&str) -> bool) -> Option<String> {
    let numbered = (2..=NUMBERS_MAX).map(|number| numbered(name, number));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !is_taken(name))
}

/// How many units of one id are told apart by numbers.
pub const NUMBERS_MAX: usize = 20;

/// A name with a number, as short as a name may be.
pub fn numbered(name: &str, number: usize) -> String {
    let ending = format!("-{number}");
    let length = "stations/".len() + ID_LENGTH_MAX - ending.len();
    let kept = name.get(..length).unwrap_or(name).trim_end_matches('-');
    format!("{kept}{ending}")
}
