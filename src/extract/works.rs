//! The works a text names: documents, laws, songs, and who issued them.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::bodies;
use super::story::{Place, Role, Story};
use super::table::rows;
use crate::articles::draft::WORKS_MAX;
use crate::pb;

/// Longest title, in characters.
const TITLE_CHARS_MAX: usize = 150;
/// How far before a title its issuer may begin, in bytes.
const ISSUER_BYTES_MAX: usize = 600;

static WORDS: LazyLock<Words> = LazyLock::new(Words::read);

struct Words {
    issue: Vec<&'static str>,
    study: Vec<&'static str>,
    paper: Vec<&'static str>,
}

impl Words {
    fn read() -> Self {
        let of = |wanted: &str| -> Vec<&'static str> {
            let rows = rows::<2>(include_str!("rules/works.tsv"));
            let rows = rows.filter(|[kind, _]| *kind == wanted);
            let mut words: Vec<_> = rows.flat_map(|[_, list]| list.split_whitespace()).collect();
            words.sort_by_key(|word| std::cmp::Reverse(word.len()));
            words
        };
        Self {
            issue: of("issue"),
            study: of("study"),
            paper: of("paper"),
        }
    }
}

/// A document, song or other work, and where it is named.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// The title with its marks; of a paper by number, with the bodies whose it is.
    pub place: Place,
    pub work: pb::Work,
}

/// The works of an article, each once.
pub fn works(story: &Story<'_>) -> Vec<Work> {
    let mut works = Vec::new();
    let mut seen = HashSet::new();
    for (part, passage) in story.parts.iter().enumerate() {
        if !matches!(passage.role, Role::Body | Role::Caption) {
            continue;
        }
        let text = passage.passage.text();
        for title in titles(text) {
            if works.len() >= WORKS_MAX || !seen.insert(text[title.clone()].to_owned()) {
                continue;
            }
            works.push(work(story, part, text, title));
        }
    }
    works
}

/// Titles in the order of the text: 《…》, and papers by number in quotation marks.
fn titles(text: &str) -> Vec<Range<usize>> {
    let mut titles = Vec::new();
    let mut open: Option<(usize, char)> = None;
    let mut depth = 0_u32;
    for (at, char) in text.char_indices() {
        let end = at + char.len_utf8();
        match (char, open) {
            ('《', Some((_, '《'))) => depth += 1,
            ('》', Some((_, '《'))) if depth > 0 => depth -= 1,
            ('《', _) => (open, depth) = (Some((at, char)), 0),
            ('“', None | Some((_, '“'))) => open = Some((at, char)),
            ('》', Some((start, '《'))) => {
                if is_title(&text[start + '《'.len_utf8()..at]) {
                    titles.push(start..end);
                }
                open = None;
            }
            ('”', Some((start, '“'))) => {
                if is_paper(&text[start + '“'.len_utf8()..at]) {
                    titles.push(start..end);
                }
                open = None;
            }
            _ => {}
        }
    }
    titles
}

fn is_title(words: &str) -> bool {
    (1..=TITLE_CHARS_MAX).contains(&words.chars().take(TITLE_CHARS_MAX + 1).count())
        && !words.contains(['\n', '\r'])
}

/// 1号文件, 一号文件, 中央1号文件.
fn is_paper(words: &str) -> bool {
    words.chars().count() <= 12
        && WORDS.paper.iter().any(|end| {
            let number = words
                .strip_suffix(end)
                .and_then(|rest| rest.chars().next_back());
            number
                .is_some_and(|char| char.is_ascii_digit() || "一二三四五六七八九十".contains(char))
        })
}

fn work(story: &Story<'_>, part: usize, text: &str, title: Range<usize>) -> Work {
    let issuer = if text[title.clone()].starts_with('“') {
        studied(text, title.start)
    } else {
        issuer(text, title.start)
    };
    let mut place = Place::new(part, title.clone());
    if let (Some(issuer), true) = (&issuer, text[title.clone()].starts_with('“')) {
        place.start = issuer.start;
        if text[place.end..].starts_with("精神") {
            place.end += "精神".len();
        }
    }
    let printed = |range: Range<usize>| story.printed(&Place::new(part, range));
    let work = pb::Work {
        title: printed(title),
        issuer: issuer.map(printed).unwrap_or_default(),
        span: None,
    };
    Work { place, work }
}

/// The part of the sentence before a title.
fn before(text: &str, title: usize) -> Range<usize> {
    let mut start = title.saturating_sub(ISSUER_BYTES_MAX);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let sentence = text[start..title].rfind(['。', '!', '?', ';', '》']);
    let start = sentence.map_or(start, |at| {
        start + at + text[start + at..].chars().next().map_or(1, char::len_utf8)
    });
    start..title
}

/// The body that issued a work: the subject of the verb of issuing right before the title, in its own
/// clause or in the one before that names a body first.
fn issuer(text: &str, title: usize) -> Option<Range<usize>> {
    let before = before(text, title);
    let words = text[before.clone()].trim_end_matches(['了', ' ']);
    let words = words.strip_suffix("关于").unwrap_or(words);
    let verb = WORDS.issue.iter().find(|verb| words.ends_with(**verb))?;
    let verb = before.start + words.len() - verb.len();
    let mut end = bodies::without_adverbs(text, before.start..verb).end;
    loop {
        let clause = text[before.start..end]
            .rfind([',', ':'])
            .map_or(before.start, |at| before.start + at + 1);
        let clause_end = bodies::without_adverbs(text, clause..end).end;
        let range = bodies::without_time(text, clause..clause_end);
        if bodies::list(text, range.clone()).is_some() {
            return Some(range);
        }
        if let Some(body) = bodies::leading(text, range) {
            return Some(body);
        }
        if clause == before.start {
            return None;
        }
        end = clause - 1;
    }
}

/// The bodies after a verb of studying, in the clause of a paper.
fn studied(text: &str, title: usize) -> Option<Range<usize>> {
    let before = before(text, title);
    let clause = text[before.clone()]
        .rfind([',', ':'])
        .map_or(before.start, |at| before.start + at + 1);
    let words = &text[clause..title];
    let verbs = WORDS
        .study
        .iter()
        .filter_map(|verb| Some(words.find(verb)? + verb.len()));
    let mut start = clause + verbs.max()?;
    let from = start;
    let mut end = None;
    while let Some(body) = first_body(text, start, title) {
        end = Some(body.end);
        let Some(rest) = text[body.end..title].strip_prefix('、') else {
            break;
        };
        start = title - rest.len();
    }
    end.map(|end| from..end)
}

/// The shortest body that begins at a place.
fn first_body(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let words = &text[start..end];
    let ends = words
        .char_indices()
        .map(|(at, char)| at + char.len_utf8())
        .take(16);
    let mut found =
        ends.filter(|end| bodies::is_body(&words[..*end]) && !bodies::goes_on(words, *end));
    found.next().map(|end| start..start + end)
}

#[cfg(test)]
mod tests {
    use crate::extract::testing;

    /// Works as `title issuer`.
    fn check(text: &str, works: &[&str]) {
        let found = testing::with(text, &[], |story, _| super::works(story));
        let found: Vec<String> = found
            .into_iter()
            .map(|found| format!("{} {}", found.work.title, found.work.issuer))
            .collect();
        assert_eq!(found, works, "{text}");
    }

    #[test]
    fn a_work_has_the_issuer_that_the_sentence_names() {
        check(
            "近日,市公安局印发《平安校园建设方案》。",
            &["《平安校园建设方案》 市公安局"],
        );
        check(
            "市公安局党委把基层放在首位,制定出台了《派出所建设意见》,实施奖励。",
            &["《派出所建设意见》 市公安局"],
        );
        check(
            "8月9日,市文明办、市公安局联合下发《文明骑行通知》。",
            &["《文明骑行通知》 市文明办、市公安局"],
        );
        check(
            "传达公安部、省公安厅派出所工作会议及“1号文件”精神。",
            &["“1号文件” 公安部、省公安厅"],
        );
        check(
            "民警依据《治安管理处罚法》处理,随后唱起《警察之歌》。",
            &["《治安管理处罚法》 ", "《警察之歌》 "],
        );
        check("大家学习《条例》,又读《条例》。", &["《条例》 "]);
        check("市局开展“1号行动”,未写完的《方案。", &[]);
    }
}
