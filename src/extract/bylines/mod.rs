//! Who wrote an article: names after a role, run together or apart, in a dateline's brackets or at the
//! end.

mod credit;
mod words;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use self::credit::{Credit, Extent, is_desk, is_separator};
use super::people::name;
use super::story::{Place, Role as Part, Story};
use super::vocabulary::Vocabulary;
use crate::pb;
use crate::pb::byline::Role;

/// Longest credit, in characters: a bracket, a line or a tail.
const CREDIT_CHARS_MAX: usize = 160;
/// Longest dateline before a credit, in characters.
const DATELINE_CHARS_MAX: usize = 40;
/// Longest name of a paper, station or site, in characters.
const MEDIUM_CHARS_MAX: usize = 12;
/// Names in brackets without a role count only so near to the end of the article.
const LAST_PARTS: usize = 4;

#[derive(Clone, Debug, PartialEq)]
pub struct Byline {
    /// The name with the role before it.
    pub place: Place,
    /// The name alone.
    pub name: Place,
    /// Without person and span. Names in a dateline without a role are authors.
    pub byline: pb::Byline,
}

/// The credits of an article, in its order, each name once for each role. Who edited it did not write it.
pub fn find(story: &Story<'_>) -> Vec<Byline> {
    let mut bylines = Vec::new();
    for (index, part) in story.parts.iter().enumerate() {
        let text = part.passage.text();
        let mut found: Vec<Credit> = Vec::new();
        match part.role {
            Part::Headline | Part::Kicker | Part::Subhead => continue,
            Part::Byline | Part::Credit => found.extend(line(text, true)),
            Part::Deck => found.extend(line(text, false)),
            Part::Body | Part::Caption => {
                let is_near_end = index + LAST_PARTS >= story.parts.len();
                let is_last = index + 1 == story.parts.len();
                let are_names = are_names_apart(text) || is_last && index > 0 && is_one_name(text);
                let whole = line(text, is_near_end && are_names);
                if whole.is_empty() {
                    found.extend(head(text));
                    found.extend(brackets(text, is_near_end));
                    found.extend(tail(text));
                    if is_last && found.is_empty() {
                        found.extend(signature(text));
                    }
                } else {
                    found = whole;
                }
            }
        }
        found.sort_by_key(|credit| credit.name.start);
        bylines.extend(
            found
                .into_iter()
                .map(|credit| byline(story, index, &credit)),
        );
    }
    let mut seen = std::collections::HashSet::new();
    bylines.retain(|byline| seen.insert((byline.byline.display_name.clone(), byline.byline.role)));
    bylines
}

fn byline(story: &Story<'_>, part: usize, credit: &Credit) -> Byline {
    let name = Place::new(part, credit.name.clone());
    let role_text = Place::new(part, credit.role_text.clone());
    let mut place = name.clone();
    if credit.is_first && !role_text.range().is_empty() {
        place.start = place.start.min(role_text.start);
        place.end = place.end.max(role_text.end);
    }
    let byline = pb::Byline {
        role: credit.role.unwrap_or(Role::Author).into(),
        role_text: story.printed(&role_text),
        // A space inside is for looks.
        display_name: story.printed(&name).split_whitespace().collect(),
        ..pb::Byline::default()
    };
    Byline {
        place,
        name,
        byline,
    }
}

/// A name without the spaces that make it as wide as others.
fn without_spaces(name: &str) -> Cow<'_, str> {
    match name.contains(char::is_whitespace) {
        true => name.split_whitespace().collect::<String>().into(),
        false => name.into(),
    }
}

/// Whether a line names who wrote an article and says nothing else.
pub fn is_credit(text: &str) -> bool {
    let credits = line(text, false);
    let mut names = credits.iter().map(|credit| &text[credit.name.clone()]);
    names.any(|name| name::is_name(&without_spaces(name)))
}

/// A line that is a credit and nothing else.
fn line(text: &str, is_byline: bool) -> Vec<Credit> {
    if let Some(credit) = name_and_medium(text) {
        return vec![credit];
    }
    let is_short = text.len() <= CREDIT_CHARS_MAX
        || text.len() <= 4 * CREDIT_CHARS_MAX && text.chars().nth(CREDIT_CHARS_MAX).is_none();
    let is_sourced = text
        .split_once(':')
        .is_some_and(|(word, _)| words::is_source(word));
    let may_be =
        is_short && (is_byline || is_sourced || is_bracketed(text) || words::is_hinted(text));
    if !may_be {
        return Vec::new();
    }
    let credits = credit::read(text, Extent::Whole).unwrap_or_default();
    let has_role = credits.iter().any(|credit| credit.role.is_some());
    if has_role || is_byline || are_bare_names(text, &credits) && is_bracketed(text) {
        credits
    } else {
        Vec::new()
    }
}

/// 陈立群/江州晚报: a name, and whom its bearer writes for.
fn name_and_medium(text: &str) -> Option<Credit> {
    let (name, medium) = text.split_once('/')?;
    let is_credit = name::is_name(name)
        && words::is_medium(medium)
        && medium.chars().all(name::is_han)
        && medium.chars().count() <= MEDIUM_CHARS_MAX;
    is_credit.then_some(Credit {
        name: 0..name.len(),
        role: None,
        role_text: 0..0,
        is_first: true,
    })
}

/// Whether brackets or the mark of a credit set a line apart: (陈立群), □ 陈立群 方敏.
fn is_bracketed(text: &str) -> bool {
    let text = text.trim();
    if text.starts_with(['□', '■', '◎', '●', '○']) {
        return true;
    }
    text.starts_with(['(', '【', '[']) && text.ends_with([')', '】', ']'])
}

/// Whether a line is nothing but names with spaces or `、` between: 陈立群 方敏.
pub fn are_names_apart(text: &str) -> bool {
    let is_part = |char| name::is_han(char) || name::is_dot(char) || is_gap(char);
    if !text.chars().all(is_part) || text.chars().nth(CREDIT_CHARS_MAX).is_some() {
        return false;
    }
    let credits = credit::read(text, Extent::Whole).unwrap_or_default();
    credits.len() >= 2
        && are_bare_names(text, &credits)
        && credits
            .windows(2)
            .all(|pair| pair[0].name.end < pair[1].name.start)
}

/// The same, of names that hardly are other words.
pub fn are_common_names(text: &str) -> bool {
    let is_common = |name: &str| {
        (2..=3).contains(&name.chars().count())
            && name::is_common(name)
            && !name::begins_like_word(name)
            && !name::ends_like_word(name)
    };
    are_names_apart(text)
        && text
            .split(is_gap)
            .filter(|name| !name.is_empty())
            .all(is_common)
}

fn is_gap(char: char) -> bool {
    char.is_whitespace() || char == '、'
}

/// Whether a line is one name of a common family: who wrote the article, when it is the last.
fn is_one_name(text: &str) -> bool {
    let name = without_spaces(text);
    name::is_common(&name)
        && name::is_name(&name)
        && name.chars().count() <= 3
        && !name::ends_like_word(&name)
}

/// Whether names without a role are names for sure.
fn are_bare_names(text: &str, credits: &[Credit]) -> bool {
    let mut names = credits
        .iter()
        .map(|credit| without_spaces(&text[credit.name.clone()]));
    !credits.is_empty()
        && credits.len() <= 8
        && names.all(|name| name::is_name(&name) || is_desk(&name))
}

/// A credit right after a dateline, or at the start, without brackets.
fn head(text: &str) -> Vec<Credit> {
    let dateline = dateline(text);
    let start = dateline.unwrap_or_default();
    let rest = text[start..].trim_start_matches(is_separator);
    let start = text.len() - rest.len();
    let near = &rest[..chars_end(rest, DATELINE_CHARS_MAX / 2)];
    let is_report = dateline.is_some() && near.contains("报道");
    if !is_report && !words::is_surely_hinted(near) {
        return Vec::new();
    }
    let rest = &rest[..chars_end(rest, CREDIT_CHARS_MAX)];
    moved(credit::read(rest, Extent::Start).unwrap_or_default(), start)
}

/// Where a dateline at the start of the text ends, such as 新华社北京3月5日电 or 本报讯.
fn dateline(text: &str) -> Option<usize> {
    let start = &text[..chars_end(text, DATELINE_CHARS_MAX)];
    // 07:24本报讯
    let clock = start.find(|char: char| !(char.is_ascii_digit() || ":-./ ".contains(char)));
    let clock = clock.unwrap_or_default();
    let stop = start[clock..].find(['。', ',', '“', ':', '(', '【']);
    let start = &start[..stop.map_or(start.len(), |stop| clock + stop)];
    let (at, end) = DATELINE_ENDS.next_in(start, 0)?;
    Some(at + end.word.len())
}

/// All of one length: the first to begin is the first to end.
static DATELINE_ENDS: LazyLock<Vocabulary<'static, ()>> = LazyLock::new(|| {
    Vocabulary::of_bare_starts([
        "日电", "报讯", "网讯", "台讯", "社讯", "刊讯", "端讯", "闻讯", "体讯", "日讯", "电讯",
        "消息",
    ])
});

/// Credits in brackets: with a role anywhere; without one after a dateline, or at the end of all.
fn brackets(text: &str, is_near_end: bool) -> Vec<Credit> {
    let mut credits = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find(['(', '【', '[']).map(|open| at + open) {
        let inside = open + text[open..].chars().next().map_or(1, char::len_utf8);
        at = inside;
        let window = &text[inside..inside + chars_end(&text[inside..], CREDIT_CHARS_MAX)];
        let Some(length) = window.find([')', '】', ']', '(', '。']) else {
            continue;
        };
        let content = &window[..length];
        let Some(found) = credit::read(content, Extent::Whole) else {
            if ends_as_dateline(&text[..open]) {
                credits.extend(moved(beside_names(content), inside));
            }
            continue;
        };
        let has_role = found.iter().any(|credit| credit.role.is_some());
        let after = text[inside + length..].trim_start_matches([')', '】', ']']);
        let stands_bare = ends_as_dateline(&text[..open])
            || is_near_end && ends_article(after) && ends_sentence(&text[..open]);
        if has_role || stands_bare && are_bare_names(content, &found) {
            at = inside + length;
            credits.extend(moved(found, inside));
        }
    }
    credits
}

/// (玉祥 陈立群): beside a sure name another is one too.
fn beside_names(content: &str) -> Vec<Credit> {
    let may_be = |name: &str| {
        (2..=4).contains(&name.chars().count())
            && name.chars().all(name::is_han)
            && !name::begins_like_word(name)
            && !words::is_medium(name)
            && words::alone(name).is_none()
    };
    let names = || content.split(is_gap).filter(|name| !name.is_empty());
    if names().count() < 2 || !names().all(may_be) || !names().any(name::is_name) {
        return Vec::new();
    }
    let places = names().filter_map(|name| content.find(name).map(|at| at..at + name.len()));
    let credit = |name| Credit {
        name,
        role: None,
        role_text: 0..0,
        is_first: false,
    };
    places.map(credit).collect()
}

fn ends_as_dateline(before: &str) -> bool {
    let before = before.trim_end();
    // 江州长安网:(陈立群)
    let is_medium = before
        .strip_suffix(':')
        .is_some_and(|name| name.chars().count() <= MEDIUM_CHARS_MAX && words::is_medium(name));
    is_medium
        || ["电", "讯", "消息", "报道"]
            .iter()
            .any(|end| before.ends_with(end))
}

fn ends_sentence(before: &str) -> bool {
    let before = before.trim_end();
    before.is_empty() || before.ends_with(['。', '!', '?', '”', '…', ')', ';'])
}

fn ends_article(after: &str) -> bool {
    let after = after.trim_matches(|char: char| char.is_whitespace() || char == '。');
    after.is_empty() || matches!(after, "(完)" | "完")
}

/// A credit after the last sentence of a paragraph, or after the words of a caption.
fn tail(text: &str) -> Vec<Credit> {
    let window = text.len() - chars_start(text, CREDIT_CHARS_MAX / 2);
    let window = text.len() - window..text.len();
    let last = &text[window.clone()];
    if !words::is_hinted(last) {
        return Vec::new();
    }
    // In front of the last character: a credit may end with a full stop.
    let end = last.trim_end_matches(['。', ' ', ')']).len();
    let after_sentence = last[..end]
        .rfind(['。', '!', '?', '”', ')'])
        .map(|at| at + last[at..].chars().next().map_or(1, char::len_utf8));
    let after_space = last.char_indices().filter(|(_, char)| char.is_whitespace());
    let starts = after_sentence
        .into_iter()
        .chain(after_space.map(|(at, _)| at));
    for start in starts {
        let credits = credit::read(&last[start..], Extent::Whole).unwrap_or_default();
        let is_roled = credits.iter().any(|credit| credit.role.is_some());
        if is_roled && credits.iter().all(|credit| credit.role.is_some()) {
            return moved(credits, window.start + start);
        }
    }
    Vec::new()
}

/// Names alone after the last sentence of an article.
fn signature(text: &str) -> Vec<Credit> {
    let Some((sentences, names)) = text.rsplit_once('。') else {
        return Vec::new();
    };
    if !(are_names_apart(names) || is_one_name(names)) {
        return Vec::new();
    }
    let start = sentences.len() + '。'.len_utf8();
    let credits = credit::read(names, Extent::Whole).unwrap_or_default();
    moved(credits, start)
}

fn moved(mut credits: Vec<Credit>, by: usize) -> Vec<Credit> {
    let shift = |range: &mut Range<usize>| {
        if range.start < range.end {
            *range = range.start + by..range.end + by;
        }
    };
    for credit in &mut credits {
        shift(&mut credit.name);
        shift(&mut credit.role_text);
    }
    credits
}

/// Where the first so many characters of a text end.
fn chars_end(text: &str, count: usize) -> usize {
    text.char_indices()
        .nth(count)
        .map_or(text.len(), |(at, _)| at)
}

/// Where the last so many characters of a text begin.
fn chars_start(text: &str, count: usize) -> usize {
    text.char_indices()
        .rev()
        .nth(count.saturating_sub(1))
        .map_or(0, |(at, _)| at)
}

#[cfg(test)]
mod tests;
