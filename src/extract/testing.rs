//! Articles for tests: a headline, one paragraph a line, and units that are named by the test.

use super::layout;
use super::story::{Place, Story};
use super::units::{Found, Unit, Units};
use crate::page::Page;
use crate::pb::station::Kind;

/// Reads a text below a headline, with these units, and hands the article over.
pub fn with<T>(text: &str, names: &[&str], read: impl FnOnce(&Story<'_>, &Units) -> T) -> T {
    let page = Page::new(&format!("标题\n{text}"));
    let stories = layout::stories(&page);
    let units = units(&stories[0], names);
    read(&stories[0], &units)
}

fn units(story: &Story<'_>, names: &[&str]) -> Units {
    let mut units = Units::default();
    for name in names {
        units.units.push(Unit {
            display_name: (*name).to_owned(),
            kind: kind(name),
            ..Unit::default()
        });
    }
    for (part, passage) in story.body() {
        let mut places: Vec<(Place, usize)> = Vec::new();
        for (unit, name) in names.iter().enumerate() {
            let found = passage.text().match_indices(name);
            places.extend(found.map(|(at, _)| (Place::new(part, at..at + name.len()), unit)));
        }
        places.sort_by_key(|(place, _)| (place.start, std::cmp::Reverse(place.end)));
        units
            .found
            .extend(places.into_iter().map(|(place, unit)| Found {
                story: 0,
                place,
                unit,
                points_back: names[unit].starts_with('该'),
            }));
    }
    units
}

fn kind(name: &str) -> Kind {
    let kinds = [
        ("公安部", Kind::Ministry),
        ("公安厅", Kind::ProvincialDepartment),
        ("派出所", Kind::PoliceStation),
        ("分局", Kind::BranchBureau),
        ("支队", Kind::Detachment),
        ("大队", Kind::Brigade),
        ("中队", Kind::Squadron),
        ("县公安局", Kind::CountyBureau),
        ("市公安局", Kind::MunicipalBureau),
    ];
    let found = kinds.iter().find(|(end, _)| name.ends_with(end));
    found.map_or(Kind::Other, |(_, kind)| *kind)
}
