//! Captions of pictures, with who took them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// Longest caption, in characters.
const LENGTH_MAX: usize = 150;

/// A caption's words and its credit, in ranges of bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// Empty when the line is a credit alone.
    pub words: Range<usize>,
    pub credit: Option<Range<usize>>,
}

/// Reads a line as a caption: it says so, or ends in a credit.
pub fn caption(text: &str) -> Option<Caption> {
    if text.chars().nth(LENGTH_MAX).is_some() {
        return None;
    }
    // What all have spares most lines the search, here and below.
    if text.ends_with(['摄', '影']) && CREDIT_ALONE.is_match(text) {
        return Some(Caption {
            words: 0..0,
            credit: Some(0..text.len()),
        });
    }
    let has_credit = text.contains(['图', '摄', '供']) || text.contains("视频");
    if let Some(found) = has_credit.then(|| CREDIT.captures(text)).flatten() {
        let credit = found.name("credit").or_else(|| found.name("bracketed"))?;
        let whole = found.get(0)?;
        // What ends the caption's last sentence is the caption's.
        let before = text[..credit.start()].trim_end_matches(['(', '[', '【']);
        let words = text[..whole.start().max(before.len())].trim_end();
        return Some(Caption {
            words: lead(words)..words.len(),
            credit: Some(credit.range()),
        });
    }
    let lead = lead(text);
    (lead > 0 || text.starts_with("图为")).then_some(Caption {
        words: lead..text.len(),
        credit: None,
    })
}

/// Length of the marks before a caption, in bytes.
fn lead(text: &str) -> usize {
    const FIRST: [char; 14] = [
        '▲', '△', '▼', '◆', '↑', '↓', '←', '→', '上', '下', '左', '右', '题', '图',
    ];
    if !text.starts_with(FIRST) {
        return 0;
    }
    LEAD.find(text).map_or(0, |found| found.end())
}

static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[▲△▼◆↑↓←→]\s*|(?:上|下|左|右|题)?图(?:片说明|说)?(?:[一二三四五六\d]{1,2})?\s*[::]\s*)")
        .expect("the pattern is valid")
});

static CREDIT_ALONE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[一-龥]{0,10}(?:记者|通讯员)[\s:]*(?:[一-龥·]{2,4}[\s、]*){1,4}(?:摄影|摄)$")
        .expect("the pattern is valid")
});

static CREDIT: LazyLock<Regex> = LazyLock::new(|| {
    let who = r"(?:(?:本报|本网|特约|见习|实习|首席)?(?:记者|通讯员|摄影|拍友|警方|受访者|资料|公安|交警|单位|派出所|[一-龥]{2,20}(?:局|队|所|厅|中心|办))?[\s:]*(?:[一-龥·]{2,4}[\s、]*){0,4})";
    Regex::new(&format!(
        r"(?:[。!?”,\s]\s*(?P<credit>{who}(?:供图|摄影|摄|图|提供)|(?:图|摄|供图|图片|摄影|图片来源|资料图)\s*[/:|丨]\s*[一-龥·\s、]{{2,24}}|资料(?:图片|照片|图)|视频截图|网络图)|[(\[【](?P<bracketed>{who}(?:供图|摄影|摄|提供|/图|\s图)|资料(?:图片|照片|图)|图片?\s*[/:|]\s*[一-龥·\s、]{{2,24}})[)\]】])[。]?$"
    ))
    .expect("the pattern is valid")
});

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, words: &str, credit: &str) {
        let found = caption(text).unwrap_or_else(|| panic!("{text} is a caption"));
        assert_eq!(&text[found.words], words);
        assert_eq!(
            found.credit.map_or("", |credit| &text[credit]),
            credit,
            "{text}"
        );
    }

    #[test]
    fn captions_are_told_by_their_credit_or_their_mark() {
        check(
            "交警铁骑在路面巡逻。 通讯员供图",
            "交警铁骑在路面巡逻。",
            "通讯员供图",
        );
        check(
            "民警在雨中疏导交通。记者 王小明 摄",
            "民警在雨中疏导交通。",
            "记者 王小明 摄",
        );
        check(
            "图为民警走访商户。(城东派出所供图)",
            "图为民警走访商户。",
            "城东派出所供图",
        );
        check("▲巡逻车整装待发", "巡逻车整装待发", "");
        check("图一:发还现场", "发还现场", "");
    }

    #[test]
    fn text_is_no_caption() {
        for text in [
            "警方供图侦查,抓获嫌疑人3名。",
            "他们为游客提供",
            "昨天,辖区民警为居民送去了安全提示。",
            "全市绘就平安一张图",
        ] {
            assert_eq!(caption(text), None, "{text}");
        }
    }
}
