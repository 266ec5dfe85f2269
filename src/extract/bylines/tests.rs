use super::*;
use crate::extract::layout;
use crate::page::Page;

/// Credits as `role_text/name/ROLE`.
fn check(text: &str, credits: &[&str]) {
    let page = Page::new(&format!("标题\n{text}"));
    let stories = layout::stories(&page);
    let found: Vec<String> = stories
        .iter()
        .flat_map(find)
        .map(|found| {
            let byline = found.byline;
            let role = byline.role().as_str_name();
            format!("{}/{}/{role}", byline.role_text, byline.display_name)
        })
        .collect();
    assert_eq!(found, credits, "{text}");
}

#[test]
fn a_line_of_its_own() {
    check(
        "记者 陈立群 通讯员 方敏",
        &["记者/陈立群/REPORTER", "通讯员/方敏/CORRESPONDENT"],
    );
    check(
        "通讯员方敏 记者陈立群",
        &["通讯员/方敏/CORRESPONDENT", "记者/陈立群/REPORTER"],
    );
    check(
        "通讯员方敏记者陈立群",
        &["通讯员/方敏/CORRESPONDENT", "记者/陈立群/REPORTER"],
    );
    check(
        "本报记者 陈立群 方敏",
        &["本报记者/陈立群/REPORTER", "本报记者/方敏/REPORTER"],
    );
    check("江州日报全媒体记者 陈立群", &["全媒体记者/陈立群/REPORTER"]);
    check(
        "见习记者陈立群实习生方敏",
        &["见习记者/陈立群/REPORTER", "实习生/方敏/INTERN"],
    );
    check("文/图 陈立群", &["文/图/陈立群/AUTHOR"]);
    check(
        "文/陈立群 图/方敏",
        &["文/陈立群/AUTHOR", "图/方敏/PHOTOGRAPHER"],
    );
    check(
        "作者:陈立群 责任编辑:方敏",
        &["作者/陈立群/AUTHOR", "责任编辑/方敏/EDITOR"],
    );
    check("来源:江州公安 编辑:方敏 审核:陈立群", &["编辑/方敏/EDITOR"]);
    check(
        "记者 王 晓 东 李 明",
        &["记者/王晓东/REPORTER", "记者/李明/REPORTER"],
    );
    check(
        "记者 李  明 通讯员 陈立群 编辑 方敏",
        &[
            "记者/李明/REPORTER",
            "通讯员/陈立群/CORRESPONDENT",
            "编辑/方敏/EDITOR",
        ],
    );
    check(
        "来源:江州在线通讯员 陈立群 方敏 2023年8月9日14:20",
        &["通讯员/陈立群/CORRESPONDENT", "通讯员/方敏/CORRESPONDENT"],
    );
    check("江州社记者 凡明 摄", &["记者/凡明/PHOTOGRAPHER"]);
    check("陈立群。记者 方敏 摄", &["记者/方敏/PHOTOGRAPHER"]);
    check(
        "2023-08-09 来源:江州日报 作者:陈立群",
        &["作者/陈立群/AUTHOR"],
    );
    check(
        "■本报记者 欧阳明 通讯员 扎西次仁",
        &["本报记者/欧阳明/REPORTER", "通讯员/扎西次仁/CORRESPONDENT"],
    );
    check("记者 阿迪力·买买提", &["记者/阿迪力·买买提/REPORTER"]);
    check("□ 陈立群 方敏", &["/陈立群/AUTHOR", "/方敏/AUTHOR"]);
    check("□ 平安 和谐", &[]);
    check("陈立群/看江州客户端", &["/陈立群/AUTHOR"]);
    check(
        "通讯员操明陈立群",
        &["通讯员/操明/CORRESPONDENT", "通讯员/陈立群/CORRESPONDENT"],
    );
    check("来源:江州网 作者:佚名", &[]);
    check(
        "文丨陈立群 图丨方敏",
        &["文/陈立群/AUTHOR", "图/方敏/PHOTOGRAPHER"],
    );
    check(
        "供稿:陈立群 方敏",
        &["供稿/陈立群/AUTHOR", "供稿/方敏/AUTHOR"],
    );
    check("江州公安供稿", &[]);
    check("陈立群 摄", &["摄/陈立群/PHOTOGRAPHER"]);
    check("记者陈立群摄", &["记者/陈立群/PHOTOGRAPHER"]);
    check("记者 陈立群 文/图", &["记者/陈立群/REPORTER"]);
    check("(陈立群、方敏)", &["/陈立群/AUTHOR", "/方敏/AUTHOR"]);
    check(
        "文丨记者 陈立群 图丨通讯员 方敏",
        &["记者/陈立群/REPORTER", "通讯员/方敏/CORRESPONDENT"],
    );
    check(
        "陈立群/文 方敏/图",
        &["文/陈立群/AUTHOR", "图/方敏/PHOTOGRAPHER"],
    );
    check(
        "作者:陈立群 来源:江州晚报 时间:2023-08-09 10:20",
        &["作者/陈立群/AUTHOR"],
    );
    check("供稿:陈立群", &["供稿/陈立群/AUTHOR"]);
    check(
        "记者 陈立群 通讯员 方 敏",
        &["记者/陈立群/REPORTER", "通讯员/方敏/CORRESPONDENT"],
    );
    check("图/平安江州 文/方敏", &["文/方敏/AUTHOR"]);
    check("陈立群 方敏", &["/陈立群/AUTHOR", "/方敏/AUTHOR"]);
    check("通讯员供图", &[]);
    check("(完)", &[]);
    check("来源:江州公安", &[]);
    check("来源:江州网 新闻频道", &[]);
    check(
        "来源:江州市公安局城东派出所 陈立群 方敏",
        &["/陈立群/AUTHOR", "/方敏/AUTHOR"],
    );
    check("平安 和谐", &[]);
}

#[test]
fn a_dateline() {
    check(
        "本报讯(陈立群记者方敏)案件下降。",
        &["/陈立群/AUTHOR", "记者/方敏/REPORTER"],
    );
    check(
        "中新网江州8月9日电(陈立群 方敏)今年以来,案件下降。",
        &["/陈立群/AUTHOR", "/方敏/AUTHOR"],
    );
    check(
        "江网3月11日电 (陈立群方敏易小川)昨天下午。",
        &["/陈立群/AUTHOR", "/方敏/AUTHOR", "/易小川/AUTHOR"],
    );
    check(
        "本报讯(记者 陈立群 通讯员 方敏)8月9日,案件下降。",
        &["记者/陈立群/REPORTER", "通讯员/方敏/CORRESPONDENT"],
    );
    check(
        "本报讯 记者陈立群、通讯员方敏报道:8月9日。",
        &["记者/陈立群/REPORTER", "通讯员/方敏/CORRESPONDENT"],
    );
    check(
        "本报讯 记者 陈立群 8月9日,案件下降。",
        &["记者/陈立群/REPORTER"],
    );
    check(
        "新华社江州8月9日电 记者陈立群从市公安局获悉,案件下降。",
        &["记者/陈立群/REPORTER"],
    );
    check(
        "江州网讯 陈立群、方敏报道:昨天下午。",
        &["报道/陈立群/AUTHOR", "报道/方敏/AUTHOR"],
    );
    check("【记者 陈立群】案件下降。", &["记者/陈立群/REPORTER"]);
    check(
        "江州网4月27日电 (玉祥 陈立群)案件下降。",
        &["/玉祥/AUTHOR", "/陈立群/AUTHOR"],
    );
    check(
        "晚报讯(记者 郑与国 通讯员 方敏)案件下降。",
        &["记者/郑与国/REPORTER", "通讯员/方敏/CORRESPONDENT"],
    );
    check("江州长安网:(陈立群)案件下降。", &["/陈立群/AUTHOR"]);
    check(
        "2015-11-13 07:24本报讯 记者 陈立群 通讯员 方敏 日前,案件下降。",
        &["记者/陈立群/REPORTER", "通讯员/方敏/CORRESPONDENT"],
    );
    check("江州网消息(新闻播报):案件下降。", &[]);
    check("新华社江州8月9日电 记者从市公安局获悉,案件下降。", &[]);
    check(
        "江州新闻8月15日电 (陈立群)记者15日从市公安局获悉,案件下降。",
        &["/陈立群/AUTHOR"],
    );
}

#[test]
fn the_end_of_a_text() {
    check(
        "案件下降。(陈立群 方敏)",
        &["/陈立群/AUTHOR", "/方敏/AUTHOR"],
    );
    check(
        "案件下降。(记者 陈立群 通讯员 方敏 文/图)",
        &["记者/陈立群/REPORTER", "通讯员/方敏/CORRESPONDENT"],
    );
    check(
        "案件下降。记者 陈立群 通讯员 方敏",
        &["记者/陈立群/REPORTER", "通讯员/方敏/CORRESPONDENT"],
    );
    check(
        "昨日案件下降明显。\n陈 明 方立群",
        &["/陈明/AUTHOR", "/方立群/AUTHOR"],
    );
    check("昨日案件下降明显。\n陈明", &["/陈明/AUTHOR"]);
    check(
        "昨日案件下降明显。陈立群 方敏",
        &["/陈立群/AUTHOR", "/方敏/AUTHOR"],
    );
    check("昨日案件下降明显。完", &[]);
    check("昨日案件下降明显。\n平安", &[]);
    check("昨日案件下降明显。\n周末", &[]);
    check("交警在路面巡逻,方敏摄", &["摄/方敏/PHOTOGRAPHER"]);
    check("交警在路面巡逻。 方敏 摄", &["摄/方敏/PHOTOGRAPHER"]);
    check("交警在路面巡逻 记者 方敏 摄", &["记者/方敏/PHOTOGRAPHER"]);
    check("案件下降。(江公宣)", &["/江公宣/AUTHOR"]);
    check("案件下降。(完)", &[]);
    check("他把意见写成通知(试行)", &[]);
    check("此案由民警侦办(化名)。", &[]);
}

#[test]
fn what_is_said_of_reporters_is_no_credit() {
    check("记者从市公安局获悉,案件下降。", &[]);
    check("记者了解到,案件下降。", &[]);
    check("有记者问:案件为何下降?", &[]);
    check("据通讯员介绍,案件下降。", &[]);
    check("记者近日走进派出所。", &[]);
    check("民警王大勇告诉记者,案件下降。", &[]);
    check("记者于9日采访了方所长。", &[]);
}
