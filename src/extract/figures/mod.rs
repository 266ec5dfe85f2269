//! The numbers a text states: value, unit, qualifier, change, what is claimed, and of what.
//!
//! A text is gone through once for its numbers (`scan`), these are told from dates, names and codes
//! (`times`, `marks`), joined to what they are compared with (`changes`), chosen (`choice`), and put
//! into records with the words they stand in (`places`, `statements`).

mod bases;
#[cfg(test)]
mod cases;
mod changes;
mod choice;
mod claims;
mod leads;
mod levels;
mod lexicon;
mod listed;
mod marks;
mod measures;
mod names;
mod pairs;
mod periods;
mod places;
mod rounding;
mod scan;
mod sheet;
mod statements;
#[cfg(test)]
mod tests;
mod times;
mod turns;
#[cfg(test)]
mod validity;

use std::collections::HashSet;
use std::ops::Range;

use changes::Reading;
use names::Names;
use sheet::Sheet;
use statements::Statements;

use super::passage::Passage;
use super::story::{Place, Role, Story};
use crate::pb::Statistic;

/// A number read from a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The words it was read from: its span.
    pub place: Place,
    /// The number itself with its unit.
    pub number: Place,
    /// All that the sentence says; no name, stations, speaker or honour yet.
    pub statistic: Statistic,
    /// Index of the figure that this one qualifies.
    pub parent: Option<usize>,
}

/// The numbers of an article, in its order. One that a headline only repeats is given once, where the
/// text tells it.
pub fn find(story: &Story<'_>) -> Vec<Figure> {
    let is_read = |role: Role| !matches!(role, Role::Byline | Role::Credit);
    let is_headline = |role: Role| {
        matches!(
            role,
            Role::Headline | Role::Kicker | Role::Deck | Role::Subhead
        )
    };
    let parts = story
        .parts
        .iter()
        .enumerate()
        .filter(|(_, part)| is_read(part.role));
    let read: Vec<(bool, Vec<Figure>)> = parts
        .map(|(index, part)| {
            let is_headline = is_headline(part.role);
            (is_headline, of_passage(&part.passage, index, is_headline))
        })
        .collect();
    let has_headline = read
        .iter()
        .any(|(is_headline, figures)| *is_headline && !figures.is_empty());
    let told: HashSet<(String, String)> = read
        .iter()
        .filter(|(is_headline, _)| has_headline && !is_headline)
        .flat_map(|(_, figures)| figures.iter().map(fact))
        .collect();
    let body = read
        .iter()
        .filter(|(is_headline, _)| has_headline && !is_headline);
    let exact = rounding::exact(body.flat_map(|(_, figures)| figures));
    let mut all = Vec::new();
    for (is_headline, mut figures) in read {
        if is_headline {
            figures.retain(|figure| {
                !told.contains(&fact(figure)) && !rounding::is_rounded(figure, &exact)
            });
        }
        let offset = all.len();
        for figure in &mut figures {
            let parent = figure.parent.filter(|_| !is_headline);
            figure.parent = parent.map(|parent| parent + offset);
        }
        all.append(&mut figures);
    }
    all
}

/// What makes two figures one fact in a headline and its text.
fn fact(figure: &Figure) -> (String, String) {
    let quantity = figure.statistic.quantity.as_ref();
    let change = figure.statistic.change.as_ref();
    let value = quantity.and_then(|quantity| quantity.value.as_ref());
    let value = value.or_else(|| change.and_then(|change| change.delta.as_ref()));
    let unit = quantity.map(|quantity| quantity.unit.clone());
    (
        value.map(|value| value.value.clone()).unwrap_or_default(),
        unit.unwrap_or_default(),
    )
}

/// The figures of one passage, in order.
fn of_passage(passage: &Passage<'_>, part: usize, is_headline: bool) -> Vec<Figure> {
    let (sheet, measures) = Sheet::of(passage.text(), is_headline);
    let mut readings = changes::read(&sheet, measures);
    choice::keep(&sheet, &mut readings);
    changes::compare(&sheet, &mut readings);
    let statements = Statements {
        sheet: &sheet,
        passage,
    };
    let mut figures = figures(&statements, &readings, part);
    for level in levels::levels(&sheet) {
        figures.push(Figure {
            place: Place::new(part, level.place.clone()),
            number: Place::new(part, level.number.clone()),
            statistic: statements.level(&level),
            parent: None,
        });
    }
    in_order(figures)
}

fn figures(statements: &Statements<'_, '_>, readings: &[Reading], part: usize) -> Vec<Figure> {
    let sheet = statements.sheet;
    let mut places = places::places(sheet, readings);
    let parents = settle_nested(sheet, readings, &mut places);
    let mut figures: Vec<Figure> = Vec::with_capacity(readings.len());
    let mut before: Option<(usize, Names)> = None;
    let mut indices = Vec::with_capacity(readings.len());
    for (index, ((reading, place), parent)) in
        readings.iter().zip(&places).zip(&parents).enumerate()
    {
        let told = before.as_ref().filter(|(clause, _)| {
            let sentence = |clause: usize| sheet.clauses[clause].sentence;
            let is_of_last = reading.is_change || names::is_of_last(sheet, reading);
            let goes_on = is_of_last && sentence(*clause) == sentence(reading.clause);
            *clause == reading.clause || goes_on
        });
        let words = own_words(sheet, readings, index, place);
        let names = names::names(sheet, reading, &words, told.map(|(_, names)| names));
        let figure = Figure {
            place: Place::new(part, place.clone()),
            number: Place::new(part, reading.measure.core.clone()),
            statistic: statements.statistic(reading, place, &names),
            parent: *parent,
        };
        indices.push(figures.len());
        let second = second_honour(sheet, reading, &figure);
        figures.push(figure);
        figures.extend(second);
        before = Some((reading.clause, names));
    }
    for figure in &mut figures {
        figure.parent = figure
            .parent
            .and_then(|parent| indices.get(parent).copied());
    }
    figures
}

/// The words of a figure that are not its neighbours'.
fn own_words(
    sheet: &Sheet<'_>,
    readings: &[Reading],
    index: usize,
    place: &Range<usize>,
) -> Range<usize> {
    let before = index.checked_sub(1).map(|index| &readings[index]);
    // 破案率连续8年保持100%: how long it has been so is no name.
    let before = before.filter(|before| !before.measure.is_in_a_row(sheet.text));
    let before = before.map(|before| {
        let end = before.measure.whole.end;
        let number = readings[index].measure.whole.start;
        // 3人死亡、5人受伤: what stands before the mark is of the number before.
        let between = sheet.text.get(end..number).unwrap_or_default();
        if between.ends_with('、') {
            number
        } else {
            end
        }
    });
    let after = readings.get(index + 1).map(places::first_of);
    let start = before.map_or(place.start, |before| before.max(place.start));
    let end = after.map_or(place.end, |after| after.min(place.end));
    start..end.max(start)
}

/// Gives conditions and lengths that stand in the words of another figure their own words, and tells
/// which figure a condition is of.
fn settle_nested(
    sheet: &Sheet<'_>,
    readings: &[Reading],
    places: &mut [Range<usize>],
) -> Vec<Option<usize>> {
    let mut parents = vec![None; readings.len()];
    for index in 0..readings.len() {
        let measure = &readings[index].measure;
        if let Some(next) = readings.get(index + 1)
            && let Some(end) = places::end_of_condition(sheet, &readings[index], next)
        {
            let start = sheet
                .clause_of(&measure.core)
                .start
                .max(places[index].start);
            places[index] = sheet.trimmed(start..end);
            parents[index] = Some(index + 1);
        }
        let is_half = measure.form == super::numerals::Form::Half;
        if is_half
            && let Some(before) = index
                .checked_sub(1)
                .filter(|before| readings[*before].clause == readings[index].clause)
        {
            places[index].start = readings[before].measure.core.start;
        }
        if measure.unit.is_some_and(|unit| unit.word == "连冠") {
            places[index] = streak(sheet, &readings[index]);
        }
    }
    parents
}

/// The words of 争创…“六连冠”: from the last time before it to its quotation mark.
fn streak(sheet: &Sheet<'_>, reading: &Reading) -> Range<usize> {
    let number = &reading.measure.core;
    let clause = sheet.clause_of(number);
    let after = sheet
        .moments
        .partition_point(|moment| moment.range.end <= number.start);
    let time = after
        .checked_sub(1)
        .map_or(0, |index| sheet.moments[index].range.end);
    let start = clause.start.max(time);
    let end = match sheet.text[number.end..].starts_with('”') {
        true => number.end + '”'.len_utf8(),
        false => number.end,
    };
    sheet.trimmed(start..end)
}

/// 等4家单位被命名为…,并被…授予…: the number counts those that were given the second honour too.
fn second_honour(sheet: &Sheet<'_>, reading: &Reading, figure: &Figure) -> Option<Figure> {
    const GIVEN: [&str; 6] = ["命名为", "授予", "评为", "记集体", "荣获", "表彰为"];
    let next = sheet.clauses.get(reading.clause + 1)?;
    let second = &sheet.text[next.range.clone()];
    let goes_on = ["并被", "还被", "同时被", "并获", "并荣获"]
        .iter()
        .any(|word| second.starts_with(word));
    if !goes_on {
        return None;
    }
    let first =
        &sheet.text[reading.measure.core.end..figure.place.end.max(reading.measure.core.end)];
    let is_given = first.contains('被') && GIVEN.iter().any(|word| first.contains(word));
    let is_same_sentence = next.sentence == sheet.clauses[reading.clause].sentence;
    let has_honour = GIVEN.iter().any(|word| second.contains(word));
    if !(is_given && is_same_sentence && has_honour) || next.range.len() > 300 {
        return None;
    }
    let mut statistic = figure.statistic.clone();
    let metric = second.trim_start_matches('并');
    statistic.metric = statements::line(&format!("{metric}的单位数"))
        .chars()
        .take(120)
        .collect();
    let place = sheet.trimmed(figure.place.start..next.range.end);
    Some(Figure {
        place: Place::new(figure.place.part, place),
        number: figure.number.clone(),
        statistic,
        parent: None,
    })
}

/// Sorts figures by their numbers, and keeps parents with their children.
fn in_order(figures: Vec<Figure>) -> Vec<Figure> {
    if figures.is_sorted_by_key(|figure| figure.number.start) {
        return figures;
    }
    let mut order: Vec<usize> = (0..figures.len()).collect();
    order.sort_by_key(|index| (figures[*index].number.start, *index));
    let mut rank = vec![0; figures.len()];
    for (new, old) in order.iter().enumerate() {
        rank[*old] = new;
    }
    let mut sorted: Vec<Option<Figure>> = figures.into_iter().map(Some).collect();
    let moved = order.into_iter().filter_map(|old| sorted[old].take());
    moved
        .map(|figure| Figure {
            parent: figure.parent.map(|parent| rank[parent]),
            ..figure
        })
        .collect()
}
