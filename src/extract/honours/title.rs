//! Reads the titles that follow a verb of awarding.

use std::ops::Range;

use super::level;
use super::words::{Verb, WORDS};
use crate::pb::honour::Level;

/// Longest title, in characters.
const TITLE_CHARS_MAX: usize = 60;
/// Longest row of titles that what follows it tells of, in characters.
const ROW_CHARS_MAX: usize = 400;
/// Longest title after a verb of one character.
const NEAR_CHARS_MAX: usize = 16;
/// Longest words of a level before a title in quotation marks, in bytes.
const LEVEL_BYTES_MAX: usize = 24;
/// Most titles after one verb.
const TITLES_MAX: usize = 30;

/// A title as it stands; ranges are in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Title {
    /// The title itself, without the quotation marks when it is nothing but a quotation.
    pub text: Range<usize>,
    /// What stands between the verb and the title: its level, its giver, or who received it.
    pub before: Range<usize>,
    /// Where the award ends: title, 称号, and how many times.
    pub end: usize,
}

/// The titles that stand from a place on, in a list of them.
pub fn read(text: &str, from: usize, end: usize, verb: Verb) -> Vec<Title> {
    let mut titles = Vec::new();
    let mut at = from;
    let mut verb = verb;
    while titles.len() < TITLES_MAX {
        let Some(title) = one(text, at, end, verb) else {
            break;
        };
        at = title.end;
        titles.push(title);
        let follows_quotation = text[..at].ends_with('”') && text[at..end].starts_with('“');
        let next = next_item(&text[at..end], titles.len());
        let Some(next) = next.or(follows_quotation.then_some(0)) else {
            break;
        };
        at += next;
        if verb == Verb::Near {
            verb = Verb::Weak;
        }
    }
    titles
}

/// How long what divides two titles of a list is.
fn next_item(rest: &str, count: usize) -> Option<usize> {
    let divider = ["、", "以及", "和", "及", "与", ",以及", ",和"];
    let found = divider.iter().find(|word| rest.starts_with(**word));
    found.map(|word| word.len()).or_else(|| {
        let next = rest.strip_prefix(',')?;
        let is_title = ["“", "个人", "集体"]
            .iter()
            .any(|start| next.starts_with(start));
        // ,福建省“五一先锋号”
        let before = next.find('“').map(|at| &next[..at]).unwrap_or_default();
        let is_levelled = count > 1
            && before.len() <= LEVEL_BYTES_MAX
            && WORDS.verbs(before).next().is_none()
            && !before.contains([',', '、', '。'])
            && level::of_title(before) != Level::Unspecified;
        (is_title || is_levelled).then_some(1)
    })
}

fn one(text: &str, from: usize, end: usize, verb: Verb) -> Option<Title> {
    let rest = &text[from..end];
    let skipped = rest.trim_start_matches(['为', '了', '过', '成', ' ', '得', '到']);
    let start = end - skipped.len();
    let item = item(skipped);
    let open = item.find('“');
    let plain = &item[..open.unwrap_or(item.len())];
    let has_divider = plain.contains(['、', '和', '及', '与']);
    let plain_end = told_end(plain).or_else(|| plain_end(plain));
    let mut quotation = open.and_then(|open| Some((open, closing(item, open)?)));
    if verb == Verb::Given {
        quotation = quotation.map(|first| second_quotation(item, &first).unwrap_or(first));
    }
    // What is told of a row of quotations is told of each.
    let verb = match quotation {
        Some((_, close)) if verb == Verb::Weak && is_row_told(&skipped[close..]) => Verb::Won,
        _ => verb,
    };
    let title = match (quotation, plain_end) {
        // 全国文明城市“六连冠”
        (Some((open, close)), Some(plain_end))
            if plain_end == open && item[open..close].ends_with("连冠”") =>
        {
            plain_title(start, 0..close)
        }
        (Some((open, close)), None) => quoted_title(item, start, open, close, verb)?,
        (Some((open, close)), Some(_)) if !has_divider => {
            quoted_title(item, start, open, close, verb)?
        }
        (_, Some(plain_end)) => plain_title(start, after_giver(&item[..plain_end])..plain_end),
        (None, None) => plain_title(start, praised(item, verb)?),
    };
    let title = finished(text, end, title);
    let words = &text[title.text.clone()];
    let count = words.chars().count();
    let count_max = if verb == Verb::Near {
        NEAR_CHARS_MAX
    } else {
        TITLE_CHARS_MAX
    };
    let is_quoted = text[..title.text.start].ends_with('“');
    let is_long = is_quoted || count >= 3 || WORDS.is_short(words);
    ((2..=count_max).contains(&count) && is_long && !WORDS.is_none(words)).then_some(title)
}

/// Whether quotations that follow, and end with 等荣誉 or the like, make a row of titles.
fn is_row_told(rest: &str) -> bool {
    let end = rest.char_indices().nth(ROW_CHARS_MAX);
    let mut rest = &rest[..end.map_or(rest.len(), |(at, _)| at)];
    while let Some(next) = rest
        .strip_prefix('、')
        .or(Some(rest))
        .filter(|next| next.starts_with('“'))
    {
        let Some(close) = closing(next, 0) else {
            return false;
        };
        rest = &next[close..];
    }
    WORDS.after(rest) > 0
}

/// Up to the punctuation that ends what may be one title, outside of quotation marks.
fn item(text: &str) -> &str {
    let mut depth = 0_u32;
    for (count, (at, char)) in text.char_indices().enumerate() {
        match char {
            // “…”“…”: two titles with nothing between.
            '“' if depth == 0 && text[..at].ends_with('”') => return &text[..at],
            '“' => depth += 1,
            '”' => depth = depth.saturating_sub(1),
            ',' | ';' | ':' | '。' | '!' | '?' | '(' | '《' if depth == 0 => return &text[..at],
            _ => {}
        }
        if count >= 2 * TITLE_CHARS_MAX {
            return &text[..at];
        }
    }
    text
}

/// One past the quotation mark that closes the one at a place.
fn closing(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, char) in text[open..].char_indices() {
        match char {
            '“' => depth += 1,
            '”' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(open + at + char.len_utf8());
        }
    }
    None
}

/// 授予“最美警察”当选者“优秀民警”称号: the first quotation only says to whom.
fn second_quotation(item: &str, first: &(usize, usize)) -> Option<(usize, usize)> {
    let between = &item[first.1..];
    let between = &between[..between.find('“')?];
    let is_receiver = between.ends_with(['者', '人', '员', '警', '所', '队', '组', '位'])
        && between.chars().count() <= 12;
    let open = first.1 + between.len();
    is_receiver.then_some((open, closing(item, open)?))
}

/// Where a title without quotation marks ends: at the last ending before the list goes on.
fn plain_end(text: &str) -> Option<usize> {
    let mut found = None;
    for end in WORDS.ends(text) {
        // 进步奖二等奖 is one title.
        let is_class = |words: &str| words.ends_with("等奖") && words.chars().count() == 3;
        if let Some(known) = found
            && text[known..end].contains(['、', '和', '及', '与', '并', '的', '等'])
            && !is_class(&text[known..end])
        {
            break;
        }
        found = Some(end);
    }
    found
}

/// 全国模范人民调解委员会等荣誉称号: one title that what follows it says to be one.
fn told_end(text: &str) -> Option<usize> {
    let mut ends = text.match_indices('等').map(|(at, _)| at);
    let end = ends.find(|at| WORDS.after(&text[*at..]) > '等'.len_utf8())?;
    let is_one = !text[..end].contains(['、', '和', '及', '与', ',']);
    let is_title = is_one && (plain_end(&text[..end]).is_some() || WORDS.is_praise(&text[..end]));
    is_title.then_some(end)
}

/// Where the title begins after `公安部颁发的`.
fn after_giver(text: &str) -> usize {
    text.rfind('的').map_or(0, |at| at + '的'.len_utf8())
}

fn plain_title(start: usize, range: Range<usize>) -> Title {
    Title {
        text: start + range.start..start + range.end,
        before: start..start + range.start,
        end: start + range.end,
    }
}

/// A title in quotation marks, and what may belong to it after them: “五一”劳动奖章.
fn quoted_title(item: &str, start: usize, open: usize, close: usize, verb: Verb) -> Option<Title> {
    let inner = open + '“'.len_utf8()..close - '”'.len_utf8();
    let words = &item[inner.clone()];
    let rest = &item[close..];
    let rest = &rest[..rest.find(['“', '、']).unwrap_or(rest.len())];
    let is_told = WORDS.after(rest) > 0;
    // “枫桥式”公安派出所: the quotation is a word of the title.
    let whole = (!WORDS.ends_title(words) && WORDS.ends_title(rest)).then_some(rest.len());
    if !is_told
        && !rest.starts_with(|char: char| char.is_ascii_digit() || "、和及等与的".contains(char))
        && let Some(end) = plain_end(rest).or(whole)
        && rest[..end].chars().count() <= TITLE_CHARS_MAX / 2
    {
        let from = after_giver(&item[..open]);
        return Some(plain_title(start, from..close + end));
    }
    if verb != Verb::Aspired && WORDS.is_object(rest) {
        return None;
    }
    let is_sure = matches!(verb, Verb::Given | Verb::Won);
    (is_told || WORDS.is_title(words) || is_sure && !goes_on(rest)).then(|| Title {
        text: start + inner.start..start + inner.end,
        before: start..start + open,
        end: start + close,
    })
}

/// Whether a quotation is only the beginning of what was received.
fn goes_on(rest: &str) -> bool {
    rest.starts_with(|char: char| crate::extract::people::name::is_han(char))
        && !rest.starts_with(['和', '及', '等', '与', '的'])
}

/// A title without an ending that begins with praise: 优秀党小组长.
fn praised(item: &str, verb: Verb) -> Option<Range<usize>> {
    let is_sure = matches!(verb, Verb::Given | Verb::Won);
    let end = item.find(|char: char| "、和及的并,”".contains(char) || char.is_ascii_digit());
    let words = &item[..end.unwrap_or(item.len())];
    let words = words.strip_suffix("等").unwrap_or(words);
    let after = words
        .char_indices()
        .rev()
        .map(|(at, _)| at)
        .find(|at| WORDS.after(&words[*at..]) == words.len() - at);
    let words = &words[..after.unwrap_or(words.len())];
    let is_title = is_sure && WORDS.is_praise(words) && (4..=20).contains(&words.chars().count());
    is_title.then_some(0..words.len())
}

/// The title with 称号 and its count.
fn finished(text: &str, end: usize, mut title: Title) -> Title {
    title.end += WORDS.after(&text[title.end..end]);
    let rest = &text[title.end..end];
    let is_digit =
        |char: char| char.is_ascii_digit() || "一二三四五六七八九十两百余多".contains(char);
    let digits = rest.find(|char| !is_digit(char)).unwrap_or(rest.len());
    let units = ["人次", "次", "个", "项", "枚", "块", "面", "名", "人", "件"];
    let unit = units.iter().find(|unit| rest[digits..].starts_with(**unit));
    if let (1.., Some(unit)) = (digits, unit) {
        title.end += digits + unit.len();
    }
    title
}
