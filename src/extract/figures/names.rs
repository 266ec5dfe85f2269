//! Names a figure in words: what is counted, who is counted, and what it is per.

use std::ops::Range;

use super::changes::Reading;
use super::leads::{behind_time, lead};
use super::lexicon::{Cue, Listed, UnitKind};
use super::sheet::Sheet;

const METRIC_LENGTH_MAX: usize = 60;

/// Names that say only how the figure before was averaged.
const MEANS: [&str; 6] = ["日均", "人均", "月均", "年均", "户均", "平均"];

/// The names of a figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    pub metric: String,
    pub subject: String,
    pub categories: Vec<String>,
    /// The deed that opens the list, for the figures that go on with it.
    deed: String,
    /// Whether what the subject did is counted, and not the subject: 非机动车闯红灯, but 被盗电动车.
    is_of_deeds: bool,
}

/// Names a figure by the words between its neighbours, `words`; `before` are the names of the figure
/// before it in its clause.
pub fn names(
    sheet: &Sheet<'_>,
    reading: &Reading,
    words: &Range<usize>,
    before: Option<&Names>,
) -> Names {
    if let Some(change) = reading.change.as_ref().filter(|_| reading.is_change) {
        let name = listed_name(&sheet.text[change.name.clone()], change.turn);
        let metric = match before.filter(|_| name.trim().is_empty()) {
            Some(before) => before.metric.clone(),
            None => ending(&metric_or(&name, reading)),
        };
        return Names {
            metric,
            ..Names::default()
        };
    }
    let told = Told::of(sheet, reading, words);
    let before = before.filter(|_| reading.name.is_none());
    let mut names = Names::default();
    let inherited = before.filter(|_| told.deed.is_none() && !told.lead.is_empty());
    let doer = inherited.filter(|before| before.is_of_deeds);
    names.deed = match (told.deed, inherited) {
        (Some(deed), _) => deed.to_owned(),
        (None, Some(before)) => before.deed.clone(),
        (None, None) => String::new(),
    };
    let is_named = |subject: &&str| {
        let rest = told.lead.split_once(subject).map(|(_, rest)| rest);
        rest.is_some_and(|rest| !rest.starts_with(['道', '驾', '号', '牌', '登', '检']))
    };
    let subject = Listed::Subject.all_in(told.lead).find(is_named);
    names.subject = match (subject, doer) {
        (Some(subject), _) => subject.to_owned(),
        (None, Some(before)) => before.subject.clone(),
        (None, None) => String::new(),
    };
    names.is_of_deeds = doer.is_some() && subject.is_none()
        || subject.is_some_and(|subject| !told.lead.ends_with(subject));
    let is_share = kind(reading) == Some(UnitKind::Share);
    let prefix = match inherited.filter(|_| !is_share) {
        Some(before) if subject.is_none() && before.is_of_deeds => {
            format!("{}{}", before.deed, before.subject)
        }
        Some(before) => before.deed.clone(),
        None => String::new(),
    };
    names.categories = categories(told.lead, &names);
    let prefix = match before
        .filter(|_| MEANS.contains(&told.lead) || is_share && told.lead.starts_with('占'))
    {
        Some(before) => before.metric.clone(),
        None => prefix,
    };
    let name = format!("{prefix}{}{}", told.lead, told.noun);
    let name = match name.ends_with('占') && is_share {
        true => format!("{}占比", without_adverbs(name.trim_end_matches('占'))),
        false => name,
    };
    names.metric = match before {
        _ if !name.trim().is_empty() => ending(&name),
        _ if !clause_before(sheet, reading).is_empty() => {
            ending(&metric_or(clause_before(sheet, reading), reading))
        }
        Some(before) => before.metric.clone(),
        None => metric_or("", reading),
    };
    names
}

/// 得分最低，为82.3分: what the clause before says of a number that names nothing itself, when that holds
/// no other.
fn clause_before<'t>(sheet: &Sheet<'t>, reading: &Reading) -> &'t str {
    const LENGTH_MAX: usize = 75;
    let clause = &sheet.clauses[reading.clause];
    let lead = sheet
        .text
        .get(clause.range.start..reading.measure.written.start);
    let is_only_told = matches!(
        lead.map(str::trim),
        Some("为" | "是" | "达" | "达到" | "达到了" | "约为")
    );
    let before = reading
        .clause
        .checked_sub(1)
        .map(|index| &sheet.clauses[index]);
    let before = before.filter(|before| {
        is_only_told && before.sentence == clause.sentence && before.range.len() <= LENGTH_MAX
    });
    let text = before.map_or("", |before| sheet.text[before.range.clone()].trim());
    match text.contains(|char: char| char.is_ascii_digit()) {
        true => "",
        false => text,
    }
}

/// 案件虽然只 before 占: words that only lead to a share.
fn without_adverbs(name: &str) -> &str {
    const ADVERBS: [&str; 9] = ["虽然", "虽", "只", "仅", "却", "则", "就", "都", "也"];
    let mut name = name;
    while let Some(rest) = ADVERBS.iter().find_map(|adverb| name.strip_suffix(adverb)) {
        name = rest;
    }
    name
}

/// 占21.4%, 日均22.5万人次: whether the clause of a number says only how it is of the one before.
pub fn is_of_last(sheet: &Sheet<'_>, reading: &Reading) -> bool {
    let number = &reading.measure;
    let start = sheet.clause_of(&number.core).start;
    let text = sheet.text[start.min(number.whole.start)..number.whole.start].trim();
    let is_share = kind(reading) == Some(UnitKind::Share);
    let led = &sheet.text[start.min(number.core.start)..number.core.start];
    is_share && text.starts_with('占') || MEANS.contains(&text) || led.trim() == "分别为"
}

fn kind(reading: &Reading) -> Option<UnitKind> {
    reading.measure.unit.map(|unit| unit.kind)
}

/// What is told around a number.
struct Told<'t> {
    /// What leads to it.
    lead: &'t str,
    /// What its classifier counts, and what befell that.
    noun: String,
    /// The deed that is counted.
    deed: Option<&'t str>,
}

impl<'t> Told<'t> {
    fn of(sheet: &Sheet<'t>, reading: &Reading, words: &Range<usize>) -> Self {
        let first = match &reading.before {
            Some(before) => before.whole.start,
            None => reading.measure.whole.start,
        };
        let start = behind_time(sheet, words.start.min(first), first);
        let after = reading.measure.whole.end;
        let rest = &sheet.text[after..words.end.max(after)];
        let raw = &sheet.text[start..first];
        let raw = match reading.before {
            Some(_) => raw.rfind(['从', '由']).map_or(raw, |from| &raw[..from]),
            None => raw,
        };
        let mut lead = lead(raw);
        if let Some(name) = &reading.name {
            lead = sheet.text[name.clone()].trim();
        }
        let mut noun = noun(rest, reading);
        if raw.ends_with('等') {
            lead = "";
            noun = given(rest).unwrap_or(noun);
        }
        if lead.is_empty() && noun.is_empty() && kind(reading) == Some(UnitKind::Person) {
            noun = befell(rest);
        }
        let in_a_row = lead.ends_with("连续") && kind(reading) == Some(UnitKind::Duration);
        if in_a_row {
            lead = lead.trim_end_matches("连续");
            noun = format!("{}连续时长", rest.trim());
        }
        const SUMS: [&str; 7] = ["其中", "累计", "共计", "合计", "总计", "现有", "共有"];
        let deeds = sheet.cues_in(start..first).iter();
        let deeds = deeds.filter(|hit| hit.cue == Cue::Report);
        let mut deeds = deeds.map(|hit| &sheet.text[hit.range.clone()]);
        Self {
            lead,
            noun,
            deed: deeds.find(|deed| !SUMS.contains(deed)),
        }
    }
}

/// 被依法逮捕 of 61人被依法逮捕: what befell those who are told in no other way.
fn befell(rest: &str) -> String {
    let rest = rest.trim_start();
    let end = rest.find([',', '、', '(', '。', ';']).unwrap_or(rest.len());
    match rest.starts_with('被') {
        true => rest[..end].chars().take(METRIC_LENGTH_MAX / 2).collect(),
        false => String::new(),
    }
}

/// 单位被…命名为…: what the counted ones were given.
fn given(rest: &str) -> Option<String> {
    let (counted, given) = rest.split_once('被')?;
    let is_short = counted.chars().count() <= 10;
    is_short.then(|| format!("被{given}的{counted}数"))
}

/// A name, or the unit when there is none.
fn metric_or(name: &str, reading: &Reading) -> String {
    let unit = reading.measure.unit.map_or("", |unit| unit.unit);
    match (name.trim(), unit) {
        ("", "" | "%" | "‰" | "倍" | "百分点") => "数值".to_owned(),
        ("", unit) => format!("{unit}数"),
        (name, _) => name.to_owned(),
    }
}

/// The last characters of a name that is too long.
fn ending(name: &str) -> String {
    let count = name.chars().count();
    if count <= METRIC_LENGTH_MAX {
        return name.to_owned();
    }
    name.chars().skip(count - METRIC_LENGTH_MAX).collect()
}

/// One of listed names, with the ending that only the last prints: 刑事、治安警情.
fn listed_name(name: &str, (turn, count): (usize, usize)) -> String {
    const ENDINGS: [&str; 14] = [
        "警情", "案件", "事故", "人数", "起数", "面积", "流量", "产量", "销量", "收入", "产值",
        "价格", "金额", "总数",
    ];
    const WHOLE: [char; 6] = ['案', '额', '量', '率', '数', '度'];
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
    let shared = ENDINGS.into_iter().find(|ending| last.ends_with(ending));
    if part.ends_with(WHOLE) || ENDINGS.iter().any(|ending| part.ends_with(ending)) {
        (*part).to_owned()
    } else {
        format!("{part}{}", shared.unwrap_or_default())
    }
}

/// What a classifier counts: 4把管制刀具.
fn noun(rest: &str, reading: &Reading) -> String {
    let counts = matches!(
        kind(reading),
        Some(UnitKind::Count | UnitKind::Person | UnitKind::Area | UnitKind::Duration)
    );
    let is_share_of = kind(reading) == Some(UnitKind::Share) && rest.starts_with('的');
    if !counts && !is_share_of {
        return String::new();
    }
    let rest = rest.trim_start_matches(['的', ' ', '“', '”']);
    // 人受伤, 受损车辆: what befell the counted is part of their name, though 受 ends others.
    let first = Listed::Outcome.first_at(rest).map_or(0, str::len);
    let words = Listed::NounEnd.find_in(&rest[first..]).map(|at| {
        let outcome = Listed::Outcome.first_at(&rest[first + at..]);
        first + at + outcome.map_or(0, str::len)
    });
    let marks = rest.find([',', '、', '(', '。', ';']);
    let end = words.into_iter().chain(marks).min().unwrap_or(rest.len());
    // 9省15市
    let noun = rest[..end].trim();
    let noun = match noun.starts_with(|char: char| char.is_ascii_digit()) {
        true => "",
        false => noun,
    };
    let opening = match noun
        .find('”')
        .is_some_and(|close| !noun[..close].contains('“'))
    {
        true => "“",
        false => "",
    };
    let noun = opening.chars().chain(noun.chars());
    noun.take(METRIC_LENGTH_MAX / 2).collect()
}

/// What one figure covers: 闯红灯、未走人行横道交通违法行为.
fn categories(lead: &str, names: &Names) -> Vec<String> {
    const CATEGORIES_MAX: usize = 20;
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
    kept.take(CATEGORIES_MAX).map(str::to_owned).collect()
}

/// What a number is per: 人均, 日均, 每车每周的.
pub fn per(text: &str) -> Vec<String> {
    const PER_MAX: usize = 5;
    const UNITS: [&str; 16] = [
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
    let mut per: Vec<String> = Vec::new();
    if !text.contains(['均', '每']) {
        return per;
    }
    let mut add = |word: &str| {
        if per.len() < PER_MAX && !per.iter().any(|known| known == word) {
            per.push(word.to_owned());
        }
    };
    let mut was_per = text.contains("平均每");
    for (at, char) in text.char_indices() {
        let rest = &text[at + char.len_utf8()..];
        if "人日月年户周天车次亩".contains(char) && rest.starts_with('均') {
            add(&text[at..at + char.len_utf8()]);
            let after = rest.chars().nth(1).filter(|next| "日月年".contains(*next));
            after.iter().for_each(|next| add(&next.to_string()));
        } else if char == '每' {
            let word = UNITS.into_iter().find(|word| rest.starts_with(word));
            let after = word.map(|word| &rest[word.len()..]);
            was_per |=
                after.is_some_and(|after| after.is_empty() || after.starts_with(['的', '每']));
            word.filter(|_| was_per).iter().for_each(|word| add(word));
        }
    }
    per
}

/// What was counted, when the list before 等N or 这N has as many.
pub fn items(sheet: &Sheet<'_>, reading: &Reading) -> Vec<Range<usize>> {
    const HEADS: [&str; 9] = ["从", "包括", "增加了", "为", "是", "对", "在", "将", "以"];
    let measure = &reading.measure;
    let start = sheet.clause_of(&measure.core).start;
    let lead = &sheet.text[start.min(measure.whole.start)..measure.whole.start];
    let list = lead.strip_suffix('等').or_else(|| lead.strip_suffix('这'));
    let Some(list) = list else {
        return Vec::new();
    };
    let first = list.find('、').unwrap_or(list.len());
    let heads = HEADS
        .iter()
        .filter_map(|head| list[..first].rfind(head).map(|at| at + head.len()));
    let at = heads.max().unwrap_or(0);
    let mut from = start + at;
    let mut items = Vec::new();
    for part in list[at..].split('、') {
        items.push(sheet.trimmed(from..from + part.len()));
        from += part.len() + '、'.len_utf8();
    }
    let is_complete = rust_decimal::Decimal::from(items.len()) == measure.value;
    let is_named = items.len() > 1 && items.iter().all(|item| !item.is_empty());
    if is_complete && is_named {
        items
    } else {
        Vec::new()
    }
}
