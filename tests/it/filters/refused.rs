//! A table of bad filters, and where each goes wrong.

use tonic::Code;

use super::Of::{self, Articles, Stations, Statistics};
use super::found;
use crate::support::Service;

/// A filter, the column it is refused at, and why: the field, the value, and what is allowed.
const REFUSES: &[(Of, &str, usize, &str)] = &[
    // Fields that there are not, with those that may be meant.
    (
        Articles,
        "titel = x",
        1,
        "unknown field \"titel\" (did you mean \"honours.title\" or \"works.title\"?)",
    ),
    (
        Articles,
        "honours.titel:x",
        1,
        "unknown field \"honours.titel\" (did you mean \"honours.title\"?)",
    ),
    (
        Articles,
        "title:x",
        1,
        "unknown field \"title\" (did you mean \"honours.title\" or \"works.title\"?)",
    ),
    (
        Articles,
        "display_name:x",
        1,
        "unknown field \"display_name\" (did you mean \"bylines.display_name\" or \"people.display_name\" or \"events.display_name\"?)",
    ),
    (
        Articles,
        "offices.station:x",
        1,
        "unknown field \"offices.station\" (did you mean \"people.offices.station\"?)",
    ),
    (
        Articles,
        "publish_date = 2020",
        1,
        "unknown field \"publish_date\" (did you mean \"publication.publish_date\"?)",
    ),
    (
        Articles,
        "article.headline = x",
        1,
        "unknown field \"article.headline\" (did you mean \"headline\"?)",
    ),
    (
        Articles,
        "state = DRAFT hedline:x",
        15,
        "unknown field \"hedline\" (did you mean \"headline\"?)",
    ),
    (
        Articles,
        "Headline = x",
        1,
        "unknown field \"Headline\" (did you mean \"headline\"?)",
    ),
    (
        Stations,
        "displayname = x",
        1,
        "unknown field \"displayname\" (did you mean \"display_name\"?)",
    ),
    (
        Stations,
        "stations.kind = OTHER",
        1,
        "unknown field \"stations.kind\" (did you mean \"kind\"?)",
    ),
    (
        Statistics,
        "value > 1",
        1,
        "unknown field \"value\" (did you mean \"quantity.value\"?)",
    ),
    (
        Statistics,
        "start > 2017 AND (end < 2020)",
        1,
        "unknown field \"start\" (did you mean \"period.start\"?)",
    ),
    (
        Statistics,
        "period.start > 2017 AND (ende < 2020)",
        26,
        "unknown field \"ende\" (did you mean \"period.end\"?)",
    ),
    (Statistics, "quantity = 1", 1, "unknown field \"quantity\""),
    (
        Articles,
        "record = x",
        1,
        "unknown field \"record\"; the fields are name, create_time, update_time, inferred, headline,",
    ),
    (
        Articles,
        "is_deleted = true",
        1,
        "unknown field \"is_deleted\"; the fields are name, create_time, update_time, inferred, headline,",
    ),
    (
        Articles,
        "枫桥枫桥 = x",
        1,
        "unknown field \"枫桥枫桥\"; the fields are name, create_time, update_time, inferred, headline,",
    ),
    (
        Articles,
        "1;drop = 1",
        1,
        "unknown field \"1;drop\"; the fields are name, create_time, update_time, inferred, headline,",
    ),
    (Stations, "region = x", 1, "unknown field \"region\""),
    (
        Statistics,
        "headline:x",
        1,
        "unknown field \"headline\"; the fields are name, create_time, update_time, inferred, state, metric,",
    ),
    (
        Stations,
        "headline:x",
        1,
        "unknown field \"headline\"; the fields are name, create_time, update_time, inferred, display_name,",
    ),
    (
        Articles,
        "source_sha256 = x",
        1,
        "unknown field \"source_sha256\" (did you mean \"source.sha256\"?)",
    ),
    // The grammar's own examples.
    (
        Articles,
        "a < 10 OR a >= 100",
        1,
        "unknown field \"a\"; the fields are name, create_time, update_time, inferred, headline,",
    ),
    (
        Articles,
        "expr.type_map.1.type",
        1,
        "\"expr.type_map.1.type\" is compared with nothing; :* after it asks",
    ),
    (
        Articles,
        "(msg.endsWith('world') AND retries < 10)",
        2,
        "there are no functions",
    ),
    (Articles, "-file:\".java\"", 2, "unknown field \"file\""),
    (
        Articles,
        "package=com.google",
        12,
        "a value is no path; put it in quotation marks",
    ),
    (
        Articles,
        "msg != 'hello'",
        1,
        "unknown field \"msg\"; the fields are name, create_time, update_time, inferred, headline,",
    ),
    (
        Articles,
        "1 > 0",
        1,
        "unknown field \"1\"; the fields are name, create_time, update_time, inferred, headline,",
    ),
    (
        Articles,
        "2.5 >= 2.4",
        1,
        "unknown field \"2.5\"; the fields are name, create_time, update_time, inferred, headline,",
    ),
    (
        Articles,
        "yesterday < request.time",
        20,
        "a value is no path",
    ),
    (
        Articles,
        "experiment.rollout <= cohort(request.user)",
        23,
        "there are no functions",
    ),
    (
        Articles,
        "cohort(request.user)",
        1,
        "there are no functions",
    ),
    (
        Articles,
        "regex(m.key, '^.*prod.*$')",
        1,
        "there are no functions",
    ),
    (Articles, "math.mem('30mb')", 1, "there are no functions"),
    (Articles, "map:key", 1, "unknown field \"map\""),
    (Articles, "m.foo:*", 1, "unknown field \"m.foo\""),
    (
        Articles,
        "prod AND regex(headline)",
        10,
        "there are no functions",
    ),
    // Comparators that a type does not take.
    (
        Articles,
        "state < DRAFT",
        1,
        "state is an enum, compared with = != or :, not <",
    ),
    (
        Stations,
        "kind >= OTHER",
        1,
        "kind is an enum, compared with = != or :, not >=",
    ),
    (
        Articles,
        "honours.level = UNIT",
        1,
        "honours.level is a list, asked with :, not =",
    ),
    (
        Articles,
        "honours.level != *",
        1,
        "honours.level is a list, asked with :, not !=",
    ),
    (
        Articles,
        "mentions.station = x",
        1,
        "mentions.station is a list, asked with :, not =",
    ),
    (
        Statistics,
        "stations != x",
        1,
        "stations is a list, asked with :, not !=",
    ),
    (
        Statistics,
        "categories > x",
        1,
        "categories is a list, asked with :, not >",
    ),
    (
        Articles,
        "headline > x",
        1,
        "headline is text, compared with = != or :, not >",
    ),
    (
        Articles,
        "headline < *",
        1,
        "headline is text, compared with = != or :, not <",
    ),
    (
        Articles,
        "枫桥 headline <= x",
        4,
        "headline is text, compared with = != or :, not <=",
    ),
    (
        Statistics,
        "period.approximate > true",
        1,
        "period.approximate is true or false, compared with = != or :, not >",
    ),
    (
        Statistics,
        "period.start < --06-09",
        16,
        "period.start and \"--06-09\": a date without a year has no order: compare it with = != or :",
    ),
    // Values that a type does not have.
    (
        Articles,
        "state = LOST",
        9,
        "state has no value \"LOST\"; it has DRAFT, PUBLISHED, RETRACTED",
    ),
    (
        Articles,
        "state = draft",
        9,
        "state has no value \"draft\"; it has DRAFT, PUBLISHED, RETRACTED",
    ),
    (
        Articles,
        "state = PUB*",
        9,
        "state has no value \"PUB*\"; it has DRAFT, PUBLISHED, RETRACTED",
    ),
    (
        Articles,
        "state = \"\"",
        9,
        "state has no value \"\"; it has DRAFT, PUBLISHED, RETRACTED",
    ),
    (
        Articles,
        "state = STATE_UNSPECIFIED",
        9,
        "state has no value \"STATE_UNSPECIFIED\"; it has DRAFT, PUBLISHED, RETRACTED",
    ),
    (
        Articles,
        "NOT (state:DRAFT OR state:NEW)",
        27,
        "state has no value \"NEW\"; it has DRAFT, PUBLISHED, RETRACTED",
    ),
    (
        Articles,
        "honours.level:HIGH",
        15,
        "honours.level has no value \"HIGH\"; it has NATIONAL, PROVINCIAL, MUNICIPAL, COUNTY, UNIT",
    ),
    (
        Stations,
        "kind:(MINISTRY OR PLACE)",
        19,
        "kind has no value \"PLACE\"; it has MINISTRY, PROVINCIAL_DEPARTMENT,",
    ),
    (
        Statistics,
        "qualifier = 近",
        13,
        "qualifier has no value \"近\"; it has EXACT, APPROXIMATE, AT_LEAST,",
    ),
    (
        Statistics,
        "period.approximate = yes",
        22,
        "period.approximate has no value \"yes\"; it has true, false",
    ),
    (
        Statistics,
        "period.approximate:1",
        20,
        "period.approximate has no value \"1\"; it has true, false",
    ),
    (
        Statistics,
        "quantity.value > many",
        18,
        "quantity.value takes a number with at most 18 digits before the point and 9 after, not \"many\"",
    ),
    (
        Statistics,
        "quantity.value = 4.75万",
        18,
        "quantity.value takes a number with at most 18 digits before the point and 9 after, not \"4.75万\"",
    ),
    (
        Statistics,
        "quantity.value = \"1,000\"",
        18,
        "quantity.value takes a number with at most 18 digits before the point and 9 after, not \"1,000\"",
    ),
    (
        Statistics,
        "quantity.value = 1e30",
        18,
        "quantity.value takes a number with at most 18 digits before the point and 9 after, not \"1e30\"",
    ),
    (
        Statistics,
        "quantity.value = 1000000000000000000",
        18,
        "quantity.value takes a number with at most 18 digits before the point and 9 after, not \"1000000000000000000\"",
    ),
    (
        Statistics,
        "quantity.value = 0.0000000001",
        18,
        "quantity.value takes a number with at most 18 digits before the point and 9 after, not \"0.0000000001\"",
    ),
    (
        Statistics,
        "quantity.value = NaN",
        18,
        "quantity.value takes a number with at most 18 digits before the point and 9 after, not \"NaN\"",
    ),
    (
        Statistics,
        "quantity.value = 47*",
        18,
        "quantity.value takes a number with at most 18 digits before the point and 9 after, not \"47*\"",
    ),
    (
        Statistics,
        "quantity.value > *",
        18,
        "quantity.value takes a number with at most 18 digits before the point and 9 after, not \"*\"",
    ),
    (
        Statistics,
        "quantity.value = \"\"",
        18,
        "quantity.value takes a number with at most 18 digits before the point and 9 after, not \"\"",
    ),
    (
        Statistics,
        "quantity.value:(1 OR x)",
        22,
        "quantity.value takes a number with at most 18 digits before the point and 9 after, not \"x\"",
    ),
    (
        Statistics,
        "quantity.value = 1.2.3",
        21,
        "a value is no path; put it in quotation marks",
    ),
    (
        Statistics,
        "quantity.value = 1,000",
        19,
        "a field or a text should stand here, not \",\"",
    ),
    (
        Statistics,
        "period.start = 2017-13",
        16,
        "period.start takes a date as 2020, 2020-06, 2020-06-11, or --06-11 for any year, not \"2017-13\"",
    ),
    (
        Statistics,
        "period.start = 2017-02-29",
        16,
        "period.start takes a date as 2020, 2020-06, 2020-06-11, or --06-11 for any year, not \"2017-02-29\"",
    ),
    (
        Statistics,
        "period.start = 17",
        16,
        "period.start takes a date as 2020, 2020-06, 2020-06-11, or --06-11 for any year, not \"17\"",
    ),
    (
        Statistics,
        "period.start = 0000",
        16,
        "period.start takes a date as 2020, 2020-06, 2020-06-11, or --06-11 for any year, not \"0000\"",
    ),
    (
        Statistics,
        "period.start = --02-30",
        16,
        "period.start takes a date as 2020, 2020-06, 2020-06-11, or --06-11 for any year, not \"--02-30\"",
    ),
    (
        Statistics,
        "period.start = --6-9",
        16,
        "period.start takes a date as 2020, 2020-06, 2020-06-11, or --06-11 for any year, not \"--6-9\"",
    ),
    (
        Statistics,
        "period.start = --06",
        16,
        "period.start takes a date as 2020, 2020-06, 2020-06-11, or --06-11 for any year, not \"--06\"",
    ),
    (
        Statistics,
        "period.start = 2017*",
        16,
        "period.start takes a date as 2020, 2020-06, 2020-06-11, or --06-11 for any year, not \"2017*\"",
    ),
    (
        Statistics,
        "period.start < *",
        16,
        "period.start takes a date as 2020, 2020-06, 2020-06-11, or --06-11 for any year, not \"*\"",
    ),
    (
        Stations,
        "end_date = \"2020-06-11T08:00:00Z\"",
        12,
        "end_date takes a date as 2020, 2020-06, 2020-06-11, or --06-11 for any year, not \"2020-06-11T08:00:00Z\"",
    ),
    (
        Articles,
        "create_time > yesterday",
        15,
        "create_time takes a time such as \"2020-06-11T08:00:00Z\", quoted, or a date as 2020, 2020-06, 2020-06-11, not \"yesterday\"",
    ),
    (
        Articles,
        "create_time = --06-11",
        15,
        "create_time takes a time such as \"2020-06-11T08:00:00Z\", quoted, or a date as 2020, 2020-06, 2020-06-11, not \"--06-11\"",
    ),
    (
        Articles,
        "create_time > 2020-06-31",
        15,
        "create_time takes a time such as \"2020-06-11T08:00:00Z\", quoted, or a date as 2020, 2020-06, 2020-06-11, not \"2020-06-31\"",
    ),
    (
        Articles,
        "create_time > 2020-06-11T08",
        15,
        "create_time takes a time such as \"2020-06-11T08:00:00Z\", quoted, or a date as 2020, 2020-06, 2020-06-11, not \"2020-06-11T08\"",
    ),
    (
        Articles,
        "create_time > 2020-06-11T08:00:00Z",
        28,
        "a field or a text should stand here, not \":\"; quote a text that holds it",
    ),
    (
        Articles,
        "create_time > \"2020-06-11 08:00\"",
        15,
        "create_time takes a time such as \"2020-06-11T08:00:00Z\", quoted, or a date as 2020, 2020-06, 2020-06-11, not \"2020-06-11 08:00\"",
    ),
    (
        Articles,
        "create_time < \"9999-12-31T23:59:59-01:00\"",
        15,
        "create_time takes a time such as \"2020-06-11T08:00:00Z\", quoted, or a date as 2020, 2020-06, 2020-06-11, not \"9999-12-31T23:59:59-01:00\"",
    ),
    // What is no filter.
    (
        Articles,
        "headline = ",
        12,
        "it ends where a value should stand",
    ),
    (
        Articles,
        "headline =",
        11,
        "it ends where a value should stand",
    ),
    (
        Articles,
        "headline:",
        10,
        "it ends where a value should stand",
    ),
    (
        Articles,
        "NOT",
        4,
        "it ends where a field or a text should stand",
    ),
    (
        Articles,
        "-",
        2,
        "it ends where a field or a text should stand",
    ),
    (
        Articles,
        "全市 AND",
        7,
        "it ends where a field or a text should stand",
    ),
    (
        Articles,
        "= 全市",
        1,
        "a field or a text should stand here, not \"=\"",
    ),
    (Articles, "全市 OR OR 派", 7, "quote it to mean the word"),
    (Articles, "NOT NOT 全市", 5, "quote it to mean the word"),
    (Articles, "AND", 1, "quote it to mean the word"),
    (Articles, "全市 AND AND 派", 8, "quote it to mean the word"),
    (Articles, "headline = NOT", 12, "quote it to mean the word"),
    (
        Articles,
        "headline:(全市 OR)",
        16,
        "a field or a text should stand here, not \")\"",
    ),
    (
        Articles,
        "headline = - x",
        12,
        "a minus stands right before a word or a number",
    ),
    (
        Articles,
        "headline = -\"x\"",
        12,
        "a minus stands right before a word or a number",
    ),
    (Articles, "(全市", 1, "the parenthesis is never closed"),
    (Articles, "((全市)", 1, "the parenthesis is never closed"),
    (
        Articles,
        "全市)",
        3,
        "a closing parenthesis that nothing opened",
    ),
    (
        Articles,
        "headline) or (true",
        9,
        "a closing parenthesis that nothing opened",
    ),
    (
        Articles,
        "()",
        2,
        "a field or a text should stand here, not \")\"",
    ),
    (
        Articles,
        "headline = \"全市",
        12,
        "the quotation mark is never closed",
    ),
    (
        Articles,
        "headline = '全市\"",
        12,
        "the quotation mark is never closed",
    ),
    (
        Articles,
        r#"headline = "全\d市""#,
        14,
        "a backslash stands before",
    ),
    (
        Articles,
        r#"headline = "全市\"#,
        15,
        "a backslash stands before",
    ),
    (
        Articles,
        "headline ! x",
        10,
        "\"!\" is no operator; write != or NOT",
    ),
    (
        Articles,
        "headline == x",
        11,
        "a value should stand here, not \"=\"",
    ),
    (Articles, "headline =! x", 11, "\"!\" is no operator"),
    (
        Articles,
        "headline = a.b",
        13,
        "a value is no path; put it in quotation marks",
    ),
    (
        Articles,
        "a, b",
        2,
        "a field or a text should stand here, not \",\"",
    ),
    (Articles, "\"name\" = x", 1, "a quoted text is no field"),
    (Articles, "regex(headline)", 1, "there are no functions"),
    (
        Articles,
        "headline:(kicker = x)",
        10,
        "only values may stand in the parentheses",
    ),
    (
        Articles,
        "kicker..x = 1",
        8,
        "a field after the dot should stand here, not \".\"",
    ),
    (
        Articles,
        "kicker. = 1",
        9,
        "a field after the dot should stand here, not \"=\"",
    ),
    (
        Statistics,
        "quantity.value",
        1,
        "\"quantity.value\" is compared with nothing; :* after it asks whether it is set",
    ),
    (
        Statistics,
        "quantity.\"value\" > 1",
        10,
        "a quoted text is no field",
    ),
    (
        Articles,
        "people.'offices.station':x",
        8,
        "a quoted text is no field",
    ),
    (Articles, "headline=-", 10, "a minus stands right before"),
    (
        Articles,
        "headline = 'it''s'",
        16,
        "white space, AND or OR should stand",
    ),
    (
        Articles,
        "(宁波)(召开)",
        5,
        "white space, AND or OR should stand",
    ),
    (
        Articles,
        "headline = 枫桥\"式\"",
        14,
        "white space, AND or OR should stand",
    ),
    (Articles, "全\0", 2, "a NUL stands in no text"),
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
