//! What a figure is of: the units it counts for, who said it, the honour whose recipients it counts.

use std::ops::Range;

use super::figures::Figure;
use super::honours::Honour;
use super::quotations::Quotation;
use super::reading::Report;
use super::story::{Place, Story, sentences};
use super::units::{Found, Units};
use crate::pb::quotation::Mode;

/// Words behind a unit by which it only tells which case or whose order is meant: 公安部督办案件.
const ATTRIBUTES: [&str; 9] = [
    "督办",
    "挂牌",
    "目标案",
    "交办",
    "部署",
    "统一部署",
    "通缉",
    "A级",
    "B级",
];

/// Words that join units of one deed.
const JOINTS: [&str; 10] = [
    "、", "和", "及", "与", "以及", "同", "联合", "会同", "协同", "配合",
];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Indices of units.
    pub stations: Vec<usize>,
    /// Id of a person of the article; empty when nobody is known to have said it.
    pub speaker: String,
    /// Id of an honour of the article; empty when it counts no recipients.
    pub honour: String,
}

/// What each figure of an article is of; `index` is that of the story.
pub fn find(report: &Report<'_>, index: usize, units: &Units) -> Vec<Link> {
    let named = Named::of(index, units);
    let reach: Vec<(&Quotation, Place)> = report
        .quotations
        .iter()
        .filter(|quotation| !quotation.quotation.person.is_empty())
        .map(|quotation| (quotation, reach(&report.story, quotation)))
        .collect();
    let mut sentences = Sentences::of(&report.story);
    let figures = report.figures.iter();
    let mut links: Vec<Link> = figures
        .map(|figure| {
            let honour = honour_of(figure, &report.honours);
            let stations = match honour {
                Some(honour) => honour.recipients.clone(),
                None => {
                    let text = report.story.parts[figure.number.part].passage.text();
                    named.before(figure, text, sentences.around(&figure.number))
                }
            };
            let said = reach
                .iter()
                .rev()
                .find(|(_, reach)| reach.contains(&figure.number));
            Link {
                stations,
                speaker: said.map_or_else(String::new, |(said, _)| said.quotation.person.clone()),
                honour: honour.map_or_else(String::new, |honour| honour.honour.id.clone()),
            }
        })
        .collect();
    take_turns(report, &mut links);
    links
}

/// 城东分局、城西分局得分分别为96分、95分: each of listed numbers is of the unit in its turn.
fn take_turns(report: &Report<'_>, links: &mut [Link]) {
    let figures = &report.figures;
    let goes_on = |one: &Figure, two: &Figure| {
        let text = report.story.parts[one.number.part].passage.text();
        let is_same = one.number.part == two.number.part;
        let between = text.get(one.number.end..two.number.start);
        is_same && matches!(between, Some("、" | "和" | "及" | "与" | ","))
    };
    let mut start = 0;
    while start < figures.len() {
        let pairs = figures[start..].windows(2);
        let count = 1 + pairs.take_while(|pair| goes_on(&pair[0], &pair[1])).count();
        if count == 1 || links[start].stations.len() != count {
            start += count;
            continue;
        }
        let first = &figures[start];
        let text = report.story.parts[first.number.part].passage.text();
        let lead = text.get(first.place.start..first.number.start);
        let is_each = lead.is_some_and(|lead| lead.contains("分别"));
        let stations = links[start].stations.clone();
        if is_each {
            for (link, station) in links[start..start + count].iter_mut().zip(stations) {
                link.stations = vec![station];
            }
        }
        start += count;
    }
}

/// The units a story names, outermost mentions only, in its order.
struct Named<'u> {
    found: Vec<&'u Found>,
}

impl<'u> Named<'u> {
    fn of(index: usize, units: &'u Units) -> Self {
        let mut found: Vec<&Found> = Vec::new();
        for named in units.of(index) {
            // What lies inside the one before is a part of its name.
            if found
                .last()
                .is_none_or(|last| !last.place.contains(&named.place))
            {
                found.push(named);
            }
        }
        Self { found }
    }

    /// The units that the words of a figure name; else the nearest before it in its sentence, with
    /// those that it is listed with.
    fn before(&self, figure: &Figure, text: &str, sentence: Range<usize>) -> Vec<usize> {
        let number = &figure.number;
        let is_attribute = |found: &&&Found| {
            let after = text.get(found.place.end..).unwrap_or_default();
            ATTRIBUTES.iter().any(|word| after.starts_with(word))
        };
        let start = self.found.partition_point(|found| {
            (found.place.part, found.place.end) <= (number.part, sentence.start)
        });
        let before = self.found[start..]
            .iter()
            .take_while(|found| found.place.part == number.part && found.place.end <= number.start);
        let before: Vec<&&Found> = before.filter(|found| !is_attribute(found)).collect();
        let own = before
            .iter()
            .filter(|found| figure.place.contains(&found.place));
        let mut stations: Vec<usize> = own.map(|found| found.unit).collect();
        if stations.is_empty() {
            let is_joined = |pair: &[&&Found]| {
                let between = text.get(pair[0].place.end..pair[1].place.start);
                between.is_some_and(|between| JOINTS.contains(&between))
            };
            let joined = before.windows(2).rev().take_while(|pair| is_joined(pair));
            let count = joined.count() + 1;
            let nearest = before.iter().rev().take(count).rev();
            stations.extend(nearest.map(|found| found.unit));
        }
        let mut seen = std::collections::HashSet::new();
        stations.retain(|unit| seen.insert(*unit));
        stations
    }
}

/// The honour whose recipients a figure counts.
fn honour_of<'h>(figure: &Figure, honours: &'h [Honour]) -> Option<&'h Honour> {
    let value = figure.statistic.quantity.as_ref()?.value.as_ref()?;
    honours.iter().find(|honour| {
        let touches = honour.place.contains(&figure.number)
            || figure.place.contains(&honour.place)
            || figure.place == honour.place;
        let count = honour.honour.recipient_count;
        touches && count > 0 && value.value == count.to_string()
    })
}

/// Up to where somebody speaks: a quotation with the rest of its sentence, and of its paragraph when
/// what is said is a list after a colon.
fn reach(story: &Story<'_>, quotation: &Quotation) -> Place {
    let place = &quotation.place;
    let text = story.parts[place.part].passage.text();
    let lists = quotation.quotation.mode() == Mode::Indirect && text[place.range()].contains(':');
    let end = if lists {
        text.len()
    } else {
        let rest = &text[place.end..];
        place.end + sentences(rest).next().map_or(0, |sentence| sentence.end)
    };
    Place::new(place.part, place.start..end)
}

/// The sentences of the part that was asked of last: figures come in the order of the text.
struct Sentences<'s, 'p> {
    story: &'s Story<'p>,
    part: Option<usize>,
    ranges: Vec<Range<usize>>,
}

impl<'s, 'p> Sentences<'s, 'p> {
    fn of(story: &'s Story<'p>) -> Self {
        Self {
            story,
            part: None,
            ranges: Vec::new(),
        }
    }

    fn around(&mut self, place: &Place) -> Range<usize> {
        if self.part != Some(place.part) {
            self.part = Some(place.part);
            self.ranges = sentences(self.story.parts[place.part].passage.text()).collect();
        }
        let at = self
            .ranges
            .partition_point(|sentence| sentence.end <= place.start);
        self.ranges
            .get(at)
            .cloned()
            .unwrap_or_else(|| place.range())
    }
}
