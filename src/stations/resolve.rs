//! Which stations a text may name: candidates with the evidence for each, best first.

use std::collections::BTreeSet;

use crate::pb::resolve_stations_response::candidate::Evidence;
use crate::pb::resolve_stations_response::{Candidate, Resolution};
use crate::pb::station::Kind;
use crate::pb::{Mention, Station};
use crate::stations::names;
use crate::stations::similar::{Distance, Parts, distance, near_forms};

/// A short ending, and what it is short for.
const SHORT_ENDINGS: [(&str, &str); 4] = [
    ("所", "派出所"),
    ("公安分局", "分局"),
    ("分局", "公安分局"),
    ("交警局", "公安局交通警察局"),
];

/// Words that point back at a unit named before, and what kind of unit each points at.
const POINTING_WORDS: [&str; 2] = ["该", "本"];
const POINTED_KINDS: [(&str, Kind); 6] = [
    ("派出所", Kind::PoliceStation),
    ("所", Kind::PoliceStation),
    ("中队", Kind::Squadron),
    ("大队", Kind::Brigade),
    ("支队", Kind::Detachment),
    ("分局", Kind::BranchBureau),
];

/// Scores of what the context alone says.
const MENTIONED: f64 = 0.95;
const POINTED_AT: f64 = 0.5;

/// Shortest ending of a text that is looked up by itself, in code points.
const ENDING_LENGTH_MIN: usize = 3;

/// What is known around the text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around<'a> {
    pub context: &'a str,
    /// The units the article names, with the words it uses.
    pub mentions: &'a [Mention],
}

/// The names under which stations are looked up for a text: itself, with its short ending written
/// out, and every ending of it.
pub fn sought(text: &str) -> Vec<String> {
    let mut names: Vec<String> = forms(text);
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let endings = starts.len().saturating_sub(ENDING_LENGTH_MIN - 1);
    names.extend(
        starts
            .iter()
            .take(endings)
            .skip(1)
            .flat_map(|at| forms(&text[*at..])),
    );
    names.sort_unstable();
    names.dedup();
    names
}

/// A name as written, and with a short ending written out.
fn forms(text: &str) -> Vec<String> {
    let mut forms = vec![text.to_owned()];
    for (short, long) in SHORT_ENDINGS {
        if let Some(stem) = text.strip_suffix(short)
            && !text.ends_with(long)
            && !stem.is_empty()
        {
            forms.push(format!("{stem}{long}"));
        }
    }
    forms
}

/// What stations of a similar name are looked up by.
pub fn sought_near(text: &str) -> BTreeSet<String> {
    forms(text)
        .iter()
        .flat_map(|form| near_forms(form))
        .collect()
}

/// The kind of unit a text points back at, such as 该中队.
pub fn pointed_kind(text: &str) -> Option<Kind> {
    let rest = POINTING_WORDS
        .iter()
        .find_map(|word| text.strip_prefix(word))?;
    POINTED_KINDS
        .iter()
        .find(|(ending, _)| rest == *ending)
        .map(|(_, kind)| *kind)
}

/// Ranks the stations that were found for a text. `parents` are those of the stations.
pub fn resolve(
    text: &str,
    found: &[Station],
    parents: &[Station],
    around: Around<'_>,
    count_max: usize,
) -> Resolution {
    let forms = forms(text);
    let asked = Asked {
        text,
        parts: forms.iter().map(|form| Parts::of(form)).collect(),
        forms,
    };
    let mut candidates: Vec<Candidate> = found
        .iter()
        .filter_map(|station| candidate(&asked, station, parents, around))
        .collect();
    candidates.sort_by(|left, right| {
        right
            .score
            .total_cmp(&left.score)
            .then_with(|| name(left).cmp(name(right)))
    });
    let ambiguous = match candidates.as_slice() {
        [first, second, ..] => (first.score - second.score).abs() < 1e-9,
        _ => false,
    };
    candidates.truncate(count_max);
    Resolution {
        text: text.to_owned(),
        candidates,
        ambiguous,
    }
}

fn name(candidate: &Candidate) -> &str {
    candidate
        .station
        .as_ref()
        .map_or("", |station| &station.name)
}

/// A text with what all candidates are compared with.
struct Asked<'a> {
    text: &'a str,
    forms: Vec<String>,
    /// Of each form.
    parts: Vec<Parts>,
}

fn candidate(
    asked: &Asked<'_>,
    station: &Station,
    parents: &[Station],
    around: Around<'_>,
) -> Option<Candidate> {
    let text = asked.text;
    let parent = parents.iter().find(|parent| parent.name == station.parent);
    let is_mentioned = around
        .mentions
        .iter()
        .any(|mention| mention.station == station.name && mention.surface == text);
    let is_pointed_at = pointed_kind(text) == Some(station.kind()) && is_named(station, around);
    let by_context = match (is_mentioned, is_pointed_at) {
        (true, _) => Some((MENTIONED, Evidence::Context)),
        (false, true) => Some((POINTED_AT, Evidence::Context)),
        (false, false) => None,
    };
    let (mut score, evidence) = by_name(asked, station, parent).or(by_context)?;
    let mut evidence = vec![evidence];
    let is_near =
        parent.is_some_and(|parent| names(parent).any(|name| around.context.contains(name)));
    if is_mentioned {
        score = f64::max(score, MENTIONED);
    }
    if is_near {
        score += 0.04;
    }
    if (is_mentioned || is_near) && !evidence.contains(&Evidence::Context) {
        evidence.push(Evidence::Context);
    }
    Some(Candidate {
        station: Some(station.clone()),
        score,
        evidence: evidence.into_iter().map(i32::from).collect(),
    })
}

/// How well a station's names fit the text, before what stands around it.
fn by_name(
    asked: &Asked<'_>,
    station: &Station,
    parent: Option<&Station>,
) -> Option<(f64, Evidence)> {
    if station.full_name == asked.text {
        return Some((0.96, Evidence::FullName));
    }
    // A short form is a guess, so what is written out comes first.
    let forms = &asked.forms;
    for (form, lost) in forms.iter().zip([0.0, 0.05, 0.05]) {
        if *form == station.display_name {
            return Some((0.9 - lost, Evidence::DisplayName));
        }
        if station.aliases.contains(form) {
            return Some((0.88 - lost, Evidence::Alias));
        }
    }
    let near = names(station).map(Parts::of).filter_map(|name| {
        let distances = asked.parts.iter().filter_map(|form| distance(form, &name));
        distances.min()
    });
    if let Some(near) = near.min() {
        let score = match near {
            Distance::Form => 0.84,
            Distance::Character => 0.35,
        };
        return Some((score, Evidence::Similar));
    }
    // The text says more than the name: what stands before it should be the unit above.
    let before = names(station).filter_map(|name| {
        forms
            .iter()
            .find_map(|form| form.strip_suffix(name).map(str::to_owned))
    });
    let before = before.min_by_key(String::len)?;
    let is_below = parent.is_some_and(|parent| {
        names(parent).any(|above| before.ends_with(above) || above.ends_with(before.as_str()))
    });
    Some((if is_below { 0.8 } else { 0.4 }, Evidence::Suffix))
}

/// Whether the text around names the station.
fn is_named(station: &Station, around: Around<'_>) -> bool {
    names(station).any(|name| around.context.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station(name: &str, display_name: &str, parent: &str, kind: Kind) -> Station {
        Station {
            name: format!("stations/{name}"),
            display_name: display_name.to_owned(),
            parent: format!("stations/{parent}"),
            kind: kind.into(),
            ..Station::default()
        }
    }

    fn registry() -> Vec<Station> {
        let mut bureau = station("bureau", "市公安局交通警察局", "", Kind::TrafficBureau);
        bureau.aliases = vec!["市交警局".to_owned()];
        vec![
            station("fenghua", "奉化分局", "", Kind::BranchBureau),
            station("other", "海港分局", "", Kind::BranchBureau),
            station("daqiao-a", "大桥派出所", "fenghua", Kind::PoliceStation),
            station("daqiao-b", "大桥派出所", "other", Kind::PoliceStation),
            station("squadron", "东部新城中队", "", Kind::Squadron),
            bureau,
        ]
    }

    #[track_caller]
    fn check(text: &str, around: Around<'_>, expected: &[&str], is_ambiguous: bool) {
        let all = registry();
        let sought = sought(text);
        let found: Vec<Station> = all
            .iter()
            .filter(|station| {
                names(station).any(|name| sought.iter().any(|sought| sought == name))
                    || pointed_kind(text) == Some(station.kind())
            })
            .cloned()
            .collect();
        let resolution = resolve(text, &found, &all, around, 5);
        let names: Vec<&str> = resolution
            .candidates
            .iter()
            .map(|candidate| name(candidate).trim_start_matches("stations/"))
            .collect();
        assert_eq!(
            (names.as_slice(), resolution.ambiguous),
            (expected, is_ambiguous),
            "{text}"
        );
    }

    #[test]
    fn names_aliases_and_short_forms_find_their_station() {
        let nothing = Around::default();
        check("市交警局", nothing, &["bureau"], false);
        check("东部新城中队", nothing, &["squadron"], false);
        check("大桥所", nothing, &["daqiao-a", "daqiao-b"], true);
        check("城西派出所", nothing, &[], false);
    }

    #[test]
    fn what_stands_around_decides_and_ambiguity_stays() {
        let nothing = Around::default();
        check("大桥派出所", nothing, &["daqiao-a", "daqiao-b"], true);
        check(
            "海港分局大桥派出所",
            nothing,
            &["daqiao-b", "daqiao-a"],
            false,
        );
        let context = Around {
            context: "奉化分局昨日通报",
            ..nothing
        };
        check("大桥派出所", context, &["daqiao-a", "daqiao-b"], false);
        let context = Around {
            context: "东部新城中队最早实施,",
            ..nothing
        };
        check("该中队", context, &["squadron"], false);
        check("该中队", nothing, &[], false);
    }
}
