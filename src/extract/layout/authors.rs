//! Lines that only name who wrote an article.

use std::sync::LazyLock;

use regex::Regex;

/// Longest such line, in characters.
const LENGTH_MAX: usize = 80;

/// Whether a line is roles and names alone: 记者 张三 通讯员 李四.
pub fn is_byline(text: &str) -> bool {
    text.chars().count() <= LENGTH_MAX && BYLINE.is_match(text)
}

/// Whether a text ends with its author in brackets, or with (完).
pub fn ends_with_author(text: &str) -> bool {
    let Some((_, tail)) = text.rsplit_once('(') else {
        return false;
    };
    let Some(inner) = tail.trim_end_matches(['。', ' ']).strip_suffix(')') else {
        return false;
    };
    inner == "完" || is_byline(inner)
}

static BYLINE: LazyLock<Regex> = LazyLock::new(|| {
    let role = "(?:(?:本报|本网|本台|特约|见习|实习|首席|全媒体|融媒体|新闻|[一-龥]{2,6}(?:日报|晚报|网|台|社))?(?:记者|通讯员|实习生|评论员)|作者|撰文|撰稿|采写|供稿|文[/|丨]?图?|图[/|丨]?文?|编辑|责任?编辑|责编|校对|审核|编审|监制|统筹|摄影|制图|美编|值班主任|[Ff]摄影报道)";
    let names = "(?:[一-龥·]{2,4}(?:[、,\\s]+|$|(?=X))){0,8}";
    let names = names.replace("|(?=X)", "");
    Regex::new(&format!(
        r"^[(\[【—\-\s]*{role}(?:[/|丨、\s:]*{role})*[\s:/|丨]*(?:[一-龥·]{{2,4}}|{names}|[一-龥]{{4,12}})(?:[\s、,;/|丨]*(?:{role})[\s:/|丨]*(?:{names}|[一-龥·]{{2,12}}))*[)\]】\s]*(?:文/?图|摄影报道|报道|文|图)?[)\]】]?$"
    ))
    .expect("the pattern is valid")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bylines_are_roles_and_names_alone() {
        for text in [
            "记者 张贻富 通讯员 王岑",
            "本报记者 李明 通讯员 赵一凡 孙小可",
            "记者李明通讯员赵一凡",
            "文/图 记者 李明",
            "(记者 李明)",
            "责任编辑:王芳",
            "作者:李明",
        ] {
            assert!(is_byline(text), "{text}");
        }
        for text in [
            "记者从市公安局获悉,今年以来全市刑事警情下降。",
            "记者手记",
            "通讯员供图",
            "记者节特别报道走进警营的一天",
            "文明交通志愿服务行动启动",
        ] {
            assert!(!is_byline(text), "{text}");
        }
        assert!(ends_with_author("工作取得成效。(记者 李明)"));
        assert!(ends_with_author("工作取得成效。(完)"));
        assert!(!ends_with_author("工作取得成效(见图)"));
    }
}
