//! What tells that a number counts nothing: it is part of a name, a code, an order or a time.

use std::ops::Range;

use super::lexicon::{Listed, UnitKind, compare_before, numeral_names};
use super::measures::Measure;
use super::times::Moment;
use crate::extract::numerals::Form;
use crate::pb;
use crate::pb::statistic::Qualifier;

/// Longest words in quotation marks that are a name and no speech, in bytes.
const NAME_LENGTH_MAX: usize = 45;

/// Places of a text that are names as a whole.
pub struct Marks {
    /// Idioms and names with numerals, in order.
    pub names: Vec<Range<usize>>,
    /// What stands in “” when it is short and no sentence, and in 《》; in order, none in another.
    quoted: Vec<Range<usize>>,
}

impl Marks {
    pub fn of(text: &str) -> Self {
        Self {
            names: numeral_names(text),
            quoted: quoted_names(text),
        }
    }

    fn quoted_at(&self, at: usize) -> Option<&Range<usize>> {
        let index = self.quoted.partition_point(|quoted| quoted.end <= at);
        self.quoted.get(index).filter(|quoted| quoted.start <= at)
    }

    /// Whether a number in quotation marks still counts: the whole of “半小时” after 3个, “六连冠”.
    pub fn keeps(&self, text: &str, measure: &Measure, before: Option<&Measure>) -> bool {
        let Some(quoted) = self.quoted_at(measure.core.start) else {
            return true;
        };
        if measure.unit.is_some_and(|unit| unit.word == "连冠") {
            return true;
        }
        let is_whole = text[quoted.clone()].trim_matches(['“', '”', '《', '》'])
            == &text[measure.core.clone()];
        let is_counted = before.is_some_and(|before| before.core.end == quoted.start);
        is_whole && is_counted && measure.form == Form::Half
    }
}

fn quoted_names(text: &str) -> Vec<Range<usize>> {
    let mut quoted: Vec<Range<usize>> = Vec::new();
    let mut open: Option<(usize, char)> = None;
    for (at, char) in text
        .char_indices()
        .filter(|(_, char)| !char.is_ascii() || *char == '"')
    {
        match char {
            '“' | '《' | '「' | '『' => open = Some((at, char)),
            '”' | '》' | '」' | '』' => {
                let Some((start, mark)) = open.take() else {
                    continue;
                };
                let end = at + char.len_utf8();
                let inner = &text[start..end];
                let is_speech = inner.contains(['。', ',', ';', '!', '?', ':']);
                if mark == '《' || inner.len() <= NAME_LENGTH_MAX && !is_speech {
                    quoted.push(start..end);
                }
            }
            _ => {}
        }
    }
    quoted
}

/// Whether what stands before a number makes it part of a code or an order: K371, 第3, A-10, 1+3, 9·12.
pub fn is_part_of_code(text: &str, at: usize) -> bool {
    let before = text[..at].strip_suffix(' ').unwrap_or(&text[..at]);
    let mut chars = before.chars().rev();
    let Some(last) = chars.next() else {
        return false;
    };
    let is_digit = text[at..].starts_with(|char: char| char.is_ascii_digit());
    let is_place = text[at..].starts_with(['十', '百', '千', '万', '亿']);
    match last {
        '第' => true,
        // 数十, 几百: no number is told.
        '数' | '几' if is_place => true,
        _ if before.len() < at => false,
        '·' | '•' | '#' | '№' | '/' | '_' | '@' => true,
        '+' => !is_sign(before),
        '-' | ':' | '.' | ',' => {
            is_digit
                && chars
                    .next()
                    .is_some_and(|char| char.is_ascii_alphanumeric())
        }
        _ => is_digit && last.is_ascii_alphanumeric() && !names_a_measure(before),
    }
}

/// 同比+12.6%: the sign of a difference, at the end of a text.
fn is_sign(text: &str) -> bool {
    ["同比+", "环比+", "同期+", "(+"]
        .iter()
        .any(|sign| text.ends_with(sign))
}

/// 人均GDP13.5万元: letters that name what is measured, and no code.
fn names_a_measure(before: &str) -> bool {
    let letters = before.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    matches!(
        &before[letters.len()..],
        "GDP" | "CPI" | "PPI" | "PMI" | "AQI" | "GNP"
    )
}

/// Whether what follows a number makes it part of a code: 1+X, 9·12, 5号, 3:2.
pub fn is_code_after(rest: &str) -> bool {
    let mut chars = rest.chars();
    match chars.next() {
        Some('+' | '·' | '•' | '号' | '_' | '@') => true,
        Some(':' | '/') => chars.next().is_some_and(|char| char.is_ascii_digit()),
        _ => false,
    }
}

/// Whether a number is a line that is called: 110警情, 12345热线.
pub fn is_call_number(number: &str, rest: &str) -> bool {
    Listed::CallNumber.has(number) && Listed::Called.begins(rest)
}

/// Whether a number with its unit is an order, a threshold of law, a class of things, or a way of speech.
pub fn is_barred(text: &str, measure: &Measure) -> bool {
    let before = &text[..measure.core.start];
    let after = &text[measure.core.end..];
    let word = measure.unit.map_or("", |unit| unit.word);
    const NOW: [&str; 8] = [
        "目前", "之前", "日前", "此前", "当前", "年前", "天前", "提前",
    ];
    let is_first = before.ends_with('前') && !NOW.iter().any(|now| before.ends_with(now));
    let is_order = is_first && matches!(word, "名" | "位" | "强" | "")
        || before.ends_with('届')
        || before.ends_with(['排', '列']) && is_rank(before)
        || ["排名", "位列", "位居", "名列", "列第"]
            .iter()
            .any(|order| before.ends_with(order));
    let is_of_law = [
        "以上有期徒刑",
        "以下有期徒刑",
        "以上十",
        "以下罚款",
        "以下拘",
        "以下的罚",
    ]
    .iter()
    .any(|law| after.starts_with(law))
        || after.strip_prefix("以上").is_some_and(is_lower_bound);
    let is_class = word == "级"
        || word == "座"
            && ["以上", "以下", "及以"]
                .iter()
                .any(|of| after.starts_with(of));
    let is_floor = word == "层"
        && (!after.starts_with(['楼', '高', '建', '居']) || after.starts_with("楼梯"))
        && !before.ends_with(['高', '共', '达']);
    let is_all_day = word == "小时" && measure.value == rust_decimal::Decimal::from(24);
    let is_picture_note = word == "张" && before.ends_with("图片");
    let is_of_law = is_of_law || is_penalty(before) || is_limit(before) || is_deed_of_law(after);
    let is_class = is_class || is_excess(before, word, after);
    let is_place = matches!(word, "公里" | "千米" | "米" | "km") && is_on_a_road(before, after);
    let is_class = is_class || is_floor;
    is_order || is_picture_note || is_of_law || is_class || is_all_day || is_place
}

/// 世界排3, but not 摸排5次: whether the last word of a text says in which order something stands.
fn is_rank(text: &str) -> bool {
    !["摸排", "安排", "编排", "系列", "彩排"]
        .iter()
        .any(|word| text.ends_with(word))
}

/// 饮酒后驾驶的,处暂扣6个月…: what a law provides for those who do something.
fn is_penalty(before: &str) -> bool {
    let clause = super::sheet::tail(before, 30);
    let told = clause.rfind("的,处").map(|at| &clause[at..]);
    told.is_some_and(|penalty| !penalty.contains(['。', ';']))
}

/// 未达20%的,处50元罚款: a bound of the deed that a law provides for.
fn is_deed_of_law(after: &str) -> bool {
    const PENALTIES: [&str; 6] = [
        "的,处",
        "的,可处",
        "的,将处",
        "的,由",
        "的,一次记",
        "的,并处",
    ];
    let rest = ["以上", "以下", "以内"]
        .iter()
        .find_map(|bound| after.strip_prefix(bound))
        .unwrap_or(after);
    PENALTIES.iter().any(|penalty| rest.starts_with(penalty))
}

/// 限速80公里/小时, 醉驾标准80mg/100ml: what a rule sets.
fn is_limit(before: &str) -> bool {
    const RULES: [&str; 7] = [
        "限速",
        "限高",
        "限重",
        "驾标准",
        "酒标准",
        "立案标准",
        "入刑标准",
    ];
    let before = before.trim_end_matches(['为', '是', '的']);
    RULES.iter().any(|rule| before.ends_with(rule))
}

/// 超限50%以上的货车: how far a rule was broken tells which are meant; 经测该车超限50% was measured.
fn is_excess(before: &str, word: &str, after: &str) -> bool {
    const BOUNDS: [&str; 7] = ["以上", "以下", "不足", "不满", "未满", "未达", "的"];
    word == "%"
        && Listed::Excess.ends(before)
        && BOUNDS.iter().any(|bound| after.starts_with(bound))
}

/// 沿国道行驶至156公里处, 156公里+300米: how far along a road, no length.
fn is_on_a_road(before: &str, after: &str) -> bool {
    let lead = super::sheet::tail(before, 16);
    let is_post = after
        .strip_prefix('+')
        .is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_digit()));
    let is_spot = after.starts_with('处') || after.starts_with("路段");
    let is_along = ["国道", "省道", "县道", "高速", "线", "行驶至", "行至"]
        .iter()
        .any(|word| lead.contains(word));
    is_post || is_spot && is_along && !lead.contains(['距', '离', '约'])
}

/// 200元以上2000元以下: what follows the 以上 is another number that ends in 以下.
fn is_lower_bound(rest: &str) -> bool {
    let Some(upper) = crate::extract::numerals::read(rest) else {
        return false;
    };
    let rest = &rest[upper.length..];
    rest.chars().take(4).collect::<String>().contains("以下")
}

/// Whether a length of time is told as measured: 经过近4个小时扑救, 控制在15分钟, 缩短近20分钟.
fn is_measured(lead: &str) -> bool {
    const KEPT: [&str; 5] = ["控制在", "缩短在", "压缩在", "保持在", "稳定在"];
    let verb = lead
        .strip_suffix('近')
        .map(|lead| lead.trim_end_matches('了'));
    let is_after_verb = verb.is_some_and(|verb| {
        Listed::Length.ends(verb) || verb.ends_with("持续") || compare_before(verb).is_some()
    });
    is_after_verb || KEPT.iter().any(|word| lead.ends_with(word))
}

/// The period that a length of time is: 近三年, 3个月来, 两天后.
pub fn period_of(text: &str, measure: &Measure) -> Option<Moment> {
    let unit = measure
        .unit
        .filter(|unit| unit.kind == UnitKind::Duration)?;
    let lead = &text[..measure.core.start];
    const BEFORE: [&str; 14] = [
        "近", "过去", "最近", "今后", "未来", "每", "前", "后", "这", "头", "再过", "此前", "在",
        "提前",
    ];
    const AFTER: [&str; 21] = [
        "以来",
        "来",
        "前",
        "后",
        "之前",
        "之后",
        "以后",
        "以前",
        "间",
        "期间",
        "时间里",
        "之间",
        "里",
        "中",
        "下来",
        "之内",
        "如一日",
        "一次",
        "一度",
        "内",
        "过去",
    ];
    let is_measured = is_measured(lead);
    let before = BEFORE
        .iter()
        .find(|word| !is_measured && lead.ends_with(**word));
    let after = &text[measure.core.end..];
    let after_more = after.trim_start_matches(['多', '余', '的']);
    let ending = AFTER.iter().find(|word| after_more.starts_with(**word));
    if before.is_none() && ending.is_none() {
        return None;
    }
    let start = measure.core.start - before.map_or(0, |word| word.len());
    let end =
        measure.core.end + after.len() - after_more.len() + ending.map_or(0, |word| word.len());
    let duration = duration(measure, unit.unit);
    let is_recurrence = matches!(before, Some(&"每")) || matches!(ending, Some(&("一次" | "一度")));
    let is_approximate =
        matches!(before, Some(&("近" | "最近"))) || measure.qualifier != Qualifier::Exact;
    let (duration, recurrence) = if is_recurrence {
        (String::new(), duration)
    } else {
        (duration, String::new())
    };
    Some(Moment {
        range: start..end.max(measure.whole.end),
        period: Some(pb::Period {
            approximate: is_approximate && !duration.is_empty(),
            duration,
            recurrence,
            ..pb::Period::default()
        }),
    })
}

/// A length of time as ISO 8601 writes it, when it is whole.
pub fn duration(measure: &Measure, unit: &str) -> String {
    let number = measure.value.normalize();
    if number.scale() > 0 || number >= rust_decimal::Decimal::from(1_000_000) {
        return String::new();
    }
    match unit {
        "年" | "周年" | "学年" => format!("P{number}Y"),
        "个月" => format!("P{number}M"),
        "周" | "个星期" | "星期" | "个礼拜" => format!("P{number}W"),
        "天" | "日" => format!("P{number}D"),
        "小时" => format!("PT{number}H"),
        "分钟" => format!("PT{number}M"),
        "秒" => format!("PT{number}S"),
        _ => String::new(),
    }
}
