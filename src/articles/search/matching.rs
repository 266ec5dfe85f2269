//! Where the words of a query stand in an article.

use crate::articles::search::document::searched_units;
use crate::articles::search::query::{Chain, Query};
use crate::articles::search::units::Unit;
use crate::pb::search_articles_response::Highlight;
use crate::pb::{Article, Fragment};

/// Most fragments of one article.
pub const FRAGMENTS_MAX: usize = 100;

/// The highlights of an article; nothing when it is not what the query means.
pub fn highlights(article: &Article, query: &Query) -> Option<Vec<Highlight>> {
    let texts: Vec<_> = searched_units(article).collect();
    let stands = |chain: &Chain| {
        texts
            .iter()
            .any(|(_, units)| !places(units, chain).is_empty())
    };
    if query.excluded.iter().any(stands) {
        return None;
    }
    let mut shown: Vec<&Chain> = Vec::new();
    for term in &query.required {
        if stands(&term.whole) {
            shown.push(&term.whole);
        } else if !term.words.is_empty() && term.words.iter().all(stands) {
            shown.extend(&term.words);
        } else {
            return None;
        }
    }
    let mut left = FRAGMENTS_MAX;
    let mut highlights = Vec::new();
    for (text, units) in &texts {
        let mut found: Vec<_> = shown
            .iter()
            .flat_map(|chain| places(units, chain))
            .collect();
        found.sort_unstable();
        let mut fragments = merged(&found);
        fragments.truncate(left);
        left -= fragments.len();
        if !fragments.is_empty() {
            highlights.push(Highlight {
                field: text.field.to_owned(),
                index: number(text.index),
                fragments,
            });
        }
    }
    Some(highlights)
}

/// Where a chain stands, as code points of the text.
fn places(units: &[Unit], chain: &Chain) -> Vec<(usize, usize)> {
    let (Some(first), count) = (chain.units.first(), chain.units.len()) else {
        return Vec::new();
    };
    let windows = units.windows(count).filter(|window| {
        let offset = |unit: &Unit| unit.position - window[0].position;
        window[0].text == first.text
            && window.iter().zip(&chain.units).all(|(unit, wanted)| {
                unit.text == wanted.text && offset(unit) == wanted.position - first.position
            })
    });
    let ends = windows.map(|window| (window[0].start, window[count - 1].end));
    ends.collect()
}

/// Ranges in order that do not overlap.
fn merged(places: &[(usize, usize)]) -> Vec<Fragment> {
    let mut fragments: Vec<Fragment> = Vec::new();
    for (start, end) in places {
        let (start, end) = (number(*start), number(*end));
        match fragments.last_mut() {
            Some(last) if start < last.end => last.end = last.end.max(end),
            _ => fragments.push(Fragment { start, end }),
        }
    }
    fragments
}

fn number(count: usize) -> i32 {
    i32::try_from(count).expect("a text has at most 1 MiB")
}
