//! What is read from sentences, one construction a test.

use super::find;
use crate::extract::passage::Passage;
use crate::extract::story::{Part, Role, Story};
use crate::page::Page;
use crate::pb::Statistic;
use crate::pb::comparison::Direction;
use crate::pb::statistic::{Assertion, Qualifier, TargetKind};

/// A story of the given parts, one after another on the page.
pub fn story<'p>(page: &'p Page, texts: &[(Role, &str)]) -> Story<'p> {
    let mut at = 0;
    let parts = texts.iter().map(|(role, text)| {
        let length = text.chars().count();
        let passage = Passage::new(page, std::slice::from_ref(&(at..at + length)));
        at += length + 1;
        Part {
            role: *role,
            passage,
        }
    });
    Story {
        parts: parts.collect(),
        ..Story::default()
    }
}

/// The figures of one paragraph, each with its words.
fn read(text: &str) -> Vec<(Statistic, String)> {
    let page = Page::new(text);
    let story = story(&page, &[(Role::Body, text)]);
    let figures = find(&story).into_iter();
    figures
        .map(|figure| {
            let quote = story.printed(&figure.place);
            (figure.statistic, quote)
        })
        .collect()
}

/// A figure in short: `>200元`, `41起 (58→, ↓17起)`, `↓8.5% 同比`.
fn shown(statistic: &Statistic) -> String {
    let quantity = statistic.quantity.clone().unwrap_or_default();
    let bound = match statistic.qualifier() {
        Qualifier::Approximate => "~",
        Qualifier::AtLeast => "≥",
        Qualifier::AtMost => "≤",
        Qualifier::MoreThan => ">",
        Qualifier::LessThan => "<",
        Qualifier::Ordinal => "#",
        _ => "",
    };
    let value = quantity.value.map(|value| value.value);
    let max = quantity.value_max.map(|max| format!("..{}", max.value));
    let mut text = match value {
        Some(value) => format!("{bound}{value}{}{}", max.unwrap_or_default(), quantity.unit),
        None => String::new(),
    };
    if let Some(change) = &statistic.change {
        let sign = match change.direction() {
            Direction::Up => "↑",
            Direction::Down => "↓",
            _ => "=",
        };
        let before = change.previous_value.as_ref();
        let before = before.map(|before| format!("{}→ ", before.value));
        let delta = change.delta.as_ref().map(|delta| delta.value.clone());
        text += &format!(
            " ({}{sign}{}{} {})",
            before.unwrap_or_default(),
            delta.unwrap_or_default(),
            change.delta_unit,
            change.basis
        );
    }
    text.trim().to_owned()
}

/// Reads a paragraph and compares its figures with those expected.
fn check(text: &str, expected: &[&str]) {
    let found: Vec<String> = read(text).iter().map(|(figure, _)| shown(figure)).collect();
    assert_eq!(found, expected, "{text}");
}

/// The words a paragraph's figures are read from.
fn check_quotes(text: &str, expected: &[&str]) {
    let found: Vec<String> = read(text).into_iter().map(|(_, quote)| quote).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn counts_are_read_with_their_units() {
    check(
        "共排查店铺312家，发现隐患47处，已整改45处。",
        &["312家", "47处", "45处"],
    );
    check(
        "出动警力1.2万人次，检查车辆3600余台次",
        &["12000人次", ">3600台次"],
    );
    check("7部门联合检查", &["7部门"]);
    check(
        "救援队5车28人到场，火灾致1死3伤",
        &["5车", "28人", "1人", "3人"],
    );
    check("受灾的有12个县（市、区）96个乡镇", &["12个", "96个"]);
}

#[test]
fn dates_times_ages_and_codes_are_no_figures() {
    for text in [
        "2024年3月12日14时30分许",
        "2024-03-12发布，2023.5.1起施行",
        "1至6月、7月1日至15日、15、16日两天",
        "上午9:00-11:30办公，下午两点半开会",
        "他今年35岁，孩子3岁多",
        "沿302国道行至K12+300米处",
        "地铁1号线、8号楼2单元301室",
        "依照第二百三十四条、省政府217号令",
        "拨打110报警，110警情由指挥中心处置，12345热线",
        "电话0574-87654321，车牌浙B12345",
        "Ｋ528次列车、G60高速、T2航站楼",
        "“1号文件”“百日行动”“4+2+N”“321”工作法",
        "《十五项措施》和“一老一小”“两客一危”",
        "五一广场、三里屯、四川、六合区的五金店",
        "大家一起进一步统一思想，一定落实一系列举措",
        "第3届比赛中名列前10名，排名第4",
        "比分3:2，三分之二的人",
        "处三年以下有期徒刑，并处1000元以上2000元以下罚款",
        "24小时值守，实行8小时工作制",
        "附图片1张",
        "9座以上客车、10年前的往事、三天后",
        "一名男子在一家小店门口",
        "家住3楼的老人走到5层的楼道",
        "数十名群众、几百人、成千上万、数以万计",
        "一成不变，九成新，三分之一",
    ] {
        check(text, &[]);
    }
}

#[test]
fn chinese_numerals_count_where_a_deed_is_counted() {
    check("化解纠纷三百一十六起", &["316起"]);
    check("抓获五名嫌疑人，另有两名在逃", &["5名"]);
    check(
        "百余名群众、近千名学生、上万人次参加",
        &[">100名", "~1000名", "≥10000人次"],
    );
    check("两名男子走进店里", &[]);
    check("十余辆警车，三四十名队员", &[">10辆", "30..40名"]);
}

#[test]
fn words_around_a_number_bound_it() {
    check(
        "近300个、约20人、30余件、逾5万元、突破8万辆",
        &["~300个", "~20人", ">30件", ">50000元", ">80000辆"],
    );
    check(
        "至少5次，不低于60%，最高2万元，不超过3天",
        &["≥5次", "≥60%", "≤20000元", "≤3天"],
    );
    check(
        "不足50米，不到3%，80人以上，12人左右",
        &["<50米", "<3%", "≥80人", "~12人"],
    );
    check("气温降至零下12℃", &["-12℃"]);
    check("气温下降零下1℃", &["-1℃"]);
    check("节约资金300万元，最近3个月", &["3000000元"]);
    check(
        "补助最高额度由2万调整为3万元",
        &["≤30000元 (20000→ ↑10000元 )"],
    );
}

#[test]
fn ranges_and_shares_are_read() {
    check(
        "招录30至50人，罚款300~500元，工期3-5天",
        &["30..50人", "300..500元", "3..5天"],
    );
    check("奖励3至5万元", &["30000..50000元"]);
    check(
        "七成以上受访者，百分之十二点五，千分之三",
        &["≥70%", "12.5%", "3‰"],
    );
    check("达到平时的2.9倍", &["2.9倍"]);
}

#[test]
fn a_list_shares_its_unit() {
    check("查获刀具、烟花10、20和30件", &["10件", "20件", "30件"]);
    check(
        "分12组48人上路，其中民警8名、辅警40名",
        &["12组", "48人", "8名", "40名"],
    );
}

#[test]
fn money_is_kept_in_yuan_and_other_currencies_in_theirs() {
    check(
        "涉案1.2亿余元，罚金5万元，缴获美元3万元、200万美元",
        &[">120000000元", "50000元", "30000美元", "2000000美元"],
    );
    check(
        "总投资约28亿，惠及2000余群众",
        &["~2800000000元", ">2000人"],
    );
}

#[test]
fn a_difference_goes_to_the_value_it_is_told_of() {
    check("立案412起，同比下降12.3%", &["412起 (↓12.3% 同比)"]);
    check(
        "破案120起、抓获90人，同比分别上升8.5%、13.2%",
        &["120起 (↑8.5% 同比)", "90人 (↑13.2% 同比)"],
    );
    check(
        "总量达98万吨，按可比价格计算，同比增长5.6%",
        &["980000吨 (↑5.6% 同比)"],
    );
    check("抓获嫌疑人同比上升15%，达到1230人", &["1230人 (↑15% 同比)"]);
    check(
        "满意率98.6%，较去年提高1.2个百分点",
        &["98.6% (↑1.2百分点 较去年)"],
    );
    check("收入8.9亿元，同比持平", &["890000000元 (= 同比)"]);
}

#[test]
fn a_difference_without_a_value_stands_alone() {
    check(
        "警情同比分别下降8.5%、13.2%",
        &["(↓8.5% 同比)", "(↓13.2% 同比)"],
    );
    check(
        "菜价环比涨1.2%，同比降3.5%",
        &["(↑1.2% 环比)", "(↓3.5% 同比)"],
    );
    check("事故同比减少15起", &["(↓15起 同比)"]);
    check(
        "减少开支2600余万元，新增岗位300个",
        &[">26000000元", "300个"],
    );
    assert_eq!(
        metrics("火灾、涉水警情同比下降21%、16.4%"),
        ["火灾警情", "涉水警情"]
    );
}

fn metrics(text: &str) -> Vec<String> {
    let read = read(text).into_iter();
    read.map(|(figure, _)| figure.metric).collect()
}

#[test]
fn a_figure_is_named_by_what_is_told_of_it() {
    let check = |text: &str, names: &[&str]| assert_eq!(metrics(text), names, "{text}");
    check(
        "已有61人被依法逮捕，另有26人被取保候审",
        &["被依法逮捕", "被取保候审"],
    );
    check(
        "派出所荣立二等功1次、三等功3次",
        &["派出所荣立二等功", "荣立三等功"],
    );
    check(
        "隐患整改率低于90%，分别为88.6%、87.2%",
        &["隐患整改率", "隐患整改率", "隐患整改率"],
    );
}

#[test]
fn a_value_that_moved_keeps_the_earlier_one() {
    check("成功率从97.5%上升到98.9%", &["98.9% (97.5→ ↑1.4百分点 )"]);
    check("由58起减少到41起，下降29.3%", &["41起 (58→ ↓29.3% )"]);
    check(
        "由过去最多的52件，降到这两周的日均31件",
        &["31件 (52→ ↓21件 )"],
    );
    check(
        "办理时限从15个工作日压缩至3个工作日",
        &["3工作日 (15→ ↓12工作日 )"],
    );
    check("网点增至48个", &["48个"]);
}

#[test]
fn lengths_of_time_count_when_they_were_measured() {
    check("历时28天，行政拘留10日", &["28天", "10日"]);
    check("被判处有期徒刑三年六个月", &["42个月"]);
    check("经过近4个小时扑救", &["~4小时"]);
    check("近三年来、过去两年间、11年的实践", &[]);
}

#[test]
fn what_is_required_striven_for_or_planned_is_no_report() {
    let check = |text: &str, assertion, kind| {
        let figures = read(text);
        let claims: Vec<_> = figures
            .iter()
            .map(|(figure, _)| (figure.assertion(), figure.target_kind()))
            .collect();
        assert_eq!(claims, [(assertion, kind)], "{text}");
    };
    let none = TargetKind::Unspecified;
    check("比例一般不低于40%", Assertion::Target, TargetKind::Quota);
    check(
        "每车巡逻里程要求在100公里以上",
        Assertion::Target,
        TargetKind::Requirement,
    );
    check(
        "原则上要有2年以上工作经历",
        Assertion::Target,
        TargetKind::Criterion,
    );
    check("力争达到1.5万个", Assertion::Target, TargetKind::Aspiration);
    check(
        "全力争创“六连冠”",
        Assertion::Target,
        TargetKind::Aspiration,
    );
    check("计划新建停车位2000个", Assertion::Plan, none);
    check("将辖区划分为12个网格", Assertion::Structure, none);
    check("将5名嫌疑人抓获", Assertion::Reported, none);
}

#[test]
fn the_words_of_a_figure_are_its_part_of_the_sentence() {
    check_quotes(
        "今年以来，查处行人闯红灯761起、逆行3.2万起，处罚20人。",
        &["查处行人闯红灯761起", "逆行3.2万起", "处罚20人"],
    );
    check_quotes(
        "截至目前，全市共查处乱停车、乱扔垃圾行为76起；",
        &["截至目前，全市共查处乱停车、乱扔垃圾行为76起"],
    );
    check_quotes("甲所、乙所等2家单位被评为先进", &["等2家单位被评为先进"]);
    check_quotes(
        "近40名“骑手”身着新装，推出了3个“半小时”值勤机制",
        &[
            "近40名“骑手”",
            "推出了3个“半小时”值勤机制",
            "3个“半小时”值勤机制",
        ],
    );
    check_quotes("共受伤11人（其中重伤2人）", &["共受伤11人", "其中重伤2人"]);
}

#[test]
fn lists_go_on_with_the_deed_and_the_subject() {
    let figures = read("查处非机动车闯红灯24起、逆向行驶36起");
    let second = &figures[1].0;
    assert_eq!(second.metric, "查处非机动车逆向行驶");
    assert_eq!(second.subject, "非机动车");
    assert_eq!(second.categories, ["逆向行驶"]);
}

#[test]
fn periods_places_and_shares_of_people_are_told() {
    let figures = read("近三年全市人均日巡逻里程为36.6公里");
    let figure = &figures[0].0;
    let period = figure.period.clone().unwrap_or_default();
    assert_eq!(
        (period.text.as_str(), period.duration.as_str()),
        ("近三年", "P3Y")
    );
    assert!(period.approximate);
    assert_eq!(figure.place, "全市");
    let quantity = figure.quantity.clone().unwrap_or_default();
    assert_eq!(quantity.per, ["人", "日"]);
    let figures = read("截至6月11日，破案12起");
    let period = figures[0].0.period.clone().unwrap_or_default();
    assert_eq!(
        period.end.map(|end| (end.year, end.month, end.day)),
        Some((0, 6, 11))
    );
    assert_eq!(period.start, None);
}

#[test]
fn a_condition_is_told_of_the_share_it_is_in() {
    let text = "每年提任干部，有2年以上基层经历的比例一般不低于20%并逐年递增";
    let page = Page::new(text);
    let story = story(&page, &[(Role::Body, text)]);
    let figures = find(&story);
    assert_eq!(figures.len(), 2);
    assert_eq!(figures[0].parent, Some(1));
    assert_eq!(story.printed(&figures[0].place), "有2年以上基层经历的比例");
    assert_eq!(figures[1].statistic.trend_text, "逐年递增");
    assert_eq!(figures[1].statistic.hedge, "一般");
}

#[test]
fn a_headline_that_repeats_the_text_adds_nothing() {
    let (headline, body) = ("某地抓获34人 缴获刀具5把", "行动中共抓获嫌疑人34人。");
    let page = Page::new(&format!("{headline}\n{body}"));
    let story = story(&page, &[(Role::Headline, headline), (Role::Body, body)]);
    let quotes: Vec<String> = find(&story)
        .iter()
        .map(|figure| story.printed(&figure.place))
        .collect();
    assert_eq!(quotes, ["缴获刀具5把", "行动中共抓获嫌疑人34人"]);
}

#[test]
fn words_stand_within_reach_of_their_number() {
    let text = format!("{}3个{}", "很".repeat(5_000), "好".repeat(5_000));
    let quotes: Vec<usize> = read(&text)
        .iter()
        .map(|(_, quote)| quote.chars().count())
        .collect();
    assert_eq!(quotes, [402]);
}

#[test]
fn levels_and_noughts_are_told_from_counts() {
    check("连续三年实现某类案件“零发生”", &["3年", "0起"]);
    check("这个区域是一级网格", &["#1级"]);
    check("划分成一级、二级和三级共10个网格", &["3级", "10个"]);
    check("作为一级网格管理", &[]);
}
