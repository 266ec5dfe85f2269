//! A table of bad filters, and where each goes wrong.

use tonic::Code;

use super::Of::{self, Articles, Stations, Statistics};
use super::found;
use crate::support::Service;

/// A filter, the column it is refused at, and a part of why.
const REFUSES: &[(Of, &str, usize, &str)] = &[
    (Articles, "titel = x", 1, "unknown field \"titel\""),
    (
        Articles,
        "honours.titel:x",
        1,
        "did you mean \"honours.title\"?",
    ),
    (
        Articles,
        "state = DRAFT hedline:x",
        15,
        "did you mean \"headline\"?",
    ),
    (
        Stations,
        "displayname = x",
        1,
        "did you mean \"display_name\"?",
    ),
    (Statistics, "value > 1", 1, "unknown field \"value\""),
    (Articles, "record = x", 1, "unknown field"),
    (Articles, "is_deleted = true", 1, "unknown field"),
    (Articles, "source_sha256 = x", 1, "unknown field"),
    (Articles, "枫桥枫桥 = x", 1, "unknown field \"枫桥枫桥\""),
    (Articles, "1;drop = 1", 1, "unknown field \"1;drop\""),
    (Articles, "headline) or (true", 9, "nothing opened"),
    (Articles, "\"name\" = x", 1, "a quoted text is no field"),
    (
        Articles,
        "state = LOST",
        9,
        "it has DRAFT, PUBLISHED, RETRACTED",
    ),
    (
        Articles,
        "state = draft",
        9,
        "it has DRAFT, PUBLISHED, RETRACTED",
    ),
    (Articles, "state = PUB*", 9, "has no value \"PUB*\""),
    (Articles, "state < DRAFT", 1, "compared with = or !=, not <"),
    (Articles, "honours.level:HIGH", 15, "NATIONAL, PROVINCIAL"),
    (
        Stations,
        "kind:(MINISTRY OR PLACE)",
        19,
        "has no value \"PLACE\"",
    ),
    (
        Articles,
        "honours.level = UNIT",
        1,
        "a list, asked with :, not =",
    ),
    (
        Articles,
        "mentions.station = x",
        1,
        "a list, asked with :, not =",
    ),
    (
        Statistics,
        "stations != x",
        1,
        "a list, asked with :, not !=",
    ),
    (
        Statistics,
        "categories > x",
        1,
        "a list, asked with :, not >",
    ),
    (
        Articles,
        "headline > x",
        1,
        "text, compared with = != or :, not >",
    ),
    (
        Articles,
        "枫桥 headline <= x",
        4,
        "text, compared with = != or :, not <=",
    ),
    (
        Statistics,
        "quantity.value > many",
        18,
        "\"many\" is no number",
    ),
    (Statistics, "quantity.value = 1e30", 18, "is no number"),
    (
        Statistics,
        "quantity.value = 0.0000000001",
        18,
        "is no number",
    ),
    (Statistics, "quantity.value = 1.2.3", 21, "quotation marks"),
    (Statistics, "quantity.value = NaN", 18, "is no number"),
    (Statistics, "quantity.value = 47*", 18, "is no number"),
    (Statistics, "quantity.value = *", 18, "is no number"),
    (Statistics, "quantity = 1", 1, "unknown field"),
    (Statistics, "quantity.value", 1, "compared with nothing"),
    (
        Statistics,
        "period.approximate = yes",
        22,
        "is true or false",
    ),
    (
        Statistics,
        "period.approximate > true",
        22,
        "is true or false",
    ),
    (Statistics, "period.start = 2017-13", 16, "is no date"),
    (Statistics, "period.start = 2017-02-29", 16, "is no date"),
    (Statistics, "period.start = 17", 16, "is no date"),
    (Statistics, "period.start = 0000", 16, "is no date"),
    (Statistics, "period.start = --02-30", 16, "is no date"),
    (Statistics, "period.start = --6-9", 16, "is no date"),
    (Statistics, "period.start < --06-09", 16, "has no order"),
    (Articles, "create_time > yesterday", 15, "is not a time"),
    (Articles, "create_time > 2020-06-11T08:00:00Z", 28, ""),
    (
        Articles,
        "create_time > \"2020-06-11 08:00\"",
        15,
        "is not a time",
    ),
    (
        Articles,
        "headline = ",
        12,
        "it ends where a value should stand",
    ),
    (Articles, "headline =", 11, "it ends"),
    (Articles, "= 全市", 1, "a field or a text should stand here"),
    (Articles, "全市 AND", 7, "it ends"),
    (Articles, "全市 OR OR 派", 7, "an operator stands"),
    (Articles, "NOT NOT 全市", 5, "an operator stands"),
    (Articles, "AND", 1, "an operator stands"),
    (Articles, "headline = NOT", 12, "quote it"),
    (Articles, "(全市", 1, "never closed"),
    (Articles, "全市)", 3, "nothing opened"),
    (Articles, "()", 2, "should stand here"),
    (Articles, "headline = \"全市", 12, "never closed"),
    (Articles, "headline = '全市\"", 12, "never closed"),
    (
        Articles,
        r#"headline = "全\d市""#,
        14,
        "a backslash stands before",
    ),
    (Articles, "headline ! x", 10, "is no operator"),
    (Articles, "headline == x", 11, "should stand here"),
    (Articles, "headline = a.b", 13, "quotation marks"),
    (Articles, "a, b", 2, "should stand here"),
    (Articles, "regex(headline)", 1, "there are no functions"),
    (
        Articles,
        "headline:(kicker = x)",
        10,
        "only values may stand",
    ),
    (Articles, "kicker..x = 1", 8, "a field after the dot"),
    (Articles, "全\0", 2, "NUL"),
];

#[tokio::test]
async fn bad_filters_are_refused_where_they_go_wrong() {
    let service = Service::seeded().await;
    let nested = |count: usize| format!("{}全市{}", "(".repeat(count), ")".repeat(count));
    let terms = |count: usize| vec!["全市"; count].join(" OR ");
    let long = |count: usize| format!("\"{}\"", "所".repeat(count - 2));
    for good in [nested(20), terms(100), long(2_000)] {
        found(&service, Articles, &good).await.unwrap();
    }
    let (deep, many, long) = (nested(21), terms(101), long(2_001));
    let limits = [
        (Articles, deep.as_str(), 22, "nested more than 20 deep"),
        (Articles, many.as_str(), 601, "more than 100 terms"),
        (Articles, long.as_str(), 2_001, "at most 2000 are taken"),
    ];
    let mut faults = Vec::new();
    for &(of, filter, column, says) in REFUSES.iter().chain(&limits) {
        let Err(refusal) = found(&service, of, filter).await else {
            faults.push(format!("{filter}: accepted"));
            continue;
        };
        let place = format!("is invalid at column {column}: ");
        let is_expected = refusal.code == Code::InvalidArgument
            && refusal.reason == "FILTER_INVALID"
            && refusal.fields() == ["filter"]
            && refusal.violations[0].1.starts_with(&place)
            && refusal.violations[0].1.contains(says);
        if !is_expected {
            faults.push(format!("{filter}: {place}{says:?}, {refusal:?}"));
        }
    }
    assert!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
}
