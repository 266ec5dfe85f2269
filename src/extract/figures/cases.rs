//! What is told and not told from short sentences: units, bounds and differences.

use super::*;
use crate::page::Page;
use crate::pb::comparison::Direction;

/// The figures of a text: value, `~` upper end, unit, qualifier unless exact, and `^` or `v` with the
/// difference told of it.
fn read(text: &str) -> String {
    let page = Page::new(text);
    let whole = 0..text.chars().count();
    let passage = Passage::new(&page, std::slice::from_ref(&whole));
    let figures = of_passage(&passage, 0, false);
    let told: Vec<String> = figures
        .iter()
        .map(|figure| told(&figure.statistic))
        .collect();
    told.join(" | ")
}

fn told(statistic: &Statistic) -> String {
    let quantity = statistic.quantity.clone().unwrap_or_default();
    let mut told = quantity.value.map_or(String::new(), |value| value.value);
    if let Some(upper) = quantity.value_max {
        told += &format!("~{}", upper.value);
    }
    told += &quantity.unit;
    let qualifier = statistic.qualifier().as_str_name();
    if !matches!(qualifier, "EXACT" | "RANGE") {
        told += &format!(" {qualifier}");
    }
    let Some(change) = &statistic.change else {
        return told;
    };
    if let Some(previous) = &change.previous_value {
        told += &format!(" was {}", previous.value);
    }
    let sign = match change.direction() {
        Direction::Up => "^",
        Direction::Down => "v",
        _ => "=",
    };
    if let Some(delta) = &change.delta {
        told += &format!(" {sign}{}{}", delta.value, change.delta_unit);
    }
    told
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(read(text), *expected, "{text}");
    }
}

#[test]
fn units_are_told_from_words_that_begin_like_them() {
    check(&[
        ("发生5起重大火灾。", "5起"),
        ("6起火灾均已扑灭。", "6起"),
        ("参加者达900人以上。", "900人 AT_LEAST"),
        ("14人均被训诫。", "14人"),
        ("检查26家门店、8家电商企业。", "26家 | 8家"),
        ("整改9处事故多发路段。", "9处"),
        ("组织3次全国巡演。", "3次"),
        ("开展隐患摸排7次。", "7次"),
        ("查获货车40辆（台）次。", "40辆(台)次"),
        ("下泄流量720立方米每秒。", "720立方米每秒"),
        ("收缴子弹46发。", "46发"),
        ("清查出租屋2.4万间次。", "24000间次"),
        ("8月6日发布。", ""),
        ("他是辖区5个人大代表之一。", "5个"),
    ]);
}

#[test]
fn numbers_of_roads_races_laws_and_clocks_are_none() {
    check(&[
        ("车辆沿省道行驶至86公里处时被拦下。", ""),
        ("在212公里+400米处设卡。", ""),
        ("卡点距县城18公里处设岗。", "18公里"),
        ("男子800米决赛今日举行。", ""),
        ("酒后驾驶的,处暂扣6个月驾驶证。", ""),
        ("酒后驾驶的,处罚款。发放传单30份。", "30份"),
        ("该路段限速60公里/小时,该车时速达95公里。", "95公里"),
        ("5 月 9 日 21 时 40 分许,民警查扣车辆3台。", "3台"),
        ("世界排3,参赛21次。", "21次"),
    ]);
}

#[test]
fn values_are_read_as_they_are_printed() {
    check(&[
        ("另有0.4万起纠纷。", "4000起"),
        ("编号0731的卷宗。", ""),
        ("人口 3.6 万余人。", "36000人 MORE_THAN"),
        ("发放手册20万+份。", "200000份 MORE_THAN"),
        ("推行5+3+N模式。", ""),
        ("客流突破了70万人次。", "700000人次 MORE_THAN"),
        ("价值约人民币 3000 元。", "3000元 APPROXIMATE"),
        ("是去年的6倍多。", "6倍 MORE_THAN"),
        ("满意率达到 96% 以上。", "96% AT_LEAST"),
        ("货物约占全港总量的三成。", "30% APPROXIMATE"),
        ("参观人次31.5万。", "315000人次"),
        ("烧伤面积达15平方厘米。", "15平方厘米"),
        ("客运总量达198.6万乘次。", "1986000乘次"),
    ]);
}

#[test]
fn what_a_rate_is_of_and_what_there_was_none_of_is_none() {
    check(&[
        ("每1000人中仅有3人左右。", "3人 APPROXIMATE"),
        ("每10起酒驾中约有7起在夜间。", "7起 APPROXIMATE"),
        ("每抓获1名奖励人民币5万元。", "50000元"),
        ("抓获1名嫌疑人,奖励5万元。", "1名 | 50000元"),
        ("全线未发生超过1小时的拥堵。", ""),
        ("未接报一次死亡5人以上的事故。", ""),
        ("未发生事故,投入警力500人以上。", "500人 AT_LEAST"),
    ]);
}

#[test]
fn numbers_of_items_are_none() {
    check(&[
        ("一、查获车辆7台。", "7台"),
        ("(三)整改率低于90%。", "90% LESS_THAN"),
        ("2.整改隐患300处。", "300处"),
        ("④走访企业45家。", "45家"),
        ("1.5万人参加。", "15000人"),
        ("一、二大队查获车辆7台。", "7台"),
    ]);
}

#[test]
fn differences_go_to_their_values() {
    check(&[
        (
            "客运量310万人次,比2021年同期增长8.4%。",
            "3100000人次 ^8.4%",
        ),
        ("客流88万人次,与去年中秋同期相比下降4%。", "880000人次 v4%"),
        (
            "违法行为比2020年上升6.5%,其中夜间行为比2020年上升9%。",
            "% ^6.5% | % ^9%",
        ),
        ("警情52起(日均7.4起),环比下降3%。", "52起 v3% | 7.4起"),
        ("接警60起,比上周的75起减少15起。", "60起 v15起"),
        (
            "接警60起(日均8起),比上周的75起减少15起。",
            "60起 v15起 | 8起",
        ),
        (
            "产量达520亿斤,增产12亿斤,同比增长2.4%。",
            "52000000000斤 ^2.4% | 斤 ^1200000000斤",
        ),
        ("事故21起,伤9人,同比减少4起、2人。", "21起 v4起 | 9人 v2人"),
        ("查处4500起,同比+12.6%。", "4500起 ^12.6%"),
        ("处罚320人(-5.1%)。", "320人 v5.1%"),
        (
            "受理31件,办结率95%,满意率97%,分别比上月提高0.5个、1.2个百分点。",
            "31件 | 95% ^0.5百分点 | 97% ^1.2百分点",
        ),
        ("醉驾230起,占比19.2%,同比下降8%。", "230起 v8% | 19.2%"),
        ("金牌数较上届增加9枚。", "枚 ^9枚"),
        (
            "破获120起,其中盗窃50起,抓获80人(逃犯9人),同比分别上升5%、8%。",
            "120起 ^5% | 50起 | 80人 ^8% | 9人",
        ),
        (
            "立案300起,其中盗窃120起、诈骗80起,同比分别下降5%、8%。",
            "300起 | 120起 v5% | 80起 v8%",
        ),
        ("晴天达到301天,同比增加12天。", "301天 ^12天"),
        ("损失金额下降近四成。", "% APPROXIMATE v40%"),
        ("各口岸同比增长均在15%以上。", "% AT_LEAST ^15%"),
        ("等候时间由40分钟缩短到10分钟。", "10分钟 was 40 v30分钟"),
    ]);
}
