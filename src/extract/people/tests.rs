use super::*;
use crate::extract::{bylines, events, honours, quotations, testing, works};
use proptest::prelude::*;

const UNITS: &[&str] = &[
    "市公安局",
    "东湖派出所",
    "江州市公安局刑警支队",
    "东湖大队",
    "新城中队",
];

/// People as `name: offices (roles)`; an office is `title@unit`, or `title/body`.
fn read(text: &str) -> Vec<String> {
    testing::with(text, UNITS, |story, units| {
        let line = |found: Person| {
            let offices = found.person.offices.iter().zip(&found.units);
            let offices: Vec<String> = offices
                .map(|(office, unit)| match unit {
                    Some(unit) => format!("{}@{}", office.title, units.units[*unit].display_name),
                    None if office.organization.is_empty() => office.title.clone(),
                    None => format!("{}/{}", office.title, office.organization),
                })
                .collect();
            let roles: Vec<&str> = found
                .person
                .roles()
                .map(|role| role.as_str_name())
                .collect();
            format!(
                "{}: {} ({})",
                found.person.display_name,
                offices.join("+"),
                roles.join("+")
            )
        };
        find(story, 0, units, &bylines::find(story))
            .into_iter()
            .map(line)
            .collect()
    })
}

fn check(text: &str, people: &[&str]) {
    assert_eq!(read(text), people, "{text}");
}

#[test]
fn offices_stand_before_the_name() {
    check(
        "副市长、市公安局长陈立群,市公安局党委委员、副局长方敏出席会议。",
        &[
            "陈立群: 副市长+公安局长@市公安局 (ATTENDED)",
            "方敏: 市公安局党委委员/市公安局党委+副局长@市公安局 (ATTENDED)",
        ],
    );
    check(
        "市领导陈立群、方敏、易小川参加会议。民警欧阳明与李大勇在路上。",
        &[
            "陈立群: 市领导 (ATTENDED)",
            "方敏: 市领导 (ATTENDED)",
            "易小川: 市领导 (ATTENDED)",
            "欧阳明: 民警 ()",
            "李大勇: 民警 ()",
        ],
    );
    check(
        "6月1日,市公安局召开会议。市委常委、公安局长陈立群出席会议并讲话,市公安局党委副书记、副局长方敏主持会议。",
        &[
            "陈立群: 市委常委/市委+公安局长@市公安局 (ATTENDED+SPOKE)",
            "方敏: 市公安局党委副书记/市公安局党委+副局长@市公安局 (CHAIRED)",
        ],
    );
    check(
        "东湖派出所所长方敏介绍,案件下降。",
        &["方敏: 所长@东湖派出所 (QUOTED)"],
    );
    check(
        "据新城中队中队长易小川说,路口有人。",
        &["易小川: 中队长@新城中队 (QUOTED)"],
    );
    check(
        "江州市公安局刑警支队副支队长陈立群带队赶到现场。",
        &["陈立群: 副支队长@江州市公安局刑警支队 ()"],
    );
    check("民警陈立群走遍小巷。", &["陈立群: 民警 ()"]);
    check("社区民警严和平多次上门。", &["严和平: 社区民警 ()"]);
    check(
        "市文明办主任欧阳明在会上致辞。",
        &["欧阳明: 市文明办主任/市文明办 (SPOKE)"],
    );
    check(
        "副市长陈立群、市公安局局长方敏出席仪式。",
        &[
            "陈立群: 副市长 (ATTENDED)",
            "方敏: 局长@市公安局 (ATTENDED)",
        ],
    );
}

#[test]
fn a_name_alone_counts_when_it_speaks_or_comes_again() {
    check("易小川强调,要抓好落实。", &["易小川:  (QUOTED)"]);
    check("村民陈大明说,家里很安全。", &["陈大明:  (QUOTED)"]);
    check("(记者 陈立群)案件下降。", &["陈立群:  (BYLINED)"]);
    check("高新区公安说,施工方表示,常州铁警介绍。", &[]);
}

#[test]
fn suspects_and_withheld_names_are_no_people() {
    check("犯罪嫌疑人陈大明被抓获。陈大明说,钱花完了。", &[]);
    check("商户孔某与白某起了口角,民警罗某山说,双方握手言和。", &[]);
    check("居民陈大明(化名)报警。", &[]);
    check("受害人李先生告诉民警,王大爷很好。", &[]);
    check("民警和党员一起巡查,民警高度重视,民警全力以赴。", &[]);
}

#[test]
fn the_place_holds_offices_name_and_action() {
    let place = |text: &str| {
        testing::with(text, UNITS, |story, units| {
            story.printed(&find(story, 0, units, &bylines::find(story))[0].place)
        })
    };
    assert_eq!(
        place("会上,市委常委、副市长陈立群出席会议并讲话,大家鼓掌。"),
        "市委常委、副市长陈立群出席会议并讲话"
    );
    assert_eq!(
        place("“很好。”东湖派出所所长方敏说。"),
        "东湖派出所所长方敏说"
    );
    assert_eq!(place("案件下降。\n记者 陈立群"), "记者 陈立群");
}

const WORDS: &[&str] = &[
    "东湖派出所",
    "市公安局",
    "所长",
    "民警",
    "陈立群",
    "方敏",
    "记者",
    "通讯员",
    "本报讯",
    "摄",
    "说",
    "介绍",
    "强调",
    "出席会议并讲话",
    "被",
    "授予",
    "荣获",
    "获",
    "记",
    "“",
    "”",
    "《",
    "》",
    "(",
    ")",
    "、",
    ",",
    "。",
    ":",
    ";",
    "称号",
    "先进集体",
    "集体三等功",
    "等4家单位",
    "和",
    "的",
    "召开",
    "会议",
    "由",
    "举办的",
    "启动",
    "6月11日",
    "2023年",
    "1",
    "一",
    "印发",
    "学习",
    "1号文件",
    "\n",
    " ",
    "某",
    "a",
    "é",
    "\u{20000}",
    "·",
    "等",
];

proptest! {
    /// Every place cuts the page, and every text fits its field.
    #[test]
    fn any_text_gives_a_reading(words in proptest::collection::vec(0..WORDS.len(), 0..60)) {
        let text: String = words.into_iter().map(|word| WORDS[word]).collect();
        testing::with(&text, UNITS, |story, units| {
            let people = find(story, 0, units, &bylines::find(story));
            let mut places: Vec<Place> = Vec::new();
            for person in &people {
                places.extend([person.place.clone(), person.name.clone()]);
                assert_eq!(person.person.offices.len(), person.units.len());
            }
            places.extend(bylines::find(story).into_iter().map(|found| found.place));
            for found in honours::find(story, 0, units) {
                let count = usize::try_from(found.honour.recipient_count).unwrap_or_default();
                let named = found.recipients.len() + found.honour.other_recipients.len();
                assert!(count == 0 || count >= named, "{text}");
                assert!(!found.honour.recipients_complete || count <= named, "{text}");
                assert!(!found.honour.title.trim().is_empty());
                places.push(found.place);
            }
            places.extend(quotations::find(story, &people).into_iter().map(|found| found.place));
            places.extend(works::works(story).into_iter().map(|found| found.place));
            places.extend(events::find(story, 0, units).into_iter().map(|found| found.place));
            for place in places {
                assert!(!story.printed(&place).is_empty(), "{place:?} in {text}");
            }
        });
    }
}
