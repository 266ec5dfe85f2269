//! Reads a bulletin page: text in, articles, stations and statistics out, each tied to where it stands.
//!
//! Pure and total: any text gives a reading, and every span cuts the page. It knows no registry and no
//! database: stations are named as the page alone allows, and `ingest/` matches them.
//!
//! What the rules know of bulletins stands in `rules/`, one readable table a subject.

pub mod bodies;
pub mod bylines;
pub mod events;
pub mod figures;
pub mod honours;
pub mod layout;
pub mod links;
pub mod marked;
pub mod numerals;
pub mod passage;
pub mod people;
pub mod quotations;
pub mod reading;
pub mod records;
pub mod story;
pub mod table;
#[cfg(test)]
pub mod testing;
pub mod units;
pub mod vocabulary;
pub mod works;

use self::reading::{Reading, read};
use self::records::{Records, records};
use crate::page::Page;
use crate::pb::ingest_bulletin_response::Warning;
use crate::pb::ingest_bulletin_response::warning::Code;
use crate::pb::{Publication, Station, station};

/// What a page comes to, all of it named as the page alone allows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extract {
    /// In the order of the page.
    pub articles: Vec<Records>,
    /// Every unit the page names, parents first, as it would be proposed.
    pub stations: Vec<Station>,
    /// What was left out.
    pub warnings: Vec<Warning>,
}

/// What the tables are for, once each.
const SAMPLE: &str = "海州公安通报\n\n今年以来,海州市公安局城东派出所所长李明说,共查处违法行为1.2万起,同比下降8.5%,\
    被授予“先进集体”称号。\n\n记者 王芳 摄";

/// Makes the tables of rules, which otherwise the first page waits for.
pub fn load_rules() {
    drop(extract(&Page::new(SAMPLE)));
}

/// Reads a page. The articles' records name its units by the names of `stations`.
pub fn extract(page: &Page) -> Extract {
    let mut reading = read(page);
    let stations = stations(&reading);
    let names: Vec<String> = stations
        .iter()
        .map(|station| station.name.clone())
        .collect();
    let articles = records(page, &mut reading, &names);
    let mut warnings: Vec<Warning> = reading
        .left_out
        .iter()
        .map(|left_out| warning(page, left_out.code, left_out.range.clone()))
        .collect();
    if articles.is_empty() {
        warnings.push(warning(page, Code::TextUnread, 0..page.length()));
    }
    for (report, records) in reading.reports.iter().zip(&articles) {
        for place in &records.left_out {
            let passage = &report.story.parts[place.part].passage;
            let range = passage.place(place.start)..passage.place(place.end);
            warnings.push(warning(page, Code::NumberUnread, range));
        }
    }
    Extract {
        articles,
        stations,
        warnings,
    }
}

/// The page's units as stations to propose, in the order of their indices.
fn stations(reading: &Reading<'_>) -> Vec<Station> {
    let name = |id: &str| format!("stations/{id}");
    let units = &reading.units.units;
    units
        .iter()
        .map(|unit| {
            let parent = unit.parent.and_then(|parent| units.get(parent));
            Station {
                name: name(&unit.id),
                display_name: unit.display_name.clone(),
                full_name: unit.full_name.clone(),
                parent: parent.map(|parent| name(&parent.id)).unwrap_or_default(),
                aliases: unit.aliases.clone(),
                kind: unit.kind.into(),
                inferred: unit.inferred.clone(),
                state: station::State::Proposed.into(),
                ..Station::default()
            }
        })
        .collect()
}

fn warning(page: &Page, code: Code, range: std::ops::Range<usize>) -> Warning {
    let message = match code {
        Code::Advertisement => "looks like an advertisement and was left out",
        Code::Tail => "related links or a copyright line, left out",
        Code::NumberUnread => "a number beyond the 1,000 an article may have, left out",
        _ => "fits no article and was left out",
    };
    let passage = passage::Passage::new(page, &[range]);
    Warning {
        code: code.into(),
        message: message.to_owned(),
        span: Some(passage.span(passage.whole())),
        candidates: Vec::new(),
    }
}

/// What the print is, as the caller knows it, and where the caller does not say, as the page does.
pub fn publication(
    given: Option<Publication>,
    printed: Option<&Publication>,
) -> Option<Publication> {
    let (Some(mut given), Some(printed)) = (given.clone(), printed) else {
        return given.or_else(|| printed.cloned());
    };
    let texts = [
        (&mut given.newspaper, &printed.newspaper),
        (&mut given.edition, &printed.edition),
        (&mut given.page, &printed.page),
        (&mut given.section, &printed.section),
    ];
    for (given, printed) in texts {
        if given.is_empty() {
            given.clone_from(printed);
        }
    }
    given.publish_date = given.publish_date.or(printed.publish_date);
    Some(given)
}
