//! Whether a 总队, 支队, 大队 or 中队 is one of the police, and a certain one.

use super::chains::Candidate;
use super::judge::Belief;
use super::name::Name;
use super::words::{Bound, Class, Sort, Token};

pub(super) fn belief(name: &Name<'_>, candidate: &Candidate<'_>, is_below: bool) -> Belief {
    let own = name.own_text();
    let chars = name.own_chars();
    if chars == 0 && !name.has_place()
        || own == "副"
        || candidate.rest().starts_with('长') && !is_below
    {
        return Belief::No;
    }
    if is_below {
        let is_of_bureau = candidate
            .parent
            .is_some_and(|parent| parent.ending.class != Class::Short);
        let is_ours = is_of_bureau || !name.own_tokens().iter().any(Token::is_strange);
        return if chars <= 14 && is_ours {
            Belief::Sure
        } else {
            Belief::No
        };
    }
    let before = candidate.token_before();
    // 消防救援支队直属大队: what stands directly above is none of the police.
    let is_of_others = before
        .and_then(Token::ending)
        .is_some_and(|above| above.class == Class::Force);
    if is_of_others {
        return Belief::No;
    }
    let mut words = name.own_tokens().iter().chain(before);
    // 林业交警支队 is one of the police for all that.
    let is_police = name
        .work_token()
        .is_some_and(|work| candidate.text[work.start..work.end].contains("交警"));
    if words.any(Token::is_strange) && !is_police {
        return Belief::No;
    }
    let Some(work) = name.work_token() else {
        // 潭下中队、定江中队
        let is_item = is_number(own) || ((2..=4).contains(&chars) && name.is_clean());
        if candidate.goes_on && is_item {
            return Belief::Sure;
        }
        let is_named = name.has_place() || (2..=7).contains(&chars);
        let has_police = ["民警", "交警", "辅警"]
            .iter()
            .any(|word| candidate.rest().starts_with(word));
        return match (is_named, has_police) {
            (true, true) => Belief::Sure,
            (true, false) => Belief::Loose,
            _ => Belief::No,
        };
    };
    let rest_chars = chars.saturating_sub(candidate.text[work.start..work.end].chars().count());
    if rest_chars == 0 && !name.has_place() {
        return bare(candidate);
    }
    if rest_chars <= 8 {
        Belief::Sure
    } else {
        Belief::No
    }
}

/// 二 of 二大队, 第三 of 第三中队.
pub fn is_number(own: &str) -> bool {
    let number = own.strip_prefix('第').unwrap_or(own);
    !number.is_empty()
        && number
            .chars()
            .all(|char| "一二三四五六七八九十".contains(char))
}

/// 刑侦大队, 交警中队: the one of the place, unless units in general are meant.
fn bare(candidate: &Candidate<'_>) -> Belief {
    let is_any = candidate.token_before().is_some_and(|before| {
        let is_station = before
            .ending()
            .is_some_and(|ending| ending.class == Class::Station);
        is_station || before.bound() == Some(Bound::Any) || matches!(before.sort, Sort::Digits)
    });
    let is_any = is_any || is_founded(candidate);
    let is_of_some = candidate.ending.text == "中队" && !candidate.goes_on && !is_led(candidate);
    if is_any || is_of_some {
        return Belief::No;
    }
    Belief::Sure
}

/// 图侦中队中队长刘立: one that has a head is a certain one.
fn is_led(candidate: &Candidate<'_>) -> bool {
    const HEADS: [&str; 3] = ["中队长", "副中队长", "指导员"];
    let rest = candidate.rest();
    HEADS.iter().any(|head| rest.starts_with(head))
}

/// 建立了巡警大队 says that places have got one.
fn is_founded(candidate: &Candidate<'_>) -> bool {
    const FOUNDING: [&str; 8] = [
        "建立", "成立", "组建", "设立", "设有", "增设", "新建", "配备",
    ];
    let before = &candidate.text[..candidate.tokens[candidate.first].start];
    let before = before.strip_suffix('了').unwrap_or(before);
    FOUNDING.iter().any(|word| before.ends_with(word))
}
