//! What a unit is called: the name shown, the whole chain, and the other names of the page.

use std::collections::{BTreeMap, BTreeSet};

use super::Unit;
use super::page::{Draft, Printed};
use super::regions::{self, Level};
use super::words::Class;
use crate::pb::station::Kind;
use crate::stations::draft::{ALIASES_MAX, DISPLAY_NAME_LENGTH_MAX, FULL_NAME_LENGTH_MAX};

/// The units as records, in the order of the drafts.
pub fn units(drafts: &[Draft]) -> Vec<Unit> {
    let displays = displays(drafts);
    let mut full: Vec<Option<String>> = vec![None; drafts.len()];
    for unit in 0..drafts.len() {
        fill_full_name(drafts, &displays, &mut full, unit);
    }
    let ids = super::ids::ids(drafts);
    let printed: BTreeSet<&str> = drafts
        .iter()
        .flat_map(|draft| draft.printed.iter().filter(|printed| !printed.is_shared))
        .map(|printed| printed.text.as_str())
        .collect();
    let units = drafts.iter().zip(&displays).zip(full).zip(ids);
    units
        .map(|(((draft, display), full), id)| {
            let full = full.filter(|full| {
                full.len() > display.len() && full.chars().count() <= FULL_NAME_LENGTH_MAX
            });
            let full_name = full.unwrap_or_default();
            let mut inferred = Vec::new();
            if !full_name.is_empty() && !printed.contains(full_name.as_str()) {
                inferred.push("full_name".to_owned());
            }
            if draft.parent.is_some() && !draft.is_below {
                inferred.push("parent".to_owned());
            }
            Unit {
                id,
                aliases: aliases(draft, display, &full_name),
                display_name: display.clone(),
                full_name,
                parent: draft.parent,
                kind: kind(draft),
                inferred,
            }
        })
        .collect()
}

/// The shortest name that tells the unit on this page: for stations their own, for others the chain.
fn displays(drafts: &[Draft]) -> Vec<String> {
    let mut displays: Vec<String> = drafts.iter().map(|draft| best(draft).1).collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for display in &displays {
        *times.entry(display).or_default() += 1;
    }
    let doubled: Vec<usize> = (0..drafts.len())
        .filter(|unit| times[displays[*unit].as_str()] > 1)
        .collect();
    for unit in doubled {
        let whole = best(&drafts[unit]).0;
        if whole.chars().count() <= DISPLAY_NAME_LENGTH_MAX {
            displays[unit] = whole;
        }
    }
    displays
}

/// The best name printed: the whole of it, and the part that is shown.
fn best(draft: &Draft) -> (String, String) {
    let is_worse = |printed: &&Printed| {
        let rank = (printed.is_body, printed.is_shared);
        (
            rank,
            std::cmp::Reverse((printed.segments, printed.has_place)),
        )
    };
    let Some(best) = draft.printed.iter().min_by_key(is_worse) else {
        return Default::default();
    };
    let by_itself = match draft.class {
        Class::Station | Class::Post => true,
        Class::Bureau | Class::Division | Class::Department => best.segments == 1,
        _ => false,
    };
    let is_long = best.text.chars().count() > DISPLAY_NAME_LENGTH_MAX;
    let shown = if by_itself || is_long {
        &best.own
    } else {
        &best.text
    };
    (best.text.clone(), shown.clone())
}

fn fill_full_name(drafts: &[Draft], displays: &[String], full: &mut [Option<String>], unit: usize) {
    // From the unit up to the first whose name is known, then down again.
    let mut path = vec![unit];
    while let Some(parent) = path.last().and_then(|unit| drafts[*unit].parent) {
        if full[parent].is_some() || path.contains(&parent) {
            break;
        }
        path.push(parent);
    }
    for unit in path.into_iter().rev() {
        if full[unit].is_some() {
            continue;
        }
        let above = drafts[unit].parent.and_then(|parent| full[parent].clone());
        full[unit] = Some(full_name(&drafts[unit], &displays[unit], above));
    }
}

fn full_name(draft: &Draft, display: &str, above: Option<String>) -> String {
    let places = &draft.places;
    let with_place = |short: &str, level, ending: &str| {
        let region = regions::find(short, level);
        region.map(|region| format!("{}{ending}", region.full))
    };
    match draft.class {
        Class::Ministry | Class::Border => display.to_owned(),
        Class::Bureau if draft.is_body() && draft.level == Some(Level::County) => {
            let county = with_place(&places.county, Level::County, "公安局");
            county
                .filter(|full| !full.contains('区'))
                .unwrap_or_else(|| display.to_owned())
        }
        Class::Department if draft.is_body() || !draft.segment.has_place() => {
            with_place(&places.province, Level::Province, "公安厅")
                .unwrap_or_else(|| display.to_owned())
        }
        Class::Bureau
            if (draft.segment.is_deictic || draft.is_body())
                && draft.level == Some(Level::City) =>
        {
            with_place(&places.city, Level::City, "公安局").unwrap_or_else(|| display.to_owned())
        }
        Class::Department | Class::Bureau | Class::Division => display.to_owned(),
        _ => match above {
            Some(above) if draft.is_below || needs_above(draft) => {
                let (_, own) = own(draft);
                let own = without_police(&own, draft, &above);
                format!("{above}{own}")
            }
            _ => display.to_owned(),
        },
    }
}

/// 大桥派出所 does not say whose it is; 鄞州交警大队 does.
fn needs_above(draft: &Draft) -> bool {
    match draft.class {
        Class::Branch | Class::Station | Class::Post | Class::Custody => true,
        Class::Force => !draft.segment.has_place() && !draft.segment.is_deictic,
        _ => false,
    }
}

/// The unit's own name, as its best chain has it.
fn own(draft: &Draft) -> (usize, String) {
    let printed = draft.printed.iter().filter(|printed| !printed.is_body);
    let best = printed.max_by_key(|printed| printed.segments);
    best.map(|printed| (printed.segments, printed.own.clone()))
        .unwrap_or_default()
}

/// 海曙公安分局 is 海曙分局 behind 宁波市公安局.
fn without_police(own: &str, draft: &Draft, above: &str) -> String {
    let is_said = draft.class == Class::Branch && above.ends_with("公安局");
    match own.strip_suffix("公安分局") {
        Some(name) if is_said && !name.is_empty() => format!("{name}分局"),
        _ => own.to_owned(),
    }
}

/// Other names, but no chain that says the same with the units above.
fn aliases(draft: &Draft, display: &str, full_name: &str) -> Vec<String> {
    let shown = own(draft).1;
    let is_chain = |printed: &&Printed| printed.segments > 1 && printed.own == shown;
    let mut aliases = Vec::new();
    for printed in &draft.printed {
        let is_other = printed.text != display && printed.text != full_name && !is_chain(&printed);
        let is_long = printed.text.chars().count() > DISPLAY_NAME_LENGTH_MAX;
        if is_other && !is_long && aliases.len() < ALIASES_MAX && !aliases.contains(&printed.text) {
            aliases.push(printed.text.clone());
        }
    }
    aliases
}

fn kind(draft: &Draft) -> Kind {
    if draft.is_body() {
        return body_kind(draft);
    }
    draft.segment.ending.kind.unwrap_or(match draft.level {
        Some(Level::City) => Kind::MunicipalBureau,
        _ => Kind::CountyBureau,
    })
}

/// The police of a place is its bureau; its traffic police what such a place has.
fn body_kind(draft: &Draft) -> Kind {
    let is_district = draft.level == Some(Level::County)
        && draft
            .printed
            .iter()
            .any(|printed| printed.own.contains('区'));
    match (draft.class, draft.level) {
        (Class::Traffic, Some(Level::Province)) => Kind::Corps,
        (Class::Traffic, Some(Level::City)) => Kind::Detachment,
        (Class::Traffic, _) => Kind::Brigade,
        (Class::Division, _) => Kind::Other,
        (_, Some(Level::Province)) => Kind::ProvincialDepartment,
        (_, Some(Level::City)) => Kind::MunicipalBureau,
        _ if is_district => Kind::BranchBureau,
        _ => Kind::CountyBureau,
    }
}
