use super::*;
use crate::extract::testing;
use crate::extract::{bylines, people};

/// Quotations as `MODE speaker verb: words`.
fn check(text: &str, quotations: &[&str]) {
    let found = testing::with(text, &[], |story, units| {
        let people = people::find(story, 0, units, &bylines::find(story));
        let line = |found: Quotation| {
            let quotation = &found.quotation;
            let speaker = people
                .iter()
                .find(|person| person.person.id == quotation.person);
            let speaker = speaker.map(|person| person.person.display_name.as_str());
            let words = story.printed(&found.place);
            let mode = quotation.mode().as_str_name();
            format!(
                "{mode} {} {}: {words}",
                speaker.unwrap_or("-"),
                quotation.verb
            )
        };
        find(story, &people)
            .into_iter()
            .map(line)
            .collect::<Vec<_>>()
    });
    assert_eq!(found, quotations, "{text}");
}

#[test]
fn words_in_quotation_marks_have_a_verb_of_saying() {
    check(
        "“今后要常来。”所长方敏说。",
        &["DIRECT 方敏 说: “今后要常来。”"],
    );
    check(
        "所长方敏说：“今后要常来。”",
        &["DIRECT 方敏 说: “今后要常来。”"],
    );
    check(
        "“今后要常来，”所长方敏说，“路上要小心。”",
        &[
            "DIRECT 方敏 说: “今后要常来，”",
            "DIRECT 方敏 说: “路上要小心。”",
        ],
    );
    check(
        "所长方敏走进小区。他激动地说：“好！”",
        &["DIRECT 方敏 激动地说: “好！”"],
    );
    check(
        "“要记住‘一个也不少’的诺言。”教导员方敏表示，今年案件下降。",
        &["DIRECT 方敏 表示: “要记住‘一个也不少’的诺言。”"],
    );
    check(
        "“钱找回来了！”失主激动地说。",
        &["DIRECT - 激动地说: “钱找回来了！”"],
    );
    check(
        "“不怕慢，就怕站。”这是所长方敏说得最勤的话。",
        &["DIRECT 方敏 说: “不怕慢，就怕站。”"],
    );
}

#[test]
fn reported_words_need_a_person() {
    check(
        "所长方敏介绍，今年以来，案件下降；纠纷减少。大家鼓掌。",
        &["INDIRECT 方敏 介绍: 今年以来，案件下降；纠纷减少"],
    );
    check(
        "副市长陈立群对大家表示感谢，并指出，要抓好落实。他强调，要守住底线。",
        &[
            "INDIRECT 陈立群 指出: 要抓好落实",
            "INDIRECT 陈立群 强调: 要守住底线",
        ],
    );
    check("会议指出，要抓好落实。", &[]);
    check("民警提醒，过马路要小心。", &[]);
}

#[test]
fn slogans_and_names_are_no_quotations() {
    check("所长方敏践行“枫桥经验”，管好“人”。", &[]);
    check("该所推出“一警一格”，打造“老方工作室”。", &[]);
    check("会议强调“安全第一”，提出“五个一”。", &[]);
    check("一句没有说完的“话", &[]);
}
