//! What stands above an article: kicker, headline, deck, one line each or all in one.

use std::ops::Range;

use super::line::Line;
use crate::extract::story::Role;

/// Most lines above an article.
pub const LINES_MAX: usize = 3;

/// Longest part of a kicker that is several short phrases, in characters.
const PHRASE_LENGTH_MAX: usize = 8;

/// Longest line that is taken for a kicker because a longer one follows, in characters.
const KICKER_LENGTH_MAX: usize = 12;

/// A line's role, or the roles of its parts, in ranges of bytes.
pub type Heading = Vec<(Role, Range<usize>)>;

/// The roles of the lines above an article, in their order.
pub fn headings(lines: &[Line<'_>]) -> Vec<Heading> {
    let whole = |role, line: &Line<'_>| vec![(role, line.passage.whole())];
    match lines {
        [] => Vec::new(),
        [only] => vec![split(only.text())],
        [first, second] if is_kicker(first, second) => {
            vec![whole(Role::Kicker, first), whole(Role::Headline, second)]
        }
        [first, second] => vec![whole(Role::Headline, first), whole(Role::Deck, second)],
        [first, second, rest @ ..] if is_kicker(first, second) => {
            let above = [whole(Role::Kicker, first), whole(Role::Headline, second)];
            let rest = rest.iter().map(|line| whole(Role::Deck, line));
            above.into_iter().chain(rest).collect()
        }
        [first, rest @ ..] => {
            let rest = rest.iter().map(|line| whole(Role::Deck, line));
            std::iter::once(whole(Role::Headline, first))
                .chain(rest)
                .collect()
        }
    }
}

fn is_kicker(first: &Line<'_>, second: &Line<'_>) -> bool {
    if second.text().starts_with(['—', '-', '–']) || is_subtitle(second.text()) {
        return false;
    }
    // 五位民警与读者交流——
    if first.text().ends_with('—') {
        return true;
    }
    phrases(first.text()).is_some()
        || (first.length() <= KICKER_LENGTH_MAX && first.length() < second.length())
}

/// Whether a line says what kind of report it is, as lines below a headline do.
fn is_subtitle(text: &str) -> bool {
    const KINDS: [&str; 10] = [
        "侧记",
        "纪实",
        "综述",
        "纪事",
        "掠影",
        "速写",
        "扫描",
        "访谈",
        "工作回眸",
        "观察",
    ];
    KINDS.iter().any(|kind| text.ends_with(kind))
}

/// A kicker before the headline on one line: several phrases of one length, then a longer one.
fn split(text: &str) -> Heading {
    let whole = vec![(Role::Headline, 0..text.len())];
    let Some(at) = text.rfind(' ') else {
        return whole;
    };
    let (kicker, headline) = (text[..at].trim_end(), &text[at + 1..]);
    let Some(length) = phrases(kicker) else {
        return whole;
    };
    if headline.chars().count() <= length || headline.starts_with(['—', '-', '–']) {
        return whole;
    }
    vec![
        (Role::Kicker, 0..kicker.len()),
        (Role::Headline, at + 1..text.len()),
    ]
}

/// The length of each phrase, when a text is two or more phrases of one length.
fn phrases(text: &str) -> Option<usize> {
    let mut lengths = text.split_whitespace().map(|phrase| phrase.chars().count());
    let first = lengths.next()?;
    let mut count = 1;
    for length in lengths {
        if length != first {
            return None;
        }
        count += 1;
    }
    (count >= 2 && (2..=PHRASE_LENGTH_MAX).contains(&first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_of_one_length_before_a_longer_one_are_the_kicker() {
        let cut = |text: &'static str| -> Vec<(Role, &str)> {
            split(text)
                .into_iter()
                .map(|(role, range)| (role, &text[range]))
                .collect()
        };
        assert_eq!(
            cut("铁马逐风 网格巡控 岗点分级 宁波公安交警勤务机制改革见成效"),
            [
                (Role::Kicker, "铁马逐风 网格巡控 岗点分级"),
                (Role::Headline, "宁波公安交警勤务机制改革见成效")
            ]
        );
        for one in [
            "城东派出所四个“零发生” 擦亮平安招牌",
            "无悔于初心 不负于使命 ——海州民警群像扫描",
        ] {
            assert_eq!(cut(one), [(Role::Headline, one)]);
        }
    }
}
