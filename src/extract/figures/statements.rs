//! Puts together the records of a text's numbers.

use std::ops::Range;

use rust_decimal::Decimal;

use super::changes::{Change, Reading};
use super::claims::{self, Claim};
use super::levels::{Level, LevelKind};
use super::lexicon::{Cue, Listed, Move, UnitKind};
use super::measures::Measure;
use super::names::{self, Names};
use super::periods::{self, Told};
use super::sheet::Sheet;
use crate::decimal;
use crate::extract::passage::Passage;
use crate::pb::comparison::Direction;
use crate::pb::statistic::{Approximation, Assertion, Qualifier};
use crate::pb::{self, Statistic};

const PLACE_LENGTH_MAX: usize = 200;

/// Makes records of what one passage says.
pub struct Statements<'s, 'p> {
    pub sheet: &'s Sheet<'s>,
    pub passage: &'s Passage<'p>,
}

impl Statements<'_, '_> {
    /// The record of a number.
    pub fn statistic(&self, reading: &Reading, place: &Range<usize>, names: &Names) -> Statistic {
        let measure = &reading.measure;
        let told = periods::told(self.sheet, reading);
        let claim = claims::claim(self.sheet, reading, place);
        let is_change = reading.is_change;
        let bounded = if is_change {
            None
        } else {
            self.peak(reading, place)
        };
        let mut statistic = Statistic {
            metric: line(&names.metric),
            categories: names.categories.iter().map(|name| line(name)).collect(),
            subject: line(&names.subject),
            quantity: Some(self.quantity(reading, place)),
            qualifier: Qualifier::Exact.into(),
            place: self.region(reading),
            period: told.as_ref().map(|told| self.period(told)),
            change: self.comparison(reading),
            items: self.printed_all(&names::items(self.sheet, reading)),
            ..Statistic::default()
        };
        let is_range = measure.qualifier == Qualifier::Range;
        if !(is_change && is_range) {
            let qualifier = bounded
                .as_ref()
                .map_or(measure.qualifier, |_| Qualifier::AtMost);
            let word = bounded.or_else(|| measure.bound.clone());
            statistic.qualifier = qualifier.into();
            statistic.qualifier_text = word.map(|word| self.printed(word)).unwrap_or_default();
            let is_below = statistic.qualifier_text.contains('近');
            if qualifier == Qualifier::Approximate && is_below {
                statistic.approximation = Approximation::Below.into();
            }
        }
        let is_streak = measure.unit.is_some_and(|unit| unit.word == "连冠");
        if is_streak && measure.value_max.is_none() {
            statistic.qualifier = Qualifier::Ordinal.into();
            statistic.approximation = 0;
        }
        self.claim(&mut statistic, claim);
        note_inferred(&mut statistic, reading);
        statistic
    }

    fn claim(&self, statistic: &mut Statistic, claim: Claim) {
        statistic.assertion = claim.assertion.into();
        statistic.target_kind = claim.target_kind.into();
        statistic.hedge = claim
            .hedge
            .map(|hedge| self.printed(hedge))
            .unwrap_or_default();
        statistic.trend_text = claim
            .trend
            .map(|trend| self.printed(trend))
            .unwrap_or_default();
    }

    fn quantity(&self, reading: &Reading, place: &Range<usize>) -> pb::Quantity {
        let measure = &reading.measure;
        let unit = measure.unit;
        let word = unit.map_or("", |unit| unit.word);
        let kept = unit.map_or("", |unit| unit.unit);
        let lead = &self.sheet.text[place.start.min(measure.core.start)..measure.core.start];
        let mut quantity = pb::Quantity {
            unit: kept.to_owned(),
            ..pb::Quantity::default()
        };
        if reading.is_change {
            return quantity;
        }
        quantity.value = Some(decimal::canonical(measure.value));
        quantity.value_max = measure.value_max.map(decimal::canonical);
        quantity.as_written = self.printed(measure.written.clone());
        quantity.significant_digits = self.significant_digits(measure);
        let is_money = unit.is_some_and(|unit| unit.kind == UnitKind::Money);
        if word != kept && !is_money {
            word.clone_into(&mut quantity.unit_text);
        }
        quantity.per = names::per(lead);
        // 5000元/人: money per somebody.
        let after = word
            .split_once('/')
            .filter(|_| is_money)
            .map(|(_, per)| per);
        let is_new =
            |per: &&str| quantity.per.len() < 5 && !quantity.per.iter().any(|known| known == per);
        quantity.per.extend(after.filter(is_new).map(str::to_owned));
        quantity
    }

    fn significant_digits(&self, measure: &Measure) -> i32 {
        let written = &self.sheet.text[measure.written.clone()];
        let is_multiplied = written.contains(['百', '千', '万', '亿', '成']);
        if is_multiplied {
            measure.significant_digits
        } else {
            0
        }
    }

    /// The 最高 that the number is the value of: 最高额度由2万调整为3万元.
    fn peak(&self, reading: &Reading, place: &Range<usize>) -> Option<Range<usize>> {
        const BETWEEN: [&str; 14] = [
            "额度",
            "限额",
            "可",
            "贷款",
            "奖励",
            "补贴",
            "补助",
            "给予",
            "授信",
            "罚款",
            "不超过",
            "金额",
            "罚",
            "奖",
        ];
        let first = reading
            .before
            .as_ref()
            .map_or(&reading.measure, |before| before);
        let is_exact = reading.measure.qualifier == Qualifier::Exact;
        if !is_exact {
            return None;
        }
        let lead = self.sheet.text.get(place.start..first.core.start)?;
        let at = lead.rfind("最高")?;
        let rest = &lead[at + "最高".len()..];
        let names_bound = BETWEEN.iter().any(|word| rest.starts_with(word));
        let start = place.start + at;
        (names_bound && rest.len() < 60).then_some(start..start + "最高".len())
    }

    /// The difference told of a number.
    fn comparison(&self, reading: &Reading) -> Option<pb::Comparison> {
        let from_to = reading
            .before
            .as_ref()
            .map(|before| from_to(before, reading));
        let Some(change) = reading.change.as_ref() else {
            return from_to;
        };
        let delta = change.delta.as_ref();
        let qualifier = delta.map_or(Qualifier::Unspecified, |delta| match delta.qualifier {
            Qualifier::Exact | Qualifier::Range => Qualifier::Unspecified,
            bounded => bounded,
        });
        let unit = delta.and_then(|delta| delta.unit);
        Some(pb::Comparison {
            delta: delta.map(|delta| decimal::canonical(delta.value)),
            delta_unit: unit.map_or("", |unit| unit.unit).to_owned(),
            qualifier: qualifier.into(),
            direction: from_to
                .as_ref()
                .map_or(direction(change).into(), |told| told.direction),
            previous_value: from_to.and_then(|told| told.previous_value),
            basis: change
                .basis
                .clone()
                .map(|basis| self.printed(basis))
                .unwrap_or_default(),
            ..pb::Comparison::default()
        })
    }

    fn period(&self, told: &Told) -> pb::Period {
        let mut period = told.period.clone();
        period.text = told
            .text
            .clone()
            .map(|text| self.printed(text))
            .unwrap_or_default();
        period.end_text = told
            .end_text
            .clone()
            .map(|text| self.printed(text))
            .unwrap_or_default();
        period
    }

    /// The place a figure is of: 全市, 市六区, 该网格.
    fn region(&self, reading: &Reading) -> String {
        let number = &reading.measure.core;
        let start = periods::sentence_start(self.sheet, reading.clause);
        let range = start.min(number.start)..number.start;
        let range = self.sheet.within_reach(range, number);
        let cues = self.sheet.cues_in(range.clone()).iter().rev();
        let mut places = cues.filter(|hit| hit.cue == Cue::Place);
        let told = places.find(|hit| {
            let (place, rest) = self.sheet.text.split_at(hit.range.end);
            let place = &place[hit.range.start..];
            // 城区41起、乡镇55起: a part that is counted itself is not where the next is.
            let is_part = !place.starts_with(['全', '我'])
                && rest.starts_with(|char: char| char.is_ascii_digit());
            let is_other = is_part && hit.range.end != reading.measure.whole.start;
            !is_other && !is_of_a_title(rest) && !is_of_a_unit(place, rest)
        });
        let told = told.map(|hit| hit.range.clone());
        let that = that_area(&self.sheet.text[range.clone()]);
        let that = that.map(|area| range.start + area.start..range.start + area.end);
        that.or(told)
            .map(|place| self.printed(place))
            .unwrap_or_default()
    }

    /// The record of a level or a nought.
    pub fn level(&self, level: &Level) -> Statistic {
        let (unit, qualifier, assertion) = match level.kind {
            LevelKind::Grade => ("级", Qualifier::Ordinal, Assertion::Structure),
            LevelKind::Grades => ("级", Qualifier::Exact, Assertion::Structure),
            LevelKind::Nought => ("起", Qualifier::Exact, Assertion::Reported),
        };
        let is_counted = level.kind == LevelKind::Grades;
        let as_written = if is_counted {
            String::new()
        } else {
            self.printed(level.number.clone())
        };
        let inferred = match level.kind {
            LevelKind::Grade => Vec::new(),
            LevelKind::Grades => vec!["quantity.value".to_owned()],
            LevelKind::Nought => vec!["quantity.unit".to_owned()],
        };
        let start = level.place.start.min(level.number.start);
        let lead = self.sheet.text[start..level.number.start].trim_end_matches(['“', '是', '为']);
        let after = if is_counted { "等级数" } else { "等级" };
        let after = if level.kind == LevelKind::Nought {
            "发生数"
        } else {
            after
        };
        Statistic {
            metric: line(&format!("{lead}{after}"))
                .chars()
                .take(PLACE_LENGTH_MAX)
                .collect(),
            items: self.printed_all(&level.items),
            quantity: Some(pb::Quantity {
                value: Some(decimal::canonical(level.value)),
                as_written,
                unit: unit.to_owned(),
                ..pb::Quantity::default()
            }),
            qualifier: qualifier.into(),
            assertion: assertion.into(),
            inferred,
            ..Statistic::default()
        }
    }

    fn printed(&self, range: Range<usize>) -> String {
        let printed = self.passage.printed(range);
        if is_line(&printed) {
            return printed;
        }
        line(&printed)
    }

    fn printed_all(&self, ranges: &[Range<usize>]) -> Vec<String> {
        let printed = ranges.iter().map(|range| self.printed(range.clone()));
        printed.filter(|item| !item.is_empty()).collect()
    }
}

/// 全国文明城市: the place is part of a title.
fn is_of_a_title(rest: &str) -> bool {
    Listed::Title.begins(rest)
}

/// 城区中队, 市区大队: the place is part of a unit's name; 全县派出所 are all of the place.
fn is_of_a_unit(place: &str, rest: &str) -> bool {
    const UNITS: [&str; 5] = ["中队", "大队", "派出所", "分局", "交警"];
    !place.starts_with(['全', '我']) && UNITS.iter().any(|unit| rest.starts_with(unit))
}

/// 该网格, 该区: the last in a text.
fn that_area(text: &str) -> Option<Range<usize>> {
    let start = text.rfind('该')?;
    let rest = &text[start + '该'.len_utf8()..];
    let area = Listed::Region.first_at(rest)?;
    Some(start..start + '该'.len_utf8() + area.len())
}

/// What the text implies but does not print.
fn note_inferred(statistic: &mut Statistic, reading: &Reading) {
    let unit = reading.measure.unit;
    if unit.is_some_and(|unit| unit.is_shared && unit.word.is_empty() || unit.word == "连冠") {
        statistic.inferred.push("quantity.unit".to_owned());
    }
    let is_points = statistic
        .change
        .as_ref()
        .is_some_and(|change| change.delta_computed && change.delta_unit == "百分点");
    if is_points {
        statistic.inferred.push("change.delta_unit".to_owned());
    }
}

fn from_to(before: &Measure, reading: &Reading) -> pb::Comparison {
    let after = &reading.measure;
    let direction = match after.value.cmp(&before.value) {
        std::cmp::Ordering::Greater => Direction::Up,
        std::cmp::Ordering::Less => Direction::Down,
        std::cmp::Ordering::Equal => Direction::Flat,
    };
    let unit = reading.measure.unit;
    let delta = (after.value - before.value).abs();
    let delta_unit = match unit {
        Some(unit) if unit.unit == "%" => "百分点",
        Some(unit) => unit.unit,
        None => "",
    };
    pb::Comparison {
        previous_value: Some(decimal::canonical(before.value)),
        delta: Some(decimal::canonical(delta)),
        delta_unit: delta_unit.to_owned(),
        delta_computed: true,
        direction: direction.into(),
        ..pb::Comparison::default()
    }
}

fn direction(change: &Change) -> Direction {
    let is_zero = change
        .delta
        .as_ref()
        .is_some_and(|delta| delta.value == Decimal::ZERO);
    match change.direction {
        _ if is_zero => Direction::Flat,
        Move::Up => Direction::Up,
        Move::Down => Direction::Down,
        Move::Flat => Direction::Flat,
    }
}

fn is_break(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')
}

/// Whether a text is one line, without white space at its ends.
fn is_line(text: &str) -> bool {
    text.trim().len() == text.len() && !text.contains(is_break)
}

/// A text as one line.
pub fn line(text: &str) -> String {
    if text.contains(is_break) {
        return text.replace(is_break, " ").trim().to_owned();
    }
    text.trim().to_owned()
}
