//! The proof that a statistic may be written: a number, what it claims, and the words it stands in.

use rust_decimal::Decimal;

use crate::dates::{check_date, is_after, is_duration};
use crate::decimal;
use crate::error::{Result, Violation};
use crate::mask::check_inferred;
use crate::names::{StationName, StatisticName, is_id};
use crate::page::Page;
use crate::pb::comparison::Direction;
use crate::pb::statistic::{Approximation, Assertion, Qualifier, TargetKind};
use crate::pb::{self, Comparison, Period, Statistic};
use crate::record::clear_header;
use crate::rules::Check;
use crate::span::{Anchor, is_kept};
use crate::statistics::{station_references, written};

const METRIC_LENGTH_MAX: usize = 200;
const CATEGORIES_MAX: usize = 50;
const ITEMS_MAX: usize = 200;
const ITEM_LENGTH_MAX: usize = 500;
const STATIONS_MAX: usize = 500;
const PER_MAX: usize = 5;
const LABEL_LENGTH_MAX: usize = 200;
const PHRASE_LENGTH_MAX: usize = 100;
const WORD_LENGTH_MAX: usize = 50;
const SIGNIFICANT_DIGITS_MAX: i32 = 27;

/// A statistic that keeps every rule, its span proven against its article's page.
///
/// What the service alone sets (header, state, corrections) is cleared; `source_sha256` is set.
#[derive(Clone, Debug)]
pub struct StatisticDraft {
    statistic: Statistic,
}

/// Where a statistic comes from.
#[derive(Clone, Copy)]
enum Origin<'a> {
    Call(Option<&'a Statistic>),
    Import,
}

impl StatisticDraft {
    /// `field` is the path of the statistic in the request; `article` the one it belongs to, with its
    /// page. A span that `before` has too is carried over as it is.
    pub fn prove(
        field: &str,
        statistic: Statistic,
        article: &pb::Article,
        page: Option<&Page>,
        before: Option<&Statistic>,
    ) -> Result<Self> {
        Self::prove_as(field, statistic, article, page, Origin::Call(before))
    }

    /// The same of a statistic that was kept elsewhere: what a correction of the page did to its span
    /// there stays so.
    pub fn prove_imported(
        field: &str,
        statistic: Statistic,
        article: &pb::Article,
        page: Option<&Page>,
    ) -> Result<Self> {
        Self::prove_as(field, statistic, article, page, Origin::Import)
    }

    fn prove_as(
        field: &str,
        mut statistic: Statistic,
        article: &pb::Article,
        page: Option<&Page>,
        origin: Origin<'_>,
    ) -> Result<Self> {
        let mut check = Check::default();
        clear_header(&mut statistic);
        statistic.state = 0;
        statistic.corrections.clear();
        check_texts(&mut check, field, &statistic);
        check_quantity(&mut check, field, &mut statistic);
        check_claims(&mut check, field, &statistic);
        check_comparison(&mut check, field, &mut statistic);
        if let Some(period) = &statistic.period {
            check_period(&mut check, &format!("{field}.period"), period);
        }
        check_references(&mut check, field, &statistic, article);
        prove_span(&mut check, field, &mut statistic, article, page, origin);
        check.finish()?;
        Ok(Self { statistic })
    }

    pub fn into_statistic(self) -> Statistic {
        self.statistic
    }
}

fn check_texts(check: &mut Check, field: &str, statistic: &Statistic) {
    let at = |name: &str| format!("{field}.{name}");
    check_inferred::<Statistic>(check, field, &statistic.inferred);
    check.required_line(&at("metric"), &statistic.metric, METRIC_LENGTH_MAX);
    if !statistic.indicator.is_empty() && !is_id(&statistic.indicator) {
        let got = Violation::shown(&statistic.indicator);
        check.refuse(
            &at("indicator"),
            format!("must match [a-z][a-z0-9-]{{0,61}}[a-z0-9], got {got}"),
        );
    }
    check.lines(
        &at("categories"),
        &statistic.categories,
        CATEGORIES_MAX,
        LABEL_LENGTH_MAX,
    );
    check.lines(&at("items"), &statistic.items, ITEMS_MAX, ITEM_LENGTH_MAX);
    check.line(
        &at("qualifier_text"),
        &statistic.qualifier_text,
        WORD_LENGTH_MAX,
    );
    check.line(&at("hedge"), &statistic.hedge, WORD_LENGTH_MAX);
    check.line(&at("trend_text"), &statistic.trend_text, PHRASE_LENGTH_MAX);
    check.line(&at("place"), &statistic.place, LABEL_LENGTH_MAX);
    check.line(&at("subject"), &statistic.subject, LABEL_LENGTH_MAX);
}

fn check_quantity(check: &mut Check, field: &str, statistic: &mut Statistic) {
    let has_change = statistic.change.is_some();
    let quote = statistic
        .span
        .as_ref()
        .map_or("", |span| span.quote.as_str());
    let Some(quantity) = &mut statistic.quantity else {
        return check.refuse(&format!("{field}.quantity"), "must be set");
    };
    let at = |name: &str| format!("{field}.quantity.{name}");
    let value = canonicalize(check, &at("value"), &mut quantity.value);
    let value_max = canonicalize(check, &at("value_max"), &mut quantity.value_max);
    if quantity.value.is_none() && !has_change {
        check.refuse(
            &at("value"),
            "must be set when there is no change beside it",
        );
    }
    let is_range = statistic.qualifier == i32::from(Qualifier::Range);
    if is_range != quantity.value_max.is_some() {
        check.refuse(
            &at("value_max"),
            "must be set with the qualifier RANGE, and only with it",
        );
    }
    if is_range && quantity.value.is_none() && has_change {
        check.refuse(&at("value"), "must be set with the qualifier RANGE");
    }
    if let (Some(low), Some(high)) = (value, value_max)
        && high <= low
    {
        check.refuse(
            &at("value_max"),
            format!("must be greater than value {low}, got {high}"),
        );
    }
    check.line(&at("as_written"), &quantity.as_written, PHRASE_LENGTH_MAX);
    if quote.contains(&quantity.as_written) {
        let field = format!("{field}.quantity");
        written::check(check, &field, quantity, quote, (value, value_max));
    } else {
        let got = Violation::shown(&quantity.as_written);
        check.refuse(
            &at("as_written"),
            format!("must stand in span.quote, got {got}"),
        );
    }
    check.line(&at("unit"), &quantity.unit, WORD_LENGTH_MAX);
    check.line(&at("unit_text"), &quantity.unit_text, WORD_LENGTH_MAX);
    check.lines(&at("per"), &quantity.per, PER_MAX, WORD_LENGTH_MAX);
    check.distinct(&at("per"), quantity.per.iter().map(String::as_str));
    let digits = quantity.significant_digits;
    if !(0..=SIGNIFICANT_DIGITS_MAX).contains(&digits) {
        let allowed = format!("must be 0 to {SIGNIFICANT_DIGITS_MAX}, got {digits}");
        check.refuse(&at("significant_digits"), allowed);
    }
    if digits > 0
        && !quantity
            .as_written
            .contains(['万', '萬', '亿', '億', '千', '百', '成'])
    {
        let why = "must be 0 unless as_written has 百, 千, 万, 亿 or 成 that was multiplied out";
        check.refuse(&at("significant_digits"), why);
    }
}

/// Reads a decimal and writes it back in its one form.
fn canonicalize(
    check: &mut Check,
    field: &str,
    decimal: &mut Option<pb::Decimal>,
) -> Option<Decimal> {
    let value = check.take(decimal::parse(field, decimal.as_ref()?))?;
    *decimal = Some(decimal::canonical(value));
    Some(value)
}

fn check_claims(check: &mut Check, field: &str, statistic: &Statistic) {
    let at = |name: &str| format!("{field}.{name}");
    check.required_enum::<Qualifier>(&at("qualifier"), statistic.qualifier);
    check.optional_enum::<Approximation>(&at("approximation"), statistic.approximation);
    check.required_enum::<Assertion>(&at("assertion"), statistic.assertion);
    check.optional_enum::<TargetKind>(&at("target_kind"), statistic.target_kind);
    let is_approximate = statistic.qualifier == i32::from(Qualifier::Approximate);
    if statistic.approximation != 0 && !is_approximate {
        check.refuse(
            &at("approximation"),
            "must be unset unless the qualifier is APPROXIMATE",
        );
    }
    let is_target = statistic.assertion == i32::from(Assertion::Target);
    if statistic.target_kind != 0 && !is_target {
        check.refuse(
            &at("target_kind"),
            "must be unset unless the assertion is TARGET",
        );
    }
}

fn check_comparison(check: &mut Check, field: &str, statistic: &mut Statistic) {
    let value = statistic
        .quantity
        .as_ref()
        .and_then(|quantity| quantity.value.as_ref());
    let value = value.and_then(decimal::served);
    let Some(change) = &mut statistic.change else {
        return;
    };
    let at = |name: &str| format!("{field}.change.{name}");
    let previous = canonicalize(check, &at("previous_value"), &mut change.previous_value);
    let delta = canonicalize(check, &at("delta"), &mut change.delta);
    check.line(&at("delta_unit"), &change.delta_unit, WORD_LENGTH_MAX);
    check.optional_enum::<Qualifier>(&at("qualifier"), change.qualifier);
    check.required_enum::<Direction>(&at("direction"), change.direction);
    check.line(&at("basis"), &change.basis, PHRASE_LENGTH_MAX);
    if let Some(delta) = delta.filter(|delta| delta.is_sign_negative()) {
        let allowed = format!("must not be negative, got {delta}: direction is its sign");
        check.refuse(&at("delta"), allowed);
    }
    if change.delta_computed && delta.is_none() {
        check.refuse(
            &at("delta_computed"),
            "must be false when there is no delta",
        );
    }
    check_arithmetic(check, field, change, [value, previous, delta]);
}

/// Where the values are known, direction and a computed difference must follow from them.
fn check_arithmetic(
    check: &mut Check,
    field: &str,
    change: &Comparison,
    [value, previous, delta]: [Option<Decimal>; 3],
) {
    let (Some(value), Some(previous)) = (value, previous) else {
        return;
    };
    let direction = match value.cmp(&previous) {
        std::cmp::Ordering::Greater => Direction::Up,
        std::cmp::Ordering::Less => Direction::Down,
        std::cmp::Ordering::Equal => Direction::Flat,
    };
    let is_known = Direction::try_from(change.direction).is_ok_and(|given| given as i32 != 0);
    if is_known && change.direction != i32::from(direction) {
        let follows = direction.as_str_name();
        let description = format!("must be {follows}, since {previous} came to {value}");
        check.refuse(&format!("{field}.change.direction"), description);
    }
    let difference = (value - previous).abs();
    if let Some(delta) = delta.filter(|delta| change.delta_computed && *delta != difference) {
        let description = format!("must be {difference} when it is computed, got {delta}");
        check.refuse(&format!("{field}.change.delta"), description);
    }
}

fn check_period(check: &mut Check, field: &str, period: &Period) {
    let at = |name: &str| format!("{field}.{name}");
    check.line(&at("text"), &period.text, LABEL_LENGTH_MAX);
    check.line(&at("end_text"), &period.end_text, PHRASE_LENGTH_MAX);
    for (name, date) in [("start", &period.start), ("end", &period.end)] {
        if let Some(date) = date {
            check.take(check_date(&at(name), date));
        }
    }
    if let (Some(start), Some(end)) = (&period.start, &period.end)
        && is_after(start, end)
    {
        check.refuse(&at("end"), "must not be before start");
    }
    for (name, text) in [
        ("duration", &period.duration),
        ("recurrence", &period.recurrence),
    ] {
        if !text.is_empty() && !is_duration(text) {
            let got = Violation::shown(text);
            check.refuse(
                &at(name),
                format!("must be an ISO 8601 duration such as \"P3Y\", got {got}"),
            );
        }
    }
}

/// Names must be well-formed and ids known to the article; whether records exist is known only under
/// the lock.
fn check_references(check: &mut Check, field: &str, statistic: &Statistic, article: &pb::Article) {
    let at = |name: &str| format!("{field}.{name}");
    check.count(&at("stations"), statistic.stations.len(), STATIONS_MAX);
    check.distinct(
        &at("stations"),
        statistic.stations.iter().map(String::as_str),
    );
    for (path, name) in station_references(statistic) {
        check.take(StationName::parse(&at(&path), name));
    }
    let speaker = statistic.speaker.as_str();
    if !speaker.is_empty() && !article.people.iter().any(|person| person.id == speaker) {
        let got = Violation::shown(speaker);
        check.refuse(
            &at("speaker"),
            format!("must be the id of one of the article's people, got {got}"),
        );
    }
    let honour = statistic.honour.as_str();
    if !honour.is_empty() && !article.honours.iter().any(|known| known.id == honour) {
        let got = Violation::shown(honour);
        check.refuse(
            &at("honour"),
            format!("must be the id of one of the article's honours, got {got}"),
        );
    }
    let parent = statistic.parent_statistic.as_str();
    if parent.is_empty() {
        return;
    }
    let parent_field = at("parent_statistic");
    let Some(parent) = check.take(StatisticName::parse(&parent_field, parent)) else {
        return;
    };
    if parent.article().as_str() != article.name || parent.as_str() == statistic.name {
        let allowed = format!(
            "must be another statistic of {:?}, got {:?}",
            article.name,
            parent.as_str()
        );
        check.refuse(&parent_field, allowed);
    }
}

fn prove_span(
    check: &mut Check,
    field: &str,
    statistic: &mut Statistic,
    article: &pb::Article,
    page: Option<&Page>,
    origin: Origin<'_>,
) {
    let field = format!("{field}.span");
    let Some(span) = &mut statistic.span else {
        return check.refuse(
            &field,
            "must be set: every number carries the words it was read from",
        );
    };
    let Some(page) = page else {
        let description = format!("needs a source, and article {:?} has none", article.name);
        return check.refuse(&field, description);
    };
    let before = match origin {
        Origin::Call(before) => before,
        Origin::Import => None,
    };
    let carried = before
        .filter(|before| before.source_sha256 == page.sha256())
        .and_then(|before| before.span.as_ref())
        .filter(|carried| is_kept(carried, span));
    let anchor = Anchor {
        page,
        paragraphs: &article.paragraphs,
    };
    match (carried, origin) {
        (Some(carried), _) => *span = carried.clone(),
        (None, Origin::Import) => anchor.prove_imported(check, &field, span),
        (None, Origin::Call(_)) => anchor.prove(check, &field, span),
    }
    statistic.source_sha256 = page.sha256().to_owned();
}
