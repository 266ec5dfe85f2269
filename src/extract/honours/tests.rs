use super::*;
use crate::extract::testing;

const UNITS: &[&str] = &[
    "东湖派出所",
    "西岭派出所",
    "江州市公安局",
    "江州市公安局东湖分局",
    "市公安局",
    "省公安厅",
    "公安部",
    "交警大队",
    "该所",
];

/// Each honour as `title LEVEL giver <- recipients (count)`; `?` before one that is striven for.
fn read(text: &str) -> Vec<String> {
    testing::with(text, UNITS, |story, units| {
        let name = |unit: &usize| units.units[*unit].display_name.clone();
        let line = |found: Honour| {
            let honour = found.honour;
            let mut recipients: Vec<String> = found.recipients.iter().map(name).collect();
            recipients.extend(
                honour
                    .other_recipients
                    .iter()
                    .map(|other| format!("'{other}'")),
            );
            let giver = found
                .awarding
                .as_ref()
                .map(name)
                .unwrap_or(honour.awarding_body.clone());
            let mark = if honour.state() == State::Aspiration {
                "?"
            } else {
                ""
            };
            let level = &honour.level().as_str_name()[..3];
            let more = if honour.recipients_complete {
                " all"
            } else {
                ""
            };
            let count = honour.recipient_count;
            format!(
                "{mark}{} {level} {giver} <- {} ({count}{more})",
                honour.title,
                recipients.join("+")
            )
        };
        find(story, 0, units).into_iter().map(line).collect()
    })
}

fn check(text: &str, honours: &[&str]) {
    assert_eq!(read(text), honours, "{text}");
}

#[test]
fn an_award_names_who_gives_and_who_receives() {
    check(
        "方敏、陈立群等10名民警荣获“最美警察”称号。",
        &["最美警察 LEV  <- '方敏'+'陈立群' (10)"],
    );
    check(
        "省公安厅决定,授予第五届“最美警察”当选者“全省优秀民警”称号。",
        &["全省优秀民警 PRO  <-  (0)"],
    );
    check(
        "向荣获“青年文明号”的东湖派出所学习。",
        &["青年文明号 LEV  <- 东湖派出所 (0)"],
    );
    check(
        "东湖派出所、西岭派出所脱颖而出,并获省公安厅命名全省“枫桥式公安派出所”称号。",
        &["枫桥式公安派出所 PRO 省公安厅 <- 东湖派出所+西岭派出所 (0)"],
    );
    check(
        "东湖派出所、西岭派出所等2家单位被省公安厅命名为“全省模范公安派出所”,并被市公安局授予集体三等功。",
        &[
            "全省模范公安派出所 PRO 省公安厅 <- 东湖派出所+西岭派出所 (2 all)",
            "集体三等功 MUN 市公安局 <- 东湖派出所+西岭派出所 (2 all)",
        ],
    );
    check(
        "近日,东湖派出所荣获全国“青年文明号”称号。",
        &["青年文明号 NAT  <- 东湖派出所 (0)"],
    );
    check(
        "东湖派出所等12个集体荣立集体二等功。",
        &["集体二等功 LEV  <- 东湖派出所 (12)"],
    );
    check(
        "公安部授予东湖派出所“一级公安派出所”称号。",
        &["一级公安派出所 NAT 公安部 <- 东湖派出所 (0)"],
    );
    check(
        "省公安厅授予东湖派出所集体一等功。",
        &["集体一等功 PRO 省公安厅 <- 东湖派出所 (0)"],
    );
    check(
        "东湖派出所荣获公安部授予的“全国优秀公安基层单位”称号。",
        &["全国优秀公安基层单位 NAT 公安部 <- 东湖派出所 (0)"],
    );
    check(
        "交警大队获评市级文明单位。",
        &["市级文明单位 MUN  <- 交警大队 (0)"],
    );
    check(
        "陈立群被团省委评为“优秀共青团干部”。",
        &["优秀共青团干部 PRO 团省委 <- '陈立群' (0)"],
    );
    check(
        "该所连续三年被评为先进单位。",
        &["先进单位 LEV  <- 该所 (0)"],
    );
    check(
        "东湖派出所荣获省委、省政府表彰的“人民满意的公务员集体”。",
        &["人民满意的公务员集体 PRO 省委、省政府 <- 东湖派出所 (0)"],
    );
}

#[test]
fn several_titles_after_one_verb() {
    check(
        "东湖派出所先后获评“枫桥式”公安派出所、全国执法示范单位、全国模范调解委员会等荣誉称号。",
        &[
            "“枫桥式”公安派出所 LEV  <- 东湖派出所 (0)",
            "全国执法示范单位 NAT  <- 东湖派出所 (0)",
            "全国模范调解委员会 NAT  <- 东湖派出所 (0)",
        ],
    );
    check(
        "该所先后荣获“先进集体”3次、“五四红旗团支部”等荣誉称号,荣立集体三等功2次,获集体嘉奖5次。",
        &[
            "先进集体 LEV  <- 该所 (0)",
            "五四红旗团支部 LEV  <- 该所 (0)",
            "集体三等功 LEV  <- 该所 (0)",
            "集体嘉奖 LEV  <- 该所 (0)",
        ],
    );
    check(
        "东湖派出所荣立集体三等功、集体嘉奖各一次,民警陈立群获评全省优秀人民警察。",
        &[
            "集体三等功 LEV  <- 东湖派出所 (0)",
            "集体嘉奖 LEV  <- 东湖派出所 (0)",
            "全省优秀人民警察 PRO  <- '民警陈立群' (0)",
        ],
    );
    check(
        "陈立群先后获得全国“五一”劳动奖章和“最美警察”称号。",
        &[
            "全国“五一”劳动奖章 NAT  <- '陈立群' (0)",
            "最美警察 LEV  <- '陈立群' (0)",
        ],
    );
}

#[test]
fn quotations_with_nothing_between_are_titles_each() {
    check(
        "陈立群曾获得“江州好人”“最美基层民警”等荣誉。",
        &[
            "江州好人 MUN  <- '陈立群' (0)",
            "最美基层民警 LEV  <- '陈立群' (0)",
        ],
    );
    check(
        "东湖派出所被公安部通令嘉奖。",
        &["嘉奖 NAT 公安部 <- 东湖派出所 (0)"],
    );
    check(
        "陈立群荣获“全国无偿献血奉献奖金奖”。",
        &["全国无偿献血奉献奖金奖 NAT  <- '陈立群' (0)"],
    );
    check(
        "陈立群荣立三等功2次、嘉奖5次。",
        &["三等功 LEV  <- '陈立群' (0)", "嘉奖 LEV  <- '陈立群' (0)"],
    );
    check(
        "陈立群获评践行“枫桥经验”先进个人。",
        &["践行“枫桥经验”先进个人 LEV  <- '陈立群' (0)"],
    );
    check(
        "陈立群荣获国家科学技术进步奖二等奖。",
        &["国家科学技术进步奖二等奖 NAT  <- '陈立群' (0)"],
    );
}

#[test]
fn who_is_praised_as_something_holds_it() {
    check(
        "省公安厅表彰东湖派出所为“全省成绩突出集体”。",
        &["全省成绩突出集体 PRO 省公安厅 <- 东湖派出所 (0)"],
    );
    check(
        "作出记集体三等功的决定,授予东湖派出所集体三等功。",
        &["集体三等功 LEV  <- 东湖派出所 (0)"],
    );
    check(
        "陈立群被授予“江州公安荣誉勋章”。",
        &["江州公安荣誉勋章 MUN  <- '陈立群' (0)"],
    );
    check("大会表彰20个“模范单位”。", &[]);
    check("大会表彰了先进集体。", &[]);
}

#[test]
fn what_is_striven_for_is_not_held() {
    check(
        "全力争创全国文明城市“六连冠”动员大会召开。",
        &["?全国文明城市“六连冠” NAT  <-  (0)"],
    );
    check(
        "该所力争获评“枫桥式公安派出所”。",
        &["?枫桥式公安派出所 LEV  <-  (0)"],
    );
    check(
        "东湖派出所积极申报省级文明单位。",
        &["?省级文明单位 PRO  <-  (0)"],
    );
    check("民警争当岗位能手。", &["?岗位能手 LEV  <-  (0)"]);
}

#[test]
fn much_that_is_praised_is_no_honour() {
    check("派出所践行“枫桥经验”,深化“枫桥式公安派出所”创建。", &[]);
    check("会议通报了“枫桥式公安派出所”创建评选情况。", &[]);
    check("群众送来锦旗,获得群众一致好评。", &[]);
    check("东湖派出所获赠“人民卫士”锦旗。", &[]);
    check("民警查获三等品一批,缴获奖券200张。", &[]);
    check("对有功人员给予奖励,举报者可获奖金500元。", &[]);
    check("记者从市公安局获悉,东湖派出所成立三年。", &[]);
    check("拟授予东湖派出所集体三等功。", &[]);
    check("推出“一警一格”模式,获得“家门口的所长”美誉。", &[]);
    check(
        "组织者授予“路口小管家”胸牌,对获得一等奖的选手奖励500元。",
        &[],
    );
    check("创建全国文明城市工作开展以来,成功入围“最美警察”评选。", &[]);
    check("凡被评为先进单位的,优先考虑。", &[]);
}
