//! One printed line of a page, and what its form alone tells.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::extract::passage::Passage;
use crate::page::Page;

/// Longest headline, in characters.
const HEADLINE_LENGTH_MAX: usize = 60;

/// Longest subhead, and longest line that can stand for itself without a full stop.
const TITLE_LENGTH_MAX: usize = 30;

/// Longest dateline, in characters.
const DATELINE_LENGTH_MAX: usize = 40;

/// A line with something on it.
#[derive(Clone, Debug)]
pub struct Line<'p> {
    pub passage: Passage<'p>,
    /// In code points of the page, without white space at the ends.
    pub range: Range<usize>,
    pub is_indented: bool,
    pub follows_blank: bool,
    /// Whether a report begins with the line: 本报讯, 新华社北京3月5日电.
    pub has_dateline: bool,
}

/// The lines of a page that are not blank.
pub fn lines(page: &Page) -> Vec<Line<'_>> {
    let mut at = 0;
    let mut follows_blank = false;
    let mut found = Vec::new();
    for text in page.text().split(is_break) {
        let start = at;
        at += text.chars().count() + 1;
        let trimmed = text.trim_matches(is_blank);
        if trimmed.is_empty() {
            follows_blank = true;
            continue;
        }
        let lead = text.len() - text.trim_start_matches(is_blank).len();
        let from = start + text[..lead].chars().count();
        let range = from..from + trimmed.chars().count();
        let passage = Passage::new(page, std::slice::from_ref(&range));
        found.push(Line {
            has_dateline: has_dateline(passage.text()),
            passage,
            is_indented: from > start,
            follows_blank,
            range,
        });
        follows_blank = false;
    }
    found
}

fn has_dateline(text: &str) -> bool {
    let start = text.char_indices().nth(DATELINE_LENGTH_MAX);
    let start = &text[..start.map_or(text.len(), |(at, _)| at)];
    // What all have spares most lines the search.
    let is_possible = start.contains(['电', '讯', '消']);
    is_possible && DATELINE.is_match(text)
}

fn is_break(char: char) -> bool {
    matches!(
        char,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// White space, and the invisible characters that copied pages are strewn with.
fn is_blank(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}

impl Line<'_> {
    pub fn text(&self) -> &str {
        self.passage.text()
    }

    pub fn length(&self) -> usize {
        self.range.len()
    }

    /// Whether a sentence ends with the line. A colon ends one too: what it announces stands below.
    pub fn is_finished(&self) -> bool {
        is_finished(self.text())
    }

    /// Whether the line may be the headline of an article that begins here.
    pub fn may_be_headline(&self) -> bool {
        let text = self.text();
        self.length() <= HEADLINE_LENGTH_MAX
            && !text.contains('。')
            && !text.ends_with([',', ';', '、', ':'])
            && is_balanced(text)
            && !self.has_dateline
            && !DAY.is_match(text)
    }

    /// Whether the line may stand below the first of an article: one with a comma begins the text.
    pub fn may_be_deck(&self) -> bool {
        !self.text().contains([',', ';']) || self.text().starts_with('—')
    }

    /// Whether the line may stand for itself without a full stop: a subhead, a row, a signature.
    pub fn is_title(&self) -> bool {
        let text = self.text();
        self.length() <= TITLE_LENGTH_MAX
            && !text.contains(['。', ',', ';'])
            && !text.ends_with(['、', '(', '“', '《', '-'])
            && !self.is_finished()
            && is_balanced(text)
            && !self.has_dateline
    }

    /// The same, with commas in it.
    pub fn may_be_row(&self) -> bool {
        self.length() <= TITLE_LENGTH_MAX && self.may_be_headline() && !self.is_finished()
    }

    /// Whether the line begins with what no line can begin with but one that goes on.
    pub fn goes_on(&self) -> bool {
        let opening = [
            ',', '。', '、', ';', ':', '!', '?', ')', '”', '’', '》', '」', '』', '%', '·',
        ];
        self.text().starts_with(opening)
    }

    /// Whether the line begins with the mark of an item: ● 批捕5人.
    pub fn is_item(&self) -> bool {
        let marks = [
            '●', '○', '■', '□', '◆', '◇', '▲', '△', '★', '☆', '▶', '►', '➤', '•', '▪', '※', '◎',
        ];
        self.text().starts_with(marks)
    }

    /// Whether the line has no letter and no digit, as a row of stars.
    pub fn is_rule(&self) -> bool {
        !self.text().chars().any(char::is_alphanumeric)
    }

    /// Whether the line is marks that stand in a sentence, as a page break may cut them off.
    pub fn is_punctuation(&self) -> bool {
        const MARKS: &str = ",.。、;:!?()“”‘’《》「」『』%…—·";
        self.text().chars().all(|char| MARKS.contains(char))
    }

    /// Whether the line is a date alone, as below a notice.
    pub fn is_date(&self) -> bool {
        DATE.is_match(self.text())
    }
}

/// Whether a sentence ends with the text.
pub fn is_finished(text: &str) -> bool {
    let open = text.trim_end_matches(['”', '’', '"', '」', '』', '》', ')', ']', '】', ' ']);
    let ends = |text: &str| {
        // A point after a digit, or that a page break cut off, may be a decimal point.
        let word = text.trim_end_matches('.');
        text.ends_with(['。', '!', '?', '…', ';', ':'])
            || word.len() < text.len() && word.ends_with(char::is_alphabetic)
    };
    if ends(open) {
        return true;
    }
    // A bracket after a full stop: the author, (完), where the text goes on.
    let Some((before, bracketed)) = text.rsplit_once('(') else {
        return false;
    };
    ends(before.trim_end().trim_end_matches(['”', '’']))
        && bracketed.ends_with(')')
        && bracketed.chars().count() < HEADLINE_LENGTH_MAX
}

/// Whether every quotation mark and bracket that opens is closed, and none closes that was not opened.
fn is_balanced(text: &str) -> bool {
    const PAIRS: [(char, char); 5] = [
        ('“', '”'),
        ('《', '》'),
        ('(', ')'),
        ('「', '」'),
        ('【', '】'),
    ];
    let mut depths = [0_i32; PAIRS.len()];
    for char in text.chars() {
        for (depth, (open, close)) in depths.iter_mut().zip(PAIRS) {
            *depth += i32::from(char == open) - i32::from(char == close);
            if *depth < 0 {
                return false;
            }
        }
    }
    depths.iter().all(|depth| *depth == 0)
}

static DATELINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[\[【(]?(?:本报|本网|本台|本刊|.{2,12}(?:网|社|报|台|客户端))?.{0,14}?(?:\d{1,2}月)?(?:\d{1,2}日)?(?:专电|电|讯)[\]】)]?\s*(?:[(:【\[]|记者|通讯员|$)|^(?:本报讯|本网讯|本台消息|新华社.{1,12}\d日电)")
        .expect("the pattern is valid")
});

static DAY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\d{1,2}月\d{1,2}日$").expect("the pattern is valid"));

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:\d{4}|[〇零一二三四五六七八九]{4})\s*[-年./]\s*[\d一二三四五六七八九十]{1,3}\s*[-月./]\s*[\d一二三四五六七八九十]{1,3}\s*日?$")
        .expect("the pattern is valid")
});
