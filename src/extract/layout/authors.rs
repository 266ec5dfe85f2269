//! Where an article ends: with its author in brackets, or with (完).

use crate::extract::bylines::is_credit;

/// Whether a text ends with its author in brackets, or with (完).
pub fn ends_with_author(text: &str) -> bool {
    let Some((_, tail)) = text.rsplit_once('(') else {
        return false;
    };
    let Some(inner) = tail.trim_end_matches(['。', ' ']).strip_suffix(')') else {
        return false;
    };
    inner == "完" || is_credit(inner)
}

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
            assert!(is_credit(text), "{text}");
        }
        for text in [
            "记者从市公安局获悉,今年以来全市刑事警情下降。",
            "记者手记",
            "通讯员供图",
            "记者节特别报道走进警营的一天",
            "文明交通志愿服务行动启动",
        ] {
            assert!(!is_credit(text), "{text}");
        }
        assert!(ends_with_author("工作取得成效。(记者 李明)"));
        assert!(ends_with_author("工作取得成效。(完)"));
        assert!(!ends_with_author("工作取得成效(见图)"));
    }
}
