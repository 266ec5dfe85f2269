use super::*;
use crate::extract::testing;

/// Events as `y-m-d name <- organisers`.
fn check(text: &str, events: &[&str]) {
    let units = ["市公安局", "东湖派出所", "县公安局"];
    let found = testing::with(text, &units, |story, units| {
        let line = |found: Event| {
            let date = found.event.date.unwrap_or_default();
            let named = found
                .organizers
                .iter()
                .map(|unit| units.units[*unit].display_name.clone());
            let all: Vec<String> = found
                .event
                .organizers
                .iter()
                .cloned()
                .chain(named)
                .collect();
            let name = &found.event.display_name;
            format!(
                "{}-{}-{} {name} <- {}",
                date.year,
                date.month,
                date.day,
                all.join("+")
            )
        };
        find(story, 0, units)
            .into_iter()
            .map(line)
            .collect::<Vec<_>>()
    });
    assert_eq!(found, events, "{text}");
}

#[test]
fn an_event_has_a_day_or_somebody_who_held_it() {
    check(
        "10月20日上午，我市举行守护夜归人行动启动仪式。",
        &["0-10-20 守护夜归人行动启动仪式 <- "],
    );
    check(
        "6月11日，市公安局召开全市派出所工作会议，学习精神。",
        &["0-6-11 全市派出所工作会议 <- 市公安局"],
    );
    check(
        "2023年6月11日上午，东湖派出所举行反诈宣传活动。",
        &["2023-6-11 反诈宣传活动 <- 东湖派出所"],
    );
    check(
        "近日，市公安局联合市妇联举办“平安家庭”启动仪式。",
        &["0-0-0 “平安家庭”启动仪式 <- 市妇联+市公安局"],
    );
    check(
        "6月9日，随着歌声响起，由市文明办、市公安局联合举办的文明骑行行动正式启动。",
        &["0-6-9 文明骑行行动启动 <- 市文明办+市公安局"],
    );
    check(
        "特别是5月19日争创文明城市动员大会召开以来，市局全力投入。",
        &["0-5-19 争创文明城市动员大会 <- "],
    );
    check(
        "8月3日，全市公安机关比武在东湖体育馆举行。",
        &["0-8-3 全市公安机关比武 <- "],
    );
}

#[test]
fn a_misprinted_day_is_no_day() {
    check(
        "6月31日，市公安局召开全市派出所工作会议，学习精神。",
        &["0-0-0 全市派出所工作会议 <- 市公安局"],
    );
    check(
        "2023年2月29日，市公安局召开全市派出所工作会议。",
        &["0-0-0 全市派出所工作会议 <- 市公安局"],
    );
}

#[test]
fn plans_and_habits_are_no_events() {
    check("要定期召开业务座谈会。", &[]);
    check("派出所每周开展巡逻活动。", &[]);
    check("下一步，县公安局将举办培训班。", &[]);
    check("会议召开以来，各地行动启动。", &[]);
    check("13月45日，大家启动车辆。", &[]);
}
