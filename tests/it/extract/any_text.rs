//! Any text is read, and a paragraph that page breaks cut is one again.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bulletin::extract::extract;
use bulletin::page::Page;
use bulletin::pb::Fragment;
use proptest::prelude::*;

use super::properties::hold;

/// Pieces that rules look for, next to each other in every order.
const PIECES: &[&str] = &[
    "市公安局",
    "镇海分局",
    "招宝山派出所",
    "、",
    "，",
    "。",
    "：",
    "；",
    "“",
    "”",
    "《",
    "》",
    "（",
    "）",
    "(",
    ")",
    "\n",
    "\n\n",
    "　　",
    " ",
    "4.75万",
    "近",
    "300",
    "余",
    "名",
    "起",
    "%",
    "％",
    "同比",
    "下降",
    "分别",
    "8.5%",
    "由",
    "58",
    "起",
    "减少到",
    "41起",
    "三百一十六",
    "七成",
    "百分之",
    "十二点五",
    "2.9倍",
    "万",
    "亿",
    "元",
    "记者",
    "通讯员",
    "王岑",
    "黎伟挺",
    "强调",
    "说",
    "指出",
    "荣获",
    "授予",
    "“枫桥式公安派出所”",
    "称号",
    "等16家单位",
    "被",
    "该所",
    "6月11日",
    "今年以来",
    "近三年",
    "从",
    "到",
    "上升",
    "97.5",
    "下转A10版",
    "（上接第一版）",
    "本报讯",
    "广告",
    "相关链接",
    "通讯员供图",
    "图为",
    "每车每周",
    "以上",
    "不低于",
    "100公里",
    "副局长",
    "局长",
    "项敏",
    "所长",
    "会议",
    "召开",
    "①",
    "㎡",
    "é",
    "e\u{301}",
    "𠮷",
    "\u{200b}",
    "\u{feff}",
    "0",
    ".",
    "-",
    "至",
    "半小时",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[0-9一二三四五六七八九十百千万亿零两]{1,9}",
    ];
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_the_text_its_records_may_be_written(text in text()) {
        hold(&text);
    }

    #[test]
    fn a_paragraph_is_one_again_wherever_page_breaks_cut_it(
        cuts in prop::collection::btree_set(0_usize..1_000, 1..4),
        gap in prop::sample::select(vec!["\n", "\n\n", "\r\n\r\n", "\n\n\n"]),
    ) {
        let sentence = "海州市公安局近三年共调解纠纷一千二百起,成功率从97.5%上升到98.9%,连续三年实现零发生,培育出近300个富有海州特色的“枫桥经验”品牌,全面深化“警调衔接”机制,有力维护了全市社会安全稳定。";
        let chars: Vec<char> = sentence.chars().collect();
        // After the headline-like beginning and before the end, any place will do.
        let from = sentence.chars().position(|char| char == ',').unwrap() + 1;
        let mut broken = String::from("海州公安推进派出所工作\n\n");
        let mut ranges = Vec::new();
        let cuts: BTreeSet<usize> = cuts.iter().map(|cut| from + cut % (chars.len() - from)).collect();
        let mut at = broken.chars().count();
        let mut start = 0;
        for cut in cuts.into_iter().chain([chars.len()]) {
            let piece: String = chars[start..cut].iter().collect();
            if piece.is_empty() {
                continue;
            }
            if start > 0 {
                broken.push_str(gap);
                at += gap.chars().count();
            }
            broken.push_str(&piece);
            ranges.push((at, at + cut - start));
            at += cut - start;
            start = cut;
        }
        let read = extract(&Page::new(&broken));
        let paragraphs = &read.articles[0].article.paragraphs;
        prop_assert_eq!(paragraphs.len(), 1, "{}", broken);
        prop_assert_eq!(&paragraphs[0].text, sentence);
        let found: Vec<(usize, usize)> = paragraphs[0]
            .fragments
            .iter()
            .map(|Fragment { start, end }| (usize::try_from(*start).unwrap(), usize::try_from(*end).unwrap()))
            .collect();
        prop_assert_eq!(found, ranges);
    }
}

#[test]
fn odd_texts_are_read() {
    for text in [
        "a",
        "。",
        "\n",
        "1",
        "记者",
        "《",
        "”",
        "(",
        "广告",
        "下转A10版",
        "\u{feff}\u{feff}x",
        "%%%%",
        "九九九九九九九九九九九九九九九九九九九九亿",
    ] {
        hold(text);
    }
    hold(&"市公安局、".repeat(3_000));
    hold(&"查处1起、".repeat(3_000));
    hold(&"一\n".repeat(20_000));
    hold(&"亿".repeat(60_000));
    hold(&"“".repeat(60_000));
    hold(&"记者张三".repeat(5_000));
}

/// Texts that the fuzz target found.
#[test]
fn fuzzed_texts_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/page");
    for entry in fs::read_dir(folder).unwrap() {
        hold(&fs::read_to_string(entry.unwrap().path()).unwrap());
    }
}
