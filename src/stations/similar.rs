//! Names that differ in one character, or only in how they are written (full-width, Traditional).

use std::collections::BTreeSet;

use crate::fold::fold;

/// What units are called after; only what stands before is compared.
const ENDINGS: [&str; 14] = [
    "派出所",
    "公安分局",
    "公安局",
    "公安厅",
    "分局",
    "支队",
    "大队",
    "中队",
    "总队",
    "警务站",
    "警务室",
    "所",
    "队",
    "局",
];

/// Shortest stem in which one character may differ: 城东 and 城西 are two places.
const STEM_LENGTH_MIN: usize = 3;

/// Longest stem that is found by similar ones: each of its characters gives another form of it.
const STEM_LENGTH_MAX: usize = 64;

/// How far two names are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distance {
    /// Only written differently.
    Form,
    /// One character is another, missing, or too many; or two have changed places.
    Character,
}

/// A folded name, parted before its ending.
#[derive(Clone, Debug)]
pub struct Parts {
    stem: Vec<char>,
    ending: &'static str,
}

/// What a name is looked up by: two that are similar share one of these.
pub fn near_forms(name: &str) -> BTreeSet<String> {
    let Parts { stem, ending } = Parts::of(name);
    let whole = |stem: &[char]| stem.iter().collect::<String>() + ending;
    let mut forms = BTreeSet::from([whole(&stem)]);
    // One that is longer by a character has the shorter one among its own.
    if (STEM_LENGTH_MIN..=STEM_LENGTH_MAX).contains(&stem.len()) {
        for at in 0..stem.len() {
            let mut shorter = stem.clone();
            shorter.remove(at);
            forms.insert(whole(&shorter));
        }
    }
    forms
}

/// How far two names are apart, unless further than one character.
pub fn distance(one: &Parts, other: &Parts) -> Option<Distance> {
    if one.ending != other.ending {
        return None;
    }
    if one.stem == other.stem {
        return Some(Distance::Form);
    }
    let shortest = one.stem.len().min(other.stem.len());
    let is_long = shortest >= STEM_LENGTH_MIN;
    (is_long && is_one_apart(&one.stem, &other.stem)).then_some(Distance::Character)
}

fn is_one_apart(one: &[char], other: &[char]) -> bool {
    let same = one
        .iter()
        .zip(other)
        .take_while(|(one, other)| one == other)
        .count();
    let (one, other) = (&one[same..], &other[same..]);
    match (one, other) {
        ([_, rest @ ..], [_, other_rest @ ..]) if rest == other_rest => true,
        ([first, second, rest @ ..], [other_first, other_second, other_rest @ ..])
            if (first, second, rest) == (other_second, other_first, other_rest) =>
        {
            true
        }
        ([_, rest @ ..], _) if rest == other => true,
        (_, [_, rest @ ..]) if one == rest => true,
        _ => false,
    }
}

impl Parts {
    pub fn of(name: &str) -> Self {
        let folded = fold(name).into_iter().map(|folded| folded.char);
        let mut stem: Vec<char> = folded.filter(|char| !char.is_whitespace()).collect();
        for ending in ENDINGS {
            let length = ending.chars().count();
            let start = stem.len().saturating_sub(length);
            if start > 0 && stem[start..].iter().copied().eq(ending.chars()) {
                stem.truncate(start);
                return Self { stem, ending };
            }
        }
        Self { stem, ending: "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(one: &str, other: &str, expected: Option<Distance>) {
        for (one, other) in [(one, other), (other, one)] {
            let found = distance(&Parts::of(one), &Parts::of(other));
            assert_eq!(found, expected, "{one} {other}");
            if expected.is_some() {
                let (one, other) = (near_forms(one), near_forms(other));
                assert!(!one.is_disjoint(&other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn one_character_may_differ_in_a_long_stem() {
        let one = Some(Distance::Character);
        check("招宝山派出所", "招保山派出所", one);
        check("招宝山派出所", "招宝山城派出所", one);
        check("东部新城中队", "东部城新中队", one);
        check("东部新城中队", "东郊新区中队", None);
        check("招宝山派出所", "招宝山中队", None);
    }

    #[test]
    fn a_name_that_is_very_long_is_found_as_it_is() {
        let long = format!("甲{}", "\u{fdfa}".repeat(199));
        assert_eq!(near_forms(&long).len(), 1);
        check(&long, &long, Some(Distance::Form));
    }

    #[test]
    fn short_stems_are_places_of_their_own() {
        check("城东派出所", "城西派出所", None);
        check("大桥派出所", "大桥头派出所", None);
    }

    #[test]
    fn a_form_is_the_same_name() {
        check("招寶山派出所", "招宝山派出所", Some(Distance::Form));
        check("大　桥派出所", "大桥派出所", Some(Distance::Form));
        check("１１０中队", "110中队", Some(Distance::Form));
    }
}
