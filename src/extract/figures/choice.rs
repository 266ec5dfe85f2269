//! Which numbers are statistics: a number of narrative, or one whose unit nobody prints, is none.

use super::changes::Reading;
use super::lexicon::{Cue, UnitKind};
use super::scan::{Measure, Measured};
use super::sheet::Sheet;
use crate::extract::numerals::Form;
use crate::pb::statistic::Qualifier;

/// Keeps what counts or measures, and gives a unit to numbers that print none.
pub fn keep(sheet: &Sheet<'_>, readings: &mut Vec<Reading>) {
    let mut floor = 0;
    readings.retain_mut(|reading| {
        let before = floor;
        floor = reading.measure.whole.end;
        if reading.before.is_some() {
            return reading.measure.unit.is_some() || reading.measure.significant_digits > 0;
        }
        if reading.measure.unit.is_none() {
            infer_unit(sheet, &mut reading.measure);
        }
        counts(sheet, &reading.measure, before)
    });
}

fn counts(sheet: &Sheet<'_>, measure: &Measure, floor: usize) -> bool {
    let Some(unit) = measure.unit else {
        return is_large_count(measure);
    };
    let clause = sheet.clause_of(&measure.core);
    let start = clause.start.max(floor.min(measure.whole.start));
    let lead = &sheet.text[start..measure.whole.start];
    let after = &sheet.text[measure.core.end..clause.end.max(measure.core.end)];
    match unit.kind {
        UnitKind::Duration => is_length_measured(
            measure,
            &sheet.text[clause.start..measure.core.start],
            after,
        ),
        UnitKind::Area => is_area_counted(measure, lead),
        _ if unit.word == "连冠" => true,
        _ if measure.form == Form::Half => unit.kind == UnitKind::Measure,
        _ if is_small_chinese(measure) => {
            let is_report =
                sheet.has_cue(clause.start..measure.core.start, |cue| cue == Cue::Report);
            is_small_count(measure, unit, lead, is_report)
        }
        _ => true,
    }
}

/// A number of ten thousands without a unit, or a bounded one.
fn is_large_count(measure: &Measure) -> bool {
    let is_bounded = measure.qualifier != Qualifier::Exact;
    match measure.form {
        Form::Digits => measure.significant_digits > 0,
        Form::Place => is_bounded,
        _ => measure.significant_digits > 0 && is_bounded,
    }
}

/// 一 to 十: most of them tell, and do not count.
fn is_small_chinese(measure: &Measure) -> bool {
    measure.form == Form::Chinese
        && measure.value <= rust_decimal::Decimal::TEN
        && matches!(measure.qualifier, Qualifier::Exact)
        && measure.unit.is_none_or(|unit| unit.kind != UnitKind::Share)
}

fn is_small_count(measure: &Measure, unit: Measured, lead: &str, is_report: bool) -> bool {
    if measure.value <= rust_decimal::Decimal::ONE {
        return false;
    }
    let is_summed = lead.ends_with(['等', '共']) || lead.ends_with("其中");
    let is_plain = matches!(unit.kind, UnitKind::Count | UnitKind::Person);
    match unit.word {
        "方面" => lead.ends_with('等'),
        "次" | "步" | "条" | "种" | "点" | "道" | "面" | "手" | "片" | "面包" | "层" | "度"
        | "级" | "门" | "期" => false,
        _ => is_plain && (is_summed || is_report),
    }
}

/// Whether a length of time was measured, required or served, and is no mere time of narrative.
fn is_length_measured(measure: &Measure, lead: &str, after: &str) -> bool {
    const BEFORE: [&str; 36] = [
        "用时", "耗时", "历时", "缩短", "压缩", "延长", "缩减", "减少", "提速", "拘留", "徒刑",
        "拘役", "管制", "判处", "刑期", "暂扣", "禁驾", "监禁", "路程", "车程", "时长", "周期",
        "期限", "时限", "工龄", "平均", "经过", "长达", "工期", "等待", "时间", "为期", "连续",
        "仅用", "只用", "只需",
    ];
    const AFTER: [&str; 6] = ["的路程", "的车程", "车程", "路程", "经历", "工作经验"];
    if measure.form == Form::Half {
        let is_whole = lead.ends_with('“') && after.starts_with('”');
        return is_whole || AFTER.iter().any(|word| after.starts_with(word));
    }
    let near: String = lead
        .chars()
        .rev()
        .take(16)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let is_bounded = measure.qualifier != Qualifier::Exact && measure.form != Form::Place;
    let is_small = is_small_chinese(measure) && measure.value <= rust_decimal::Decimal::ONE;
    let is_cued = BEFORE.iter().any(|word| near.contains(word));
    !is_small && (is_bounded || is_cued) || AFTER.iter().any(|word| after.starts_with(word))
}

/// 等8省, 覆盖12个县: counted; 四川三省 and 11地 are names as often.
fn is_area_counted(measure: &Measure, lead: &str) -> bool {
    const BEFORE: [&str; 13] = [
        "等",
        "共",
        "涉及",
        "覆盖",
        "辐射",
        "遍布",
        "涵盖",
        "横跨",
        "跨",
        "惠及",
        "分布在",
        "联合",
        "全国",
    ];
    let is_counted =
        BEFORE.iter().any(|word| lead.ends_with(word)) || measure.qualifier != Qualifier::Exact;
    is_counted && !(is_small_chinese(measure) && !lead.ends_with('等'))
}

/// The unit of a number that prints none: people for 2000余群众, money for 投资3.5亿.
fn infer_unit(sheet: &Sheet<'_>, measure: &mut Measure) {
    const PEOPLE: [&str; 24] = [
        "民警",
        "群众",
        "市民",
        "党员",
        "村民",
        "居民",
        "警力",
        "学生",
        "师生",
        "志愿者",
        "干部",
        "职工",
        "职员",
        "辅警",
        "员工",
        "网民",
        "网友",
        "游客",
        "旅客",
        "观众",
        "人民群众",
        "老人",
        "儿童",
        "考生",
    ];
    const MONEY: [&str; 16] = [
        "投资", "资金", "金额", "损失", "产值", "收入", "价值", "额", "款", "成本", "债", "补贴",
        "GDP", "费用", "营收", "利润",
    ];
    let clause = sheet.clause_of(&measure.core);
    let lead = &sheet.text[clause.start..measure.whole.start.max(clause.start)];
    let near: String = lead
        .chars()
        .rev()
        .take(10)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let after = &sheet.text[measure.core.end..];
    let is_bounded = measure.qualifier != Qualifier::Exact || measure.significant_digits > 0;
    let inferred = |unit, kind| {
        Some(Measured {
            unit,
            word: "",
            kind,
            is_shared: true,
        })
    };
    if is_bounded && PEOPLE.iter().any(|word| after.starts_with(word)) {
        measure.unit = inferred("人", UnitKind::Person);
    } else if measure.significant_digits > 0 && MONEY.iter().any(|word| near.contains(word)) {
        measure.unit = inferred("元", UnitKind::Money);
    }
}
