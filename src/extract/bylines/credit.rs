//! Reads the words of one credit: roles, names, and what stands between them.

use std::ops::Range;

use super::words::{self, Word};
use crate::extract::people::name;
use crate::pb::byline::Role;

/// A name that is credited; ranges are in bytes of the text that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Credit {
    pub name: Range<usize>,
    pub role: Option<Role>,
    /// The role as printed.
    pub role_text: Range<usize>,
    /// Whether the name is the first after its role.
    pub is_first: bool,
}

/// How far the text must be a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// To its end.
    Whole,
    /// As long as roles and sure names follow each other.
    Start,
}

/// The credits of a text, or none when it is no credit.
pub fn read(text: &str, extent: Extent) -> Option<Vec<Credit>> {
    let mut reader = Reader {
        text,
        extent,
        at: 0,
        credits: Vec::new(),
        role: Current::None,
        pending: 0,
    };
    while reader.at < text.len() {
        if !reader.step() {
            if extent == Extent::Whole {
                return None;
            }
            break;
        }
    }
    let credits = reader.credits;
    let has_names = !credits.is_empty() && (extent == Extent::Whole || credits[0].role.is_some());
    has_names.then_some(credits)
}

enum Current {
    None,
    Role(Role, Range<usize>),
    /// Names that are not kept follow.
    Skip,
    /// 来源: and whether the paper or office was named, which only names follow.
    Source {
        is_named: bool,
    },
}

struct Reader<'t> {
    text: &'t str,
    extent: Extent,
    at: usize,
    credits: Vec<Credit>,
    role: Current,
    /// Credits from this index on belong to the current role, or wait for one.
    pending: usize,
}

impl Reader<'_> {
    /// Reads what stands next, or says that it is no part of a credit.
    fn step(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let Some(char) = rest.chars().next() else {
            return false;
        };
        if let Some((length, word)) = words::long_at(rest) {
            return self.word(length, word);
        }
        if name::is_han(char) || name::is_dot(char) {
            return self.run();
        }
        // A full stop ends a credit; what follows it is another sentence.
        if char == '。' && !rest.chars().all(is_separator) {
            return false;
        }
        if is_separator(char) {
            self.at += char.len_utf8();
            return true;
        }
        // A date or a time beside a credit.
        if char.is_ascii_digit() && self.extent == Extent::Whole {
            let is_date = |char: char| {
                char.is_ascii_digit() || matches!(char, '-' | '.' | ':' | '年' | '月' | '日')
            };
            let length = rest.find(|char| !is_date(char)).unwrap_or(rest.len());
            self.at += length;
            return true;
        }
        false
    }

    fn word(&mut self, length: usize, word: Word) -> bool {
        let range = self.at..self.at + length;
        self.at = range.end;
        let text = &self.text[range.clone()];
        let is_last = self.text[self.at..].chars().all(is_separator);
        let has_pending = self.credits.len() > self.pending;
        let is_waiting = has_pending && matches!(self.role, Current::None);
        let is_open = self.text[self.at..]
            .trim_start()
            .starts_with([':', '/', '|', '丨']);
        // 陈立群/文 方敏/图
        let is_suffix = is_waiting && !is_open && self.text[..range.start].ends_with('/');
        match word {
            _ if is_last && has_pending && words::is_join(text) => self.assign(None, range, true),
            _ if is_last && has_pending && words::is_photo(text) => {
                self.assign(Some(Role::Photographer), range, true);
            }
            Word::Role(role) | Word::After(role) if is_last && is_waiting || is_suffix => {
                self.assign(Some(role), range, true);
            }
            Word::Role(role) => {
                let is_sure = matches!(role, Role::Reporter | Role::Correspondent | Role::Intern);
                if self.extent == Extent::Start && !is_sure {
                    return false;
                }
                self.role = Current::Role(role, range);
                self.pending = self.credits.len();
            }
            // 供稿:陈立群
            Word::After(role) if is_open && !has_pending => {
                self.role = Current::Role(role, range);
                self.pending = self.credits.len();
            }
            Word::After(role) => self.assign(Some(role), range, false),
            Word::Photo => self.assign(Some(Role::Photographer), range, true),
            Word::Join => {
                self.assign(None, range.clone(), false);
                self.role = Current::Role(Role::Author, range);
            }
            Word::Skip | Word::Nobody => {
                self.role = match words::is_source(text) {
                    true => Current::Source { is_named: false },
                    false => Current::Skip,
                };
                self.pending = self.credits.len();
                return self.extent == Extent::Whole;
            }
        }
        true
    }

    /// Gives the pending names a role that stands after them.
    fn assign(&mut self, role: Option<Role>, range: Range<usize>, is_firm: bool) {
        for credit in &mut self.credits[self.pending..] {
            if credit.role.is_none() {
                credit.role = Some(role.unwrap_or(Role::Author));
                credit.role_text = range.clone();
            } else if let (true, Some(role)) = (is_firm, role) {
                credit.role = Some(role);
            }
        }
        self.pending = self.credits.len();
        self.role = Current::None;
    }

    /// A run of characters up to the next separator or word: names, or the name of a paper.
    fn run(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let mut length = rest.len();
        let mut follows = None;
        for (at, char) in rest.char_indices().skip(1) {
            if !name::is_han(char) && !name::is_dot(char) {
                length = at;
                break;
            }
            follows = words::long_at(&rest[at..]);
            if follows.is_some() {
                length = at;
                break;
            }
        }
        let run = &rest[..length];
        let start = self.at;
        if let Some(word) = words::alone(run) {
            return self.word(length, word);
        }
        if let Current::Source { is_named } = self.role {
            return self.source(length, is_named);
        }
        if let Some(end) = spread_name(rest).filter(|_| !matches!(self.role, Current::Skip)) {
            self.push(start..start + end);
            self.at = start + end;
            return true;
        }
        // 张三摄
        if let Some(names) = run
            .strip_suffix('摄')
            .filter(|names| names.chars().count() > 1)
            && follows.is_none()
        {
            return self.names(start, names) && self.word('摄'.len_utf8(), Word::Photo);
        }
        let is_before_role = matches!(follows, Some((_, Word::Role(_))));
        let is_free = matches!(self.role, Current::None) && self.credits.len() == self.pending;
        // 平安江州: the account of an office.
        let is_account = name::begins_like_word(run) && !name::has_surname(run);
        if matches!(self.role, Current::Skip)
            || words::is_medium(run)
            || is_account
            || (is_before_role && is_free && !self.is_glued_name(run))
        {
            self.at += length;
            return self.extent == Extent::Whole || is_before_role;
        }
        if is_desk(run) {
            self.push(start..start + length);
            self.at += length;
            return true;
        }
        self.names(start, run)
    }

    /// 来源:江州市公安局城东派出所 陈立群 方敏: names behind the office are of those who wrote.
    fn source(&mut self, length: usize, is_named: bool) -> bool {
        let range = self.at..self.at + length;
        let run = &self.text[range.clone()];
        let is_author = is_named
            && self.text[..range.start].ends_with(char::is_whitespace)
            && (2..=3).contains(&run.chars().count())
            && name::is_common(run)
            && name::is_name(run)
            && !name::ends_like_word(run);
        self.at = range.end;
        if is_author {
            self.role = Current::Role(Role::Author, 0..0);
            self.push(range);
        }
        self.role = Current::Source { is_named: true };
        self.extent == Extent::Whole
    }

    /// (陈立群记者方敏): a name, not a paper, before the first role.
    fn is_glued_name(&self, run: &str) -> bool {
        self.extent == Extent::Whole
            && run.chars().count() == 3
            && name::is_common(run)
            && name::is_name(run)
    }

    fn names(&mut self, start: usize, run: &str) -> bool {
        let is_sure = self.extent == Extent::Start || matches!(self.role, Current::None);
        let ranges = match name::split(run) {
            Some(ranges) if self.are_names(run, &ranges, is_sure) => ranges,
            _ if self.is_told_name(start, run) => {
                self.push(start..start + run.len());
                self.at = start + run.len();
                return true;
            }
            _ if self.extent == Extent::Start => return self.name_before_sentence(start, run),
            _ => return false,
        };
        for range in ranges {
            self.push(start + range.start..start + range.end);
        }
        self.at = start + run.len();
        true
    }

    /// 记者 郑与国: what stands alone behind a role is a name, of whatever characters.
    fn is_told_name(&self, start: usize, run: &str) -> bool {
        let is_apart = self.text[..start].ends_with(char::is_whitespace)
            && !self.text[start + run.len()..].starts_with(char::is_alphanumeric);
        is_apart
            && self.extent == Extent::Whole
            && matches!(self.role, Current::Role(..))
            && run.chars().count() == 3
            && name::has_surname(run)
            && !words::is_said(run)
            && !name::begins_like_word(run)
    }

    fn are_names(&self, run: &str, ranges: &[Range<usize>], is_sure: bool) -> bool {
        let mut names = ranges.iter().map(|range| &run[range.clone()]);
        if is_sure {
            names.all(name::is_name)
        } else {
            // A role says that names stand here; parted ones must still be known.
            // A sentence is no place for names of unknown family names.
            let may_be_rare = ranges.len() == 1 && !self.text.contains('。');
            let is_said = words::is_said(run)
                && !ranges
                    .iter()
                    .all(|range| name::is_name(&run[range.clone()]));
            !is_said
                && names.all(|name| {
                    may_be_rare || name::has_surname(name) || name.contains(name::is_dot)
                })
        }
    }

    /// A name that a sentence goes on after, as in 记者李明从市公安局获悉.
    fn name_before_sentence(&mut self, start: usize, run: &str) -> bool {
        let lengths = name::lengths(run);
        let mut fitting = lengths
            .into_iter()
            .filter(|end| words::is_said(&run[*end..]));
        if let (Some(end), Current::Role(..)) = (fitting.next(), &self.role) {
            self.push(start..start + end);
        }
        false
    }

    fn push(&mut self, name: Range<usize>) {
        let (role, role_text) = match &self.role {
            Current::Role(role, range) => (Some(*role), range.clone()),
            Current::None | Current::Skip | Current::Source { .. } => (None, 0..0),
        };
        self.credits.push(Credit {
            is_first: self.credits.len() == self.pending,
            name,
            role,
            role_text,
        });
    }
}

/// 江公宣: how the desk of an office signs.
pub fn is_desk(name: &str) -> bool {
    let desks = ["公宣", "警宣", "交宣", "检宣", "法宣"];
    name.chars().count() == 3 && desks.iter().any(|desk| name.ends_with(desk))
}

/// Where a name ends whose characters stand apart, two so that it is as wide as others: 李  明, 王 晓 东.
fn spread_name(text: &str) -> Option<usize> {
    spread(text, 3).or_else(|| spread(text, 2))
}

/// The same of so many characters.
fn spread(text: &str, count: usize) -> Option<usize> {
    let mut chars = text.char_indices();
    let (mut at, first) = chars.next()?;
    let mut end = first.len_utf8();
    let mut joined = String::from(first);
    while joined.chars().count() < count {
        let (next, char) = chars.find(|(_, char)| !char.is_whitespace())?;
        if next == end {
            return None;
        }
        (at, end) = (next, next + char.len_utf8());
        joined.push(char);
    }
    let is_alone = !text[end..].starts_with(name::is_han);
    let is_word = words::alone(&text[at..end]).is_some();
    (is_alone && !is_word && name::is_name(&joined)).then_some(end)
}

/// What may stand between the words of a credit.
pub fn is_separator(char: char) -> bool {
    char.is_whitespace()
        || matches!(
            char,
            '、' | ','
                | ';'
                | ':'
                | '/'
                | '|'
                | '丨'
                | '&'
                | '■'
                | '□'
                | '●'
                | '○'
                | '◎'
                | '▲'
                | '△'
                | '◆'
                | '★'
                | '('
                | ')'
                | '【'
                | '】'
                | '['
                | ']'
                | '。'
                | '-'
                | '—'
                | '\u{b7}'
                | '+'
                | '〔'
                | '〕'
                | '「'
                | '」'
                | '│'
                | '▍'
                | '▌'
                | '※'
                | '◇'
        )
}
