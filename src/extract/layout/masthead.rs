//! The line of a newspaper's name, date and page above or below the articles.

use std::sync::LazyLock;

use regex::Regex;

use crate::dates::check_date;
use crate::extract::numerals;
use crate::extract::vocabulary::Vocabulary;
use crate::pb;

/// Longest such line, in characters.
const LENGTH_MAX: usize = 60;

/// What a line says of the print, when it says nothing else.
pub fn masthead(text: &str) -> Option<pb::Publication> {
    let is_long = text.chars().nth(LENGTH_MAX).is_some();
    if is_long || text.contains(['。', '“']) || !may_say_print(text) {
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
        let date = pb::Date {
            year: number(0)?,
            month: number(1)?,
            day: number(2)?,
        };
        check_date("", &date).ok()?;
        publication.publish_date = Some(date);
    }
    take(&TIME);
    if publication.publish_date.is_some() {
        take(&ADDRESS);
        while take(&LABEL).is_some() {}
        take(&MEDIUM);
    }
    take(&WEEKDAY);
    while take(&NAVIGATION).is_some() {}
    if let Some([page]) = take(&PAGE).as_deref() {
        publication.page = numerals::whole(page).map_or(page.clone(), |page| page.to_string());
        if let Some([section]) = take(&SECTION).as_deref() {
            publication.section.clone_from(section);
        }
    }
    if let Some([name]) = take(&NAME).as_deref() {
        publication.newspaper.clone_from(name);
    }
    let is_all = rest.chars().all(|char| !char.is_alphanumeric());
    let says = publication != pb::Publication::default();
    (is_all && says).then_some(publication)
}

/// Whether a text has what all dates, pages or names of newspapers have: this spares most lines the
/// search.
fn may_say_print(text: &str) -> bool {
    const DATE_DIGITS_MIN: usize = 6;
    text.contains('版')
        || NAME_ENDS.is_in(text)
        || text.bytes().filter(u8::is_ascii_digit).count() >= DATE_DIGITS_MIN
}

/// What the names of newspapers end with, in two characters.
static NAME_ENDS: LazyLock<Vocabulary<'static, ()>> = LazyLock::new(|| {
    Vocabulary::of_bare_starts([
        "日报", "晚报", "晨报", "早报", "商报", "快报", "制报", "治报", "安报", "市报", "时报",
        "导报", "闻网", "在线",
    ])
});

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(\d{4})[-年./](\d{1,2})[-月./](\d{1,2})日?").expect("the pattern is valid")
});

/// What a site says of a text beside its date. Who wrote it is a credit and not among it.
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:(?:发布|发稿|更新|编辑)?(?:时间|日期)|(?:信息|稿件|文章)?来源|稿源|发布(?:者|单位|机构)?|浏览(?:量|次数)?|阅读(?:量|次数)?|点击(?:量|数|率)?|访问量|字号|字体):(?:\s?[\p{Han}A-Za-z0-9·-]{1,20})?",
    )
    .expect("the pattern is valid")
});

static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:https?://|www\.)[!-~]+").expect("the pattern is valid"));

/// All that is left of a line: who printed it.
static MEDIUM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^[\s|]*[\p{Han}A-Za-z0-9·-]{1,14}(?:网|报|社|台|客户端|新闻|在线|发布|频道|号|融媒|中心|公安|警方)[\s|]*$",
    )
    .expect("the pattern is valid")
});

/// What stands on pages of newspapers for going from one to another.
static NAVIGATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"当前版|上一版|下一版|上一篇|下一篇|版面导航|标题导航|版面概览|放大|缩小|默认|返回目录|通版阅读")
        .expect("the pattern is valid")
});

static SECTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*:\s*([\p{Han}·]{2,6})\s*$").expect("the pattern is valid"));

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
        for text in [
            "发布时间:2021年03月05日来源:海州晚报",
            "发布:海州公安局    时间:2021/3/5 15:41:36",
            "海州网  发布时间:2021-03-05 10:55  浏览量:120",
            "2021年03月05日08:12    来源:海州网-海州日报",
            "2021-03-05 08:12 海州新闻客户端",
            "当前版: 04版 上一版  下一版",
            "第A05版:社会",
            "2021-03-05 08:59:26 http://www.example.com/ 来源:海州日报",
        ] {
            assert!(masthead(text).is_some(), "{text}");
        }
        for text in [
            "来源:海州日报",
            "2021-03-05 作者:李明",
            "海州日报记者走进警营",
            "6月9日",
            "海州晚报 2021年3月55日 第A02版",
            "第二版说明书",
            "",
        ] {
            assert_eq!(masthead(text), None, "{text}");
        }
    }
}
