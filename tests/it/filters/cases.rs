//! A table of filters against the seed page, and what each finds.

use super::Of::{self, Articles, Stations, Statistics};
use super::found;
use crate::support::Service;

const CONFERENCE: &str = "paichusuo-work-conference";
const REFORM: &str = "traffic-police-tieqi-grid-reform";
const LARGE: &str = "t05 t06 t07";

/// A filter, and the last segments of the names it finds, or how many they are: `#4`.
const FINDS: &[(Of, &str, &str)] = &[
    (Articles, "", "#2"),
    (
        Articles,
        r#"mentions.station:"stations/zhenhai-zhaobaoshan""#,
        CONFERENCE,
    ),
    (Articles, r#"honours.title:"*枫桥式*""#, CONFERENCE),
    (Articles, r#"honours.title:"枫桥式""#, ""),
    (Articles, "honours.level:NATIONAL", REFORM),
    (Articles, "honours.level:(NATIONAL OR PROVINCIAL)", "#2"),
    (Articles, "honours.state:ASPIRATION", REFORM),
    (Articles, "honours.recipients:*", CONFERENCE),
    (Articles, "kicker:*", REFORM),
    (Articles, "NOT kicker:*", CONFERENCE),
    (Articles, "-kicker:*", CONFERENCE),
    (Articles, "(-kicker:*)", CONFERENCE),
    (Articles, "kicker = \"\"", CONFERENCE),
    (Articles, "kicker != \"网格\"", "#2"),
    (Articles, "kicker:网格", REFORM),
    (Articles, "headline:召开", CONFERENCE),
    (Articles, "headline = 全市*召开", CONFERENCE),
    (Articles, "headline = 全市", ""),
    (Articles, "headline = *改革*", REFORM),
    (Articles, "headline != *改革*", CONFERENCE),
    (Articles, r#"headline = "*改革\*""#, ""),
    (Articles, "headline:%", ""),
    (Articles, "headline:_", ""),
    (Articles, r#"headline:"\\""#, ""),
    (Articles, "headline = \"%召开\"", ""),
    (Articles, "全市", CONFERENCE),
    (Articles, "宁波 改革", REFORM),
    (Articles, "宁波 OR 派出所", "#2"),
    (Articles, "\"铁马逐风 网格\"", REFORM),
    (Articles, "枫桥", ""),
    (Articles, "state = PUBLISHED", "#2"),
    (Articles, "state != PUBLISHED", ""),
    (Articles, "completeness = \"PARTIAL\"", REFORM),
    (Articles, "publication.publish_date < 2020", ""),
    (Articles, "publication.publish_date >= 2020", ""),
    (
        Articles,
        "bylines.role:REPORTER bylines.display_name:王岑",
        CONFERENCE,
    ),
    (
        Articles,
        "people.offices.station:\"stations/ningbo-psb\"",
        CONFERENCE,
    ),
    (
        Articles,
        "works.title:《*》 people.display_name:孙继凯",
        REFORM,
    ),
    (Articles, "create_time > 2020-01-01", "#2"),
    (Articles, "create_time < \"2020-01-01T08:00:00+08:00\"", ""),
    (Articles, "update_time:*", "#2"),
    (Articles, "headline = \"' or true --\"", ""),
    (Articles, "headline:\"'); drop table articles; --\"", ""),
    (Articles, "headline:$1", ""),
    (Articles, "mentions.station:\"{stations/mps}\"", ""),
    (Stations, "name = \"stations/mps\"", "mps"),
    (
        Stations,
        "name:traffic",
        "ningbo-traffic-police-bureau yinzhou-traffic-brigade",
    ),
    (Stations, "kind = POLICE_STATION", "#5"),
    (
        Stations,
        "kind:(MINISTRY OR OFFICE)",
        "duty-assessment-leading-group-office mps",
    ),
    (Stations, "kind:(MINISTRY AND OFFICE)", ""),
    (Stations, "NOT parent:*", "mps"),
    (Stations, "parent = \"\"", "mps"),
    (Stations, "aliases:市局", "ningbo-psb"),
    (
        Stations,
        "aliases:\"市*局\"",
        "ningbo-psb ningbo-traffic-police-bureau",
    ),
    (
        Stations,
        "市公安局",
        "ningbo-psb ningbo-traffic-police-bureau zhenhai-branch #8",
    ),
    (Stations, "end_date:*", ""),
    (Stations, "end_date < 2020", ""),
    (Stations, "NOT end_date < 2020", "#18"),
    (Stations, "inferred:full_name kind = POLICE_STATION", "#3"),
    // `OR` binds tighter: the second is not (A AND B) OR C.
    (
        Stations,
        "kind = MINISTRY OR kind = OFFICE AND display_name:公安部",
        "mps",
    ),
    (
        Stations,
        "display_name:公安部 AND kind = OFFICE OR kind = MINISTRY",
        "mps",
    ),
    (
        Stations,
        "(display_name:公安部 AND kind = MINISTRY) OR kind = OFFICE",
        "duty-assessment-leading-group-office mps",
    ),
    (Stations, "NOT kind = MINISTRY OR name:mps", "#18"),
    (
        Statistics,
        r#"stations:"stations/yinzhou-dongbu-xincheng-squadron""#,
        "t11",
    ),
    (Statistics, r#"stations:"stations/haishu-jiangxia""#, "s03"),
    (
        Statistics,
        "assertion = REPORTED AND quantity.value >= 5000",
        LARGE,
    ),
    (Statistics, "qualifier = APPROXIMATE", "s04 t10"),
    (Statistics, "approximation:BELOW", "s04 t10"),
    (Statistics, "quantity.value = 4.75e4", "t05"),
    (Statistics, "quantity.value = 47500.000", "t05"),
    (Statistics, "quantity.value:47500", "t05"),
    (Statistics, "quantity.value = 36.6", "t17"),
    (Statistics, "quantity.value = \"36.6\"", "t17"),
    (Statistics, "quantity.value < 1", "s06 t15"),
    (Statistics, "quantity.value < -1", ""),
    (
        Statistics,
        "quantity.value > -0.5 quantity.value <= 0",
        "s06",
    ),
    (Statistics, "quantity.value=-5", ""),
    (Statistics, "quantity.value:(90 OR 12)", "t01 t10"),
    (Statistics, "quantity.significant_digits = 3", "t05 t07"),
    (Statistics, "quantity.value_max:*", ""),
    (Statistics, "quantity.per:日", "t17"),
    (Statistics, "change.delta > 1", "s05"),
    (Statistics, "change.direction = UP", "s05"),
    (Statistics, "period.start = 2017", "t10"),
    (Statistics, "period.start <= 2017-12-31", "t10"),
    (Statistics, "period.start < 2017-12-31", ""),
    (Statistics, "period.start > 2016", "t10"),
    (Statistics, "period.start = 2017-06", ""),
    (Statistics, "period.start = --06-09", "t01"),
    (
        Statistics,
        "period.start != --06-09 period.start:* period.start = 2017",
        "t10",
    ),
    (Statistics, "period.start < 2020", "t10"),
    (Statistics, "period.start >= 0001", "t10"),
    (
        Statistics,
        "period.approximate = true period.duration = P3M",
        "t17 t18 t19",
    ),
    (
        Statistics,
        "-period.approximate:true quantity.value >= 5000",
        LARGE,
    ),
    (Statistics, "speaker != p5 unit", ""),
    // Nothing but a wildcard asks whether it is set, quoted or not.
    (Articles, "kicker = *", REFORM),
    (Articles, "kicker:\"*\"", REFORM),
    (Articles, "kicker = '*'", REFORM),
    (Articles, "kicker != *", CONFERENCE),
    (Articles, "NOT kicker = \"**\"", CONFERENCE),
    (Articles, r#"kicker = "\*""#, ""),
    (Articles, r#"kicker:"\*""#, ""),
    (Articles, "honours.recipients:\"*\"", CONFERENCE),
    (Articles, "state = * completeness = *", "#2"),
    (Articles, "source.sha256:*", "#2"),
    (Articles, "source.sha256 = \"\"", ""),
    (Articles, "*", "#2"),
    (
        Statistics,
        "quantity.value = * quantity.value_max != *",
        "#32",
    ),
    (Statistics, "period.start = *", "#9"),
    (Statistics, "period.start:(--06-09 OR 2017)", "t01 t10"),
    (Statistics, "period.approximate = *", "s04 s05 t17 t18 t19"),
    (Statistics, "NOT period.approximate != true", "#5"),
    (Statistics, "quantity.value:(36.6 OR 47500.0)", "t05 t17"),
    (Statistics, "quantity.value:(-5 OR -36.6)", ""),
    (Articles, "create_time = 2020-06-11", ""),
    (
        Articles,
        "create_time != 2020-06-11 create_time > 2020-06 create_time >= 2020",
        "#2",
    ),
    (
        Articles,
        "create_time <= 9999-12-31 update_time < 9999",
        "#2",
    ),
    (
        Articles,
        "create_time = \"2020-06-11T08:00:00.123456789Z\"",
        "",
    ),
    // The grammar's own examples, and the same over our words.
    (Articles, "a b AND c AND d", ""),
    (Articles, "New York Giants OR Yankees", ""),
    (Articles, "宁波 改革 OR 派出所", REFORM),
    (Articles, "(宁波 改革) OR 派出所", "#2"),
    (Articles, "NOT (a OR b)", "#2"),
    (Articles, "-(宁波 OR b)", CONFERENCE),
    (Articles, "-\"召开\"", REFORM),
    (Articles, "-30", ""),
    (Articles, "36.6", ""),
    (Articles, "prod", ""),
    (Articles, "headline != 'hello'", "#2"),
    (Articles, "-headline:\".java\"", "#2"),
    (Articles, "headline = -x OR headline=-x", ""),
    (
        Statistics,
        "quantity.value < 1 OR quantity.value >= 47500",
        "s06 t05 t15",
    ),
    (Statistics, "target_kind = QUOTA", "s10 s12"),
    (
        Statistics,
        "target_kind != QUOTA assertion = TARGET hedge:*",
        "s09",
    ),
];

/// Names as the table writes them.
fn ids(names: &[String]) -> Vec<&str> {
    names
        .iter()
        .map(|name| name.rsplit('/').next().unwrap())
        .collect()
}

fn is_expected(found: &[&str], expected: &str) -> bool {
    expected
        .split_whitespace()
        .all(|part| match part.strip_prefix('#') {
            Some(count) => found.len().to_string() == count,
            None => found.contains(&part),
        })
        && (expected.contains('#') || expected.split_whitespace().count() == found.len())
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let service = Service::seeded().await;
    let mut faults = Vec::new();
    for &(of, filter, expected) in FINDS {
        match found(&service, of, filter).await {
            Ok(names) if is_expected(&ids(&names), expected) => {}
            Ok(names) => faults.push(format!("{filter}: {expected:?}, found {:?}", ids(&names))),
            Err(refusal) => faults.push(format!("{filter}: {expected:?}, {refusal:?}")),
        }
    }
    assert!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
}
