//! Whatever the text, what is read from it keeps the rules of a record.

use proptest::prelude::*;

use super::tests::story;
use super::{Figure, find};
use crate::dates::{check_date, is_after, is_duration};
use crate::decimal;
use crate::extract::story::Role;
use crate::page::Page;
use crate::pb::comparison::Direction;
use crate::pb::statistic::{Assertion, Qualifier};
use crate::rules::Check;
use crate::statistics::written;

/// What a record must keep, as the drafts prove it.
fn assert_valid(figure: &Figure, quote: &str) {
    let statistic = &figure.statistic;
    let line = |text: &str, max: usize| {
        assert!(
            text.chars().count() <= max && !text.chars().any(char::is_control),
            "{text:?}"
        );
    };
    assert!(!statistic.metric.trim().is_empty(), "{quote}");
    line(&statistic.metric, 200);
    line(&statistic.subject, 200);
    line(&statistic.place, 200);
    line(&statistic.qualifier_text, 50);
    line(&statistic.hedge, 50);
    line(&statistic.trend_text, 100);
    assert!(statistic.categories.len() <= 50 && statistic.items.len() <= 200);
    let quantity = statistic.quantity.clone().unwrap_or_default();
    line(&quantity.as_written, 100);
    assert!(quote.contains(&quantity.as_written), "{quantity:?} {quote}");
    line(&quantity.unit, 50);
    let is_range = statistic.qualifier() == Qualifier::Range;
    assert_eq!(is_range, quantity.value_max.is_some(), "{quote}");
    let read = |decimal: &Option<crate::pb::Decimal>| {
        let decimal = decimal.as_ref()?;
        Some(decimal::parse("value", decimal).expect("each value is kept within bounds"))
    };
    let (value, max) = (read(&quantity.value), read(&quantity.value_max));
    assert!(value.is_some() || statistic.change.is_some(), "{quote}");
    if let (Some(value), Some(max)) = (value, max) {
        assert!(max > value, "{quote}");
    }
    let mut check = Check::default();
    written::check(&mut check, "quantity", &quantity, quote, (value, max));
    assert!(check.finish().is_ok(), "{quantity:?} {quote}");
    let is_multiplied = quantity.as_written.contains(['百', '千', '万', '亿', '成']);
    assert!(quantity.significant_digits == 0 || is_multiplied, "{quote}");
    assert!(statistic.approximation == 0 || statistic.qualifier() == Qualifier::Approximate);
    assert!(statistic.target_kind == 0 || statistic.assertion() == Assertion::Target);
    assert_ne!(statistic.assertion, 0);
    if let Some(change) = &statistic.change {
        let (previous, delta) = (read(&change.previous_value), read(&change.delta));
        assert_ne!(change.direction, 0);
        line(&change.basis, 100);
        assert!(
            delta.is_none_or(|delta| !delta.is_sign_negative()),
            "{quote}"
        );
        if let (Some(value), Some(previous)) = (value, previous) {
            let way = match value.cmp(&previous) {
                std::cmp::Ordering::Greater => Direction::Up,
                std::cmp::Ordering::Less => Direction::Down,
                std::cmp::Ordering::Equal => Direction::Flat,
            };
            assert_eq!(change.direction(), way, "{quote}");
        }
    }
    if let Some(period) = &statistic.period {
        line(&period.text, 200);
        line(&period.end_text, 100);
        for date in [&period.start, &period.end].into_iter().flatten() {
            assert!(check_date("date", date).is_ok(), "{date:?}");
        }
        if let (Some(start), Some(end)) = (&period.start, &period.end) {
            assert!(!is_after(start, end), "{quote}");
        }
        for duration in [&period.duration, &period.recurrence] {
            assert!(duration.is_empty() || is_duration(duration), "{duration}");
        }
    }
}

/// Pieces that numbers and what is told of them are made of.
const PIECES: [&str; 64] = [
    "1",
    "20",
    "3.5",
    "1,234",
    "2023",
    "0",
    "99999999999999999",
    "0.123456789",
    "万",
    "亿",
    "千",
    "百",
    "十",
    "两",
    "三",
    "二〇二三",
    "半",
    "余",
    "多",
    "几",
    "成",
    "百分之",
    "分之",
    "年",
    "月",
    "日",
    "时",
    "分",
    "小时",
    "个月",
    "天",
    "起",
    "人",
    "个",
    "名",
    "元",
    "%",
    "个百分点",
    "倍",
    "公里",
    "℃",
    "级",
    "零下",
    "零发生",
    "连续",
    "六连冠",
    "近",
    "不低于",
    "以上",
    "同比",
    "分别",
    "下降",
    "增长",
    "从",
    "到",
    "至",
    "、",
    "，",
    "。",
    "（",
    "）",
    "“",
    "”",
    "等",
];

proptest! {
    #[test]
    fn whatever_is_read_is_a_record(picks in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = picks.iter().map(|pick| PIECES[*pick]).collect();
        let page = Page::new(&text);
        let story = story(&page, &[(Role::Body, &text)]);
        let figures = find(&story);
        for figure in &figures {
            assert_valid(figure, &story.printed(&figure.place));
            prop_assert!(figure.place.contains(&figure.number), "{}", text);
            prop_assert!(figure.parent.is_none_or(|parent| parent < figures.len()));
        }
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,80}") {
        let page = Page::new(&text);
        let length = text.chars().count();
        if page.text().chars().count() == length {
            let story = story(&page, &[(Role::Headline, &text)]);
            for figure in find(&story) {
                assert_valid(&figure, &story.printed(&figure.place));
            }
        }
    }
}
