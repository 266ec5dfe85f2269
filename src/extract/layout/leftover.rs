//! What stands on a page and is no article: advertisements, related links, copyright lines.

use std::sync::LazyLock;

use crate::extract::table;
use crate::extract::vocabulary::Vocabulary;

/// Longest line that is told by words in it, in characters: an article may speak of such things.
const SHORT: usize = 60;

/// Longest name of a part of a site, in characters.
const STEP_CHARS_MAX: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftover {
    Advertisement,
    /// A line that closes an article, with what follows it.
    TailStart,
    /// A line of its own.
    TailLine,
}

/// What a line is when it is no part of an article.
pub fn leftover(text: &str) -> Option<Leftover> {
    if is_path(text) {
        return Some(Leftover::TailLine);
    }
    let may_hold = text.chars().nth(SHORT).is_none() && !text.contains('。');
    let alone = text.trim_matches(|char: char| !char.is_alphanumeric());
    let same = RULES.alone.all_at(alone);
    let same = same.filter(|entry| entry.word == alone);
    let begun = RULES.begin.all_at(text);
    let held = RULES.held.every_in(if may_hold { text } else { "" });
    let met = same.chain(begun).chain(held).map(|entry| entry.known);
    met.min_by_key(|(row, _)| *row)
        .map(|(_, leftover)| leftover)
}

/// Where on a site a page stands: 海州网 > 新闻 > 正文.
fn is_path(text: &str) -> bool {
    if text.matches(['>', '»']).count() < 2 {
        return false;
    }
    let mut steps = text
        .split(['>', '»'])
        .map(str::trim)
        .filter(|step| !step.is_empty());
    steps.all(|step| step.chars().count() <= STEP_CHARS_MAX)
}

/// The words of the table, by how they are met; each with its row, of which the first met counts.
struct Rules {
    alone: Vocabulary<'static, (usize, Leftover)>,
    begin: Vocabulary<'static, (usize, Leftover)>,
    held: Vocabulary<'static, (usize, Leftover)>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let (mut alone, mut begin, mut held) = (Vec::new(), Vec::new(), Vec::new());
    let rows = table::rows(include_str!("../rules/leftovers.tsv"));
    for (row, [sort, met, words]) in rows.enumerate() {
        let leftover = match (sort, met) {
            ("AD", _) => Leftover::Advertisement,
            (_, "END") => Leftover::TailStart,
            _ => Leftover::TailLine,
        };
        let words = (words, (row, leftover));
        match met {
            "END" => alone.push(words),
            "LINE" => begin.push(words),
            _ => held.push(words),
        }
    }
    Rules {
        alone: Vocabulary::of_starts(alone),
        begin: Vocabulary::of_starts(begin),
        held: Vocabulary::of_starts(held),
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_told_from_text() {
        let check = |text: &str, expected| assert_eq!(leftover(text), expected, "{text}");
        check("【相关链接】", Some(Leftover::TailStart));
        check(
            "版权声明:本报所有稿件未经授权不得转载",
            Some(Leftover::TailLine),
        );
        check(
            "沿街旺铺招租 电话0574-80000000",
            Some(Leftover::Advertisement),
        );
        check("海州网 > 新闻频道 > 正文", Some(Leftover::TailLine));
        check("民警提醒 > 先核实,再转账", None);
        check("广告", Some(Leftover::Advertisement));
        check(
            "民警提醒:看到“旺铺招租”的小广告,先核实房东身份,再付定金,以免被骗。",
            None,
        );
    }
}
