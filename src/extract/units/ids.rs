//! Ids of units: pinyin of the place and of what tells the unit, and an English word for what it is.
//!
//! `zhenhai-zhaobaoshan` is 招宝山派出所 of 镇海, `ningbo-psb` 宁波市公安局, `yinzhou-traffic-brigade`
//! 鄞州交警大队. The place is the lowest in the chain of the unit; the same chain has the same id always.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use pinyin::ToPinyin as _;

use super::page::{DEPTH_MAX, Draft};
use super::regions::Level;
use super::words::Class;
use crate::extract::table::rows;
use crate::extract::vocabulary::Vocabulary;
use crate::names::ID_LENGTH_MAX;

/// An id for each unit, given the parents.
pub fn ids(drafts: &[Draft]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut next: BTreeMap<String, usize> = BTreeMap::new();
    let mut ids = Vec::with_capacity(drafts.len());
    for unit in 0..drafts.len() {
        let wanted = shaped(&wanted(drafts, unit, 0));
        let mut id = wanted.clone();
        while !taken.insert(id.clone()) {
            let number = next.entry(wanted.clone()).or_insert(1);
            *number += 1;
            let ending = format!("-{number}");
            let room = wanted.len().min(ID_LENGTH_MAX - ending.len());
            id = format!("{}{ending}", wanted[..room].trim_end_matches('-'));
        }
        ids.push(id);
    }
    ids
}

fn wanted(drafts: &[Draft], unit: usize, steps: usize) -> String {
    let draft = &drafts[unit];
    let slug = draft.segment.ending.slug;
    let place = place(drafts, unit);
    let parent = draft.parent.filter(|_| steps < DEPTH_MAX);
    // 三中队 is told by its brigade.
    let is_numbered = draft.class == Class::Force
        && is_number(&draft.key)
        && draft
            .parent
            .is_some_and(|parent| drafts[parent].class == Class::Force);
    let is_told_by_it = place.is_empty() || is_numbered || draft.class == Class::Patrol;
    let told = parent.filter(|_| is_told_by_it);
    let told = told.map(|parent| wanted(drafts, parent, steps + 1));
    let told = told.unwrap_or_default();
    // 公安部交管局 has no place: the unit above tells it.
    let above = if place.is_empty() { told.as_str() } else { "" };
    match draft.class {
        Class::Ministry => slug.to_owned(),
        Class::Department => joined(&[&place, slug]),
        Class::Traffic => joined(&[above, &place, slug]),
        Class::Bureau => joined(&[&place, bureau_slug(draft)]),
        Class::Division if draft.segment.has_place() => joined(&[&place, slug]),
        Class::Branch => {
            let own = romanized(&draft.key);
            let place = if draft.segment.has_place() && own != place {
                place
            } else {
                String::new()
            };
            joined(&[&place, &own, slug])
        }
        Class::Patrol => {
            let above = told.rsplit_once('-').map_or("", |(name, _)| name);
            joined(&[above, &romanized(&draft.key), slug])
        }
        Class::Force if is_numbered => joined(&[&told, &romanized(&draft.key), slug]),
        Class::Force => {
            let own = force(draft);
            let own = if own == place { String::new() } else { own };
            joined(&[above, &place, &own, slug])
        }
        _ => {
            let own = romanized(&draft.key);
            let own = if own == place { String::new() } else { own };
            let slug = if place.is_empty() && slug.is_empty() {
                "station"
            } else {
                slug
            };
            joined(&[&place, &own, slug])
        }
    }
}

fn is_number(key: &str) -> bool {
    key.chars()
        .all(|char| "第一二三四五六七八九十0123456789".contains(char))
}

fn bureau_slug(draft: &Draft) -> &'static str {
    let is_of_county = draft.level == Some(Level::County) && draft.segment.ending.text == "公安局";
    let last = draft.printed.iter().find_map(|printed| {
        let name = printed.own.strip_suffix("公安局")?;
        name.chars().next_back()
    });
    match last.filter(|_| is_of_county) {
        Some('县' | '旗') => "county-bureau",
        Some('市') => "city-bureau",
        Some('区') => "district-bureau",
        _ if draft.segment.ending.class == Class::Body => "psb",
        _ => draft.segment.ending.slug,
    }
}

/// 东部新城 and the work: `dongbuxincheng`, `traffic`.
fn force(draft: &Draft) -> String {
    let Some(work) = draft.segment.work else {
        return romanized(&draft.key);
    };
    match draft.key.split_once(work.usual) {
        Some((before, after)) => joined(&[&romanized(before), work.slug, &romanized(after)]),
        None => joined(&[&romanized(&draft.key), work.slug]),
    }
}

/// The lowest place of the unit or of one above.
fn place(drafts: &[Draft], unit: usize) -> String {
    let mut at = Some(unit);
    let mut steps = 0;
    while let Some(unit) = at.filter(|_| steps < DEPTH_MAX) {
        let draft = &drafts[unit];
        let places = &draft.places;
        let lowest = match draft.class {
            Class::Department => [&places.province, ""]
                .into_iter()
                .find(|place| !place.is_empty()),
            // Of a station the branch is the place, of a branch its city.
            Class::Branch if steps > 0 => Some(draft.key.as_str()),
            _ => [&places.county, &places.city, &places.province]
                .into_iter()
                .map(String::as_str)
                .find(|place| !place.is_empty()),
        };
        let is_of_station = matches!(draft.class, Class::Station | Class::Post | Class::Office);
        let above = draft
            .parent
            .filter(|_| is_of_station && places.county.is_empty());
        if let Some(lowest) = lowest.filter(|_| above.is_none()) {
            return romanized(lowest);
        }
        at = draft.parent;
        steps += 1;
    }
    String::new()
}

fn joined(parts: &[&str]) -> String {
    let parts: Vec<_> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("-")
}

/// Cut to the form of ids.
fn shaped(wanted: &str) -> String {
    let end = wanted
        .char_indices()
        .nth(ID_LENGTH_MAX)
        .map_or(wanted.len(), |(at, _)| at);
    let id = wanted[..end].trim_end_matches('-').to_owned();
    let begins_well = id.starts_with(|char: char| char.is_ascii_lowercase());
    match (begins_well, id.len()) {
        (true, 2..) => id,
        (true, _) => format!("{id}-unit"),
        (false, 0) => "unit".to_owned(),
        (false, _) => format!("unit-{}", &id[..id.len().min(ID_LENGTH_MAX - 5)]),
    }
}

/// Readings of words whose characters have several: the table's words, as placed in names.
static READINGS: LazyLock<Vocabulary<'static, &str>> = LazyLock::new(|| {
    let rows = rows::<2>(include_str!("../rules/unit-readings.tsv"));
    Vocabulary::of_starts(rows.map(|[word, reading]| (word, reading)))
});

/// The name in lower-case letters and digits; other characters are left out.
pub fn romanized(name: &str) -> String {
    let mut letters = String::with_capacity(2 * name.len());
    let mut rest = name;
    while let Some(char) = rest.chars().next() {
        if let Some(word) = READINGS.at(rest) {
            letters.push_str(word.known);
            rest = &rest[word.word.len()..];
            continue;
        }
        match char.to_pinyin() {
            Some(pinyin) => letters.extend(pinyin.plain().chars().map(without_dots)),
            None if char.is_ascii_alphanumeric() => letters.push(char.to_ascii_lowercase()),
            None => {}
        }
        rest = &rest[char.len_utf8()..];
    }
    letters
}

/// ü is written v.
fn without_dots(letter: char) -> char {
    match letter {
        'ü' => 'v',
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_places() {
        let check = |name: &str, expected: &str| assert_eq!(romanized(name), expected);
        check("招宝山", "zhaobaoshan");
        check("重庆", "chongqing");
        check("长乐", "changle");
        check("乐清", "yueqing");
        check("六安", "luan");
        check("吕梁", "lvliang");
        check("A10", "a10");
    }

    #[test]
    fn ids_have_their_form() {
        let check = |wanted: &str, expected: &str| assert_eq!(shaped(wanted), expected);
        check("ningbo-psb", "ningbo-psb");
        check("", "unit");
        check("3-brigade", "unit-3-brigade");
        check("a", "a-unit");
        assert_eq!(shaped(&"a".repeat(80)).len(), ID_LENGTH_MAX);
    }
}
