//! The line of a newspaper's name, date and page above or below the articles.

use std::sync::LazyLock;

use regex::Regex;

use crate::extract::numerals;
use crate::pb;

/// Longest such line, in characters.
const LENGTH_MAX: usize = 60;

/// What a line says of the print, when it says nothing else.
pub fn masthead(text: &str) -> Option<pb::Publication> {
    if text.chars().count() > LENGTH_MAX {
        return None;
    }
    let mut publication = pb::Publication::default();
    let mut rest = text.to_owned();
    let mut take = |pattern: &Regex| -> Option<Vec<String>> {
        let found = pattern.captures(&rest)?;
        let groups = found.iter().skip(1).flatten();
        let groups: Vec<String> = groups.map(|group| group.as_str().to_owned()).collect();
        let range = found.get(0)?.range();
        rest.replace_range(range, " ");
        Some(groups)
    };
    if let Some(parts) = take(&DATE) {
        let number = |index: usize| {
            let part = parts.get(index)?;
            i32::try_from(numerals::whole(part)?).ok()
        };
        publication.publish_date = Some(pb::Date {
            year: number(0)?,
            month: number(1)?,
            day: number(2)?,
        });
    }
    take(&WEEKDAY);
    if let Some([page]) = take(&PAGE).as_deref() {
        publication.page = numerals::whole(page).map_or(page.clone(), |page| page.to_string());
    }
    take(&TIME);
    if let Some([name]) = take(&NAME).as_deref() {
        publication.newspaper.clone_from(name);
    }
    let is_all = rest.chars().all(|char| !char.is_alphanumeric());
    let says = publication != pb::Publication::default();
    (is_all && says).then_some(publication)
}

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(\d{4})[-年./](\d{1,2})[-月./](\d{1,2})日?").expect("the pattern is valid")
});

static WEEKDAY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:星期|周)[一二三四五六日天]").expect("the pattern is valid"));

static PAGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"第?\s*([A-Z]?\d{1,3}|[一二三四五六七八九十]{1,3})\s*版")
        .expect("the pattern is valid")
});

static TIME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d{1,2}:\d{2}(?::\d{2})?").expect("the pattern is valid"));

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"([\p{Han}]{1,8}(?:日报|晚报|晨报|早报|商报|快报|法制报|法治报|公安报|都市报|时报|导报|新闻网|在线))")
        .expect("the pattern is valid")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masthead_says_what_is_printed_and_no_more() {
        let found = masthead("海州日报 2021年3月5日 星期五 第A02版").expect("it is one");
        assert_eq!(found.newspaper, "海州日报");
        assert_eq!(found.page, "A02");
        let date = found.publish_date.expect("a date is printed");
        assert_eq!((date.year, date.month, date.day), (2021, 3, 5));
        assert_eq!(
            masthead("第二版").map(|found| found.page).as_deref(),
            Some("2")
        );
        for text in ["海州日报记者走进警营", "6月9日", "第二版说明书", ""] {
            assert_eq!(masthead(text), None, "{text}");
        }
    }
}
