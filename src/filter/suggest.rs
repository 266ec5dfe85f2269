//! Says which field an unknown one may be meant as.

use crate::error::Violation;
use crate::filter::Fault;
use crate::filter::check::Schema;
use crate::filter::parse::Field;

const SUGGESTIONS_MAX: usize = 3;

/// The fault of a field that the schema does not have, with those that are written almost like it,
/// or else all.
pub fn unknown(schema: &Schema, field: &Field) -> Fault {
    let shown = Violation::shown(&field.path);
    let near = nearest(schema.fields.iter().map(|spec| spec.path), &field.path);
    let near: Vec<String> = near.iter().map(|path| format!("{path:?}")).collect();
    let suggestion = match near.as_slice() {
        [] => {
            let all: Vec<&str> = schema.fields.iter().map(|spec| spec.path).collect();
            format!("; the fields are {}", all.join(", "))
        }
        near => format!(" (did you mean {}?)", near.join(" or ")),
    };
    Fault::new(field.column, format!("unknown field {shown}{suggestion}"))
}

/// The paths nearest to the given one, as a whole before in parts: `titel` may be `honours.title`, and
/// `article.state` may be `state`.
pub fn nearest<'a>(paths: impl Iterator<Item = &'a str>, given: &str) -> Vec<&'a str> {
    let ranked = paths.filter_map(|path| Some((rank(path, given)?, path)));
    let mut ranked: Vec<((usize, bool), &str)> = ranked.collect();
    let Some(least) = ranked.iter().map(|(rank, _)| *rank).min() else {
        return Vec::new();
    };
    ranked.retain(|(rank, _)| *rank == least);
    let nearest = ranked.into_iter().map(|(_, path)| path);
    nearest.take(SUGGESTIONS_MAX).collect()
}

/// How far a path is from the given one, and whether a part of one of them was left out; nothing when
/// it is too far.
fn rank(path: &str, given: &str) -> Option<(usize, bool)> {
    let whole = within_reach(path, given).map(|distance| (distance, false));
    let of_path = ends(path).filter_map(|end| within_reach(end, given));
    let of_given = ends(given).filter_map(|end| within_reach(path, end));
    let part = of_path
        .chain(of_given)
        .min()
        .map(|distance| (distance, true));
    whole.into_iter().chain(part).min()
}

/// A path without its first segments.
fn ends(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('.').map(|(at, _)| &path[at + 1..])
}

fn within_reach(path: &str, given: &str) -> Option<usize> {
    let reach = given.chars().count() / 3 + 1;
    // What is longer or shorter by more cannot be nearer, and need not be compared.
    if path.len().abs_diff(given.chars().count()) > reach {
        return None;
    }
    Some(distance(path, given)).filter(|distance| *distance <= reach)
}

/// Insertions, deletions and replacements between two texts.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (place, to) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 7] = [
        "headline",
        "state",
        "publication.page",
        "honours.title",
        "honours.state",
        "works.title",
        "people.offices.station",
    ];

    #[test]
    fn paths_are_found_by_their_parts() {
        for (given, near) in [
            ("hedline", &["headline"][..]),
            ("Headline", &["headline"]),
            ("titel", &["honours.title", "works.title"]),
            ("honours.titel", &["honours.title"]),
            ("honour.title", &["honours.title"]),
            ("page", &["publication.page"]),
            ("offices.station", &["people.offices.station"]),
            ("station", &["people.offices.station"]),
            ("article.state", &["state"]),
            ("states", &["state"]),
            ("枫桥", &[]),
            ("is_deleted", &[]),
            ("a", &[]),
            ("", &[]),
        ] {
            assert_eq!(nearest(PATHS.into_iter(), given), near, "{given}");
        }
    }
}
