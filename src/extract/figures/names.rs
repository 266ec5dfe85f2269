//! Names a figure in words: what is counted, who is counted, and what it is per.

use std::ops::Range;

use super::changes::Reading;
use super::lexicon::{Cue, UnitKind};
use super::sheet::Sheet;

const METRIC_LENGTH_MAX: usize = 60;

/// Who is counted where a list goes on without naming them again.
const SUBJECTS: [&str; 14] = [
    "非机动车",
    "机动车",
    "电动自行车",
    "电动车",
    "行人",
    "货车",
    "客车",
    "摩托车",
    "驾驶人",
    "驾驶员",
    "大型车辆",
    "校车",
    "出租车",
    "网约车",
];

/// The names of a figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    pub metric: String,
    pub subject: String,
    pub categories: Vec<String>,
    /// The deed that opens the list, for the figures that go on with it.
    deed: String,
}

/// The names of a figure; `before` is the figure before it in its clause.
pub fn names(
    sheet: &Sheet<'_>,
    reading: &Reading,
    place: &Range<usize>,
    before: Option<&Names>,
) -> Names {
    if let Some(change) = reading.change.as_ref().filter(|_| reading.is_change) {
        let name = listed_name(&sheet.text[change.name.clone()], change.turn);
        return Names {
            metric: ending(&metric_or(&name, reading)),
            ..Names::default()
        };
    }
    let first = reading
        .before
        .as_ref()
        .map_or(reading.measure.whole.start, |before| before.whole.start);
    let start = place.start.min(first);
    let lead = lead(&sheet.text[start..first]);
    let rest = &sheet.text[reading.measure.whole.end..place.end.max(reading.measure.whole.end)];
    let noun = noun(rest, reading);
    let mut names = Names::default();
    let deed_end = sheet
        .cues_in(start..first)
        .iter()
        .find(|hit| hit.cue == Cue::Report);
    let own_deed = deed_end.map(|hit| sheet.text[hit.range.clone()].to_owned());
    let subject = SUBJECTS.into_iter().find(|subject| lead.contains(subject));
    let inherited = before.filter(|_| own_deed.is_none() && !lead.is_empty());
    names.deed = own_deed.unwrap_or_else(|| {
        inherited
            .map(|before| before.deed.clone())
            .unwrap_or_default()
    });
    let is_share = reading
        .measure
        .unit
        .is_some_and(|unit| unit.kind == UnitKind::Share);
    let prefix = match inherited.filter(|_| !is_share) {
        Some(before) if subject.is_none() => format!("{}{}", before.deed, before.subject),
        Some(before) => before.deed.clone(),
        None => String::new(),
    };
    names.subject = match (subject, inherited) {
        (Some(subject), _) => subject.to_owned(),
        (None, Some(before)) => before.subject.clone(),
        _ => String::new(),
    };
    names.categories = categories(&lead, &names);
    names.metric = metric(&prefix, &lead, &noun, before, reading);
    names
}

fn metric(
    prefix: &str,
    lead: &str,
    noun: &str,
    before: Option<&Names>,
    reading: &Reading,
) -> String {
    let name = format!("{prefix}{lead}{noun}");
    if !name.trim().is_empty() {
        return ending(&name);
    }
    match before {
        Some(before) => before.metric.clone(),
        None => metric_or("", reading),
    }
}

/// A name, or the unit when there is none.
fn metric_or(name: &str, reading: &Reading) -> String {
    let unit = reading.measure.unit.map_or("", |unit| unit.unit);
    match (name.trim(), unit) {
        ("", "") => "数量".to_owned(),
        ("", unit) => format!("{unit}数"),
        (name, _) => name.to_owned(),
    }
}

/// The last characters of a name that is too long.
fn ending(name: &str) -> String {
    let count = name.chars().count();
    name.chars()
        .skip(count.saturating_sub(METRIC_LENGTH_MAX))
        .collect()
}

/// One of listed names, with the ending that only the last prints: 刑事、治安警情.
fn listed_name(name: &str, (turn, count): (usize, usize)) -> String {
    const ENDINGS: [&str; 14] = [
        "警情", "案件", "事故", "人数", "起数", "面积", "案", "额", "量", "率", "数", "收入",
        "产值", "价格",
    ];
    if count < 2 {
        return name.to_owned();
    }
    let parts: Vec<&str> = name
        .split(['、', '和', '及', '与'])
        .filter(|part| !part.is_empty())
        .collect();
    let Some(part) = parts.get(turn).filter(|_| parts.len() == count) else {
        return name.to_owned();
    };
    let last = parts.last().copied().unwrap_or_default();
    let shared = ENDINGS
        .into_iter()
        .find(|ending| last.ends_with(ending))
        .unwrap_or_default();
    if ENDINGS.iter().any(|ending| part.ends_with(ending)) {
        (*part).to_owned()
    } else {
        format!("{part}{shared}")
    }
}

/// What is said before a number, without the words that only lead to it.
fn lead(text: &str) -> String {
    const STARTS: [&str; 22] = [
        "其中",
        "同时",
        "目前",
        "截至目前",
        "今年以来",
        "近年来",
        "并",
        "还",
        "已",
        "共",
        "累计",
        "先后",
        "一举",
        "又",
        "也",
        "且",
        "即",
        "将",
        "以",
        "前后",
        "另有",
        "对",
    ];
    const ENDS: [&str; 24] = [
        "共计", "累计", "达到", "高达", "分别", "共", "达", "为", "有", "是", "约", "了", "的",
        "在", "等", "由", "从", "仅", "就", "则", "均", "已", "至", "到",
    ];
    let marks = [
        '“', '”', ' ', ',', '、', ':', '(', ')', '《', '》', '\t', '+',
    ];
    let mut text = text.trim_matches(marks);
    loop {
        let start = STARTS.iter().find_map(|word| text.strip_prefix(word));
        let end = ENDS.iter().find_map(|word| text.strip_suffix(word));
        match start.or(end) {
            Some(rest) => text = rest.trim_matches(marks),
            None => break,
        }
    }
    let inner = text.trim_start_matches("截至目前,");
    inner.rsplit([',', ':']).next().unwrap_or(inner).to_owned()
}

/// What a classifier counts: 4把管制刀具.
fn noun(rest: &str, reading: &Reading) -> String {
    const ENDS: [&str; 16] = [
        "被", "受", "在", "为", "作为", "和", "及", "并", "进行", "开展", "实现", "予以", "逐一",
        "以", "由", "达",
    ];
    let counts = reading.measure.unit.is_some_and(|unit| {
        matches!(
            unit.kind,
            UnitKind::Count | UnitKind::Person | UnitKind::Area | UnitKind::Duration
        )
    });
    if !counts {
        return String::new();
    }
    let rest = rest.trim_start_matches(['的', ' ']);
    let end = ENDS
        .iter()
        .filter_map(|word| rest.find(word))
        .min()
        .unwrap_or(rest.len());
    let end = rest
        .find([',', '、', '(', '。', ';'])
        .unwrap_or(rest.len())
        .min(end);
    rest[..end]
        .trim()
        .chars()
        .take(METRIC_LENGTH_MAX / 2)
        .collect()
}

/// What one figure covers: 闯红灯、未走人行横道交通违法行为.
fn categories(lead: &str, names: &Names) -> Vec<String> {
    const ENDINGS: [&str; 8] = [
        "交通违法行为",
        "违法行为",
        "等各类",
        "等",
        "案件",
        "违法",
        "行为",
        "各类",
    ];
    if names.subject.is_empty() {
        return Vec::new();
    }
    let mut own = lead;
    for head in [&names.deed, &names.subject] {
        own = own
            .find(head.as_str())
            .map_or(own, |at| &own[at + head.len()..]);
    }
    let mut parts: Vec<&str> = own.split(['、', '和', '及']).map(str::trim).collect();
    if let Some(last) = parts.last_mut() {
        for ending in ENDINGS {
            *last = last.strip_suffix(ending).unwrap_or(last);
        }
    }
    let kept = parts
        .into_iter()
        .filter(|part| (1..=30).contains(&part.chars().count()));
    kept.take(20).map(str::to_owned).collect()
}

/// What a number is per: 人均, 日均, 每车每周的.
pub fn per(text: &str) -> Vec<String> {
    let mut per: Vec<String> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        let rest = &text[at..];
        let known =
            "人日月年户周天车次亩".contains(char) && rest[char.len_utf8()..].starts_with('均');
        if known {
            per.push(char.to_string());
            let after = rest[char.len_utf8() + '均'.len_utf8()..].chars().next();
            per.extend(
                after
                    .filter(|next| "日月年".contains(*next))
                    .map(|next| next.to_string()),
            );
        } else if char == '每' {
            let words = [
                "平方公里",
                "小时",
                "千瓦时",
                "万人",
                "人",
                "车",
                "周",
                "天",
                "日",
                "月",
                "户",
                "吨",
                "亩",
                "台",
                "次",
                "公里",
            ];
            let word = words
                .into_iter()
                .find(|word| rest['每'.len_utf8()..].starts_with(word));
            let after = word.map(|word| &rest['每'.len_utf8() + word.len()..]);
            let is_per = after.is_some_and(|after| {
                after.is_empty()
                    || after.starts_with(['的', '每'])
                    || !per.is_empty()
                    || text.contains("平均每")
            });
            per.extend(word.filter(|_| is_per).map(str::to_owned));
        }
    }
    per.dedup();
    let mut seen: Vec<String> = Vec::new();
    per.retain(|word| {
        let is_new = !seen.contains(word);
        seen.push(word.clone());
        is_new
    });
    per.truncate(5);
    per
}

/// What was counted, when the list before 等N or 这N has as many.
pub fn items(sheet: &Sheet<'_>, reading: &Reading) -> Vec<Range<usize>> {
    let measure = &reading.measure;
    let start = sheet.clause_of(&measure.core).start;
    let lead = &sheet.text[start..measure.whole.start];
    let Some(list) = lead.strip_suffix('等').or_else(|| lead.strip_suffix('这')) else {
        return Vec::new();
    };
    let heads = ["从", "包括", "增加了", "为", "是", "对", "在", "将", "以"];
    let first = list.find('、').unwrap_or(list.len());
    let at = heads
        .iter()
        .filter_map(|head| list[..first].rfind(head).map(|at| at + head.len()))
        .max();
    let at = at.unwrap_or(0);
    let mut from = start + at;
    let mut items = Vec::new();
    for part in list[at..].split('、') {
        items.push(sheet.trimmed(from..from + part.len()));
        from += part.len() + '、'.len_utf8();
    }
    let is_complete = rust_decimal::Decimal::from(items.len()) == measure.value && items.len() > 1;
    let is_named = items.iter().all(|item| !item.is_empty());
    if is_complete && is_named {
        items
    } else {
        Vec::new()
    }
}
