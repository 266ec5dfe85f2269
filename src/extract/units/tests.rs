//! Sentences and the units that are read in them.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{Units, find};
use crate::extract::layout;
use crate::extract::story::Story;
use crate::names::StationName;
use crate::page::Page;
use crate::pb::station::Kind;

/// What is found in a text that is one article: the places as printed, inner ones with `<`, those that
/// only point back with `^`.
fn check(text: &str, expected: &[&str]) {
    let page = Page::new(text);
    let stories = layout::stories(&page);
    let units = find(&stories);
    let mut end = (0, 0, 0);
    let found: Vec<String> = units
        .found
        .iter()
        .map(|found| {
            let place = &found.place;
            let is_inner = (found.story, place.part, place.end) <= end;
            end = end.max((found.story, place.part, place.end));
            let mark = match (is_inner, found.points_back) {
                (true, _) => "<",
                (_, true) => "^",
                _ => "",
            };
            format!("{mark}{}", stories[found.story].printed(place))
        })
        .filter(|found| !found.starts_with('<'))
        .collect();
    assert_eq!(found, expected, "{text}");
}

/// The units of a text: display name, full name, the parent's display name.
fn units(text: &str) -> Vec<[String; 3]> {
    let page = Page::new(text);
    let stories: Vec<Story<'_>> = layout::stories(&page);
    let Units { units, .. } = find(&stories);
    let parent = |unit: &super::Unit| unit.parent.map(|parent| units[parent].display_name.clone());
    units
        .iter()
        .map(|unit| {
            [
                unit.display_name.clone(),
                unit.full_name.clone(),
                parent(unit).unwrap_or_default(),
            ]
        })
        .collect()
}

fn check_units(text: &str, expected: &[[&str; 3]]) {
    assert_eq!(units(text), expected, "{text}");
}

#[test]
fn names_begin_behind_what_is_no_part_of_them() {
    check("日前,由石桥派出所牵头侦办此案。", &["石桥派出所"]);
    check("民警将其带至和平派出所接受调查。", &["和平派出所"]);
    check("5月3日,男子到向阳派出所投案自首。", &["向阳派出所"]);
    check("据太和县公安局通报,案件已告破。", &["太和县公安局"]);
    check("记者从宁波市公安局获悉。", &["宁波市公安局"]);
    check("接到报警后石桥派出所民警立即出警。", &["石桥派出所"]);
    check("后沙峪派出所民警赶到现场。", &["后沙峪派出所"]);
    check(
        "刑侦大队联合石桥派出所将其抓获。",
        &["刑侦大队", "石桥派出所"],
    );
    check(
        "刑侦大队和石桥派出所民警连夜走访。",
        &["刑侦大队", "石桥派出所"],
    );
    check("民警和永和派出所取得联系。", &["永和派出所"]);
    check("他被移交给大同铁路公安处处理。", &["大同铁路公安处"]);
    check(
        "——记宁波市公安局交警支队民警李明",
        &["宁波市公安局交警支队"],
    );
    check("近日,在从化区公安分局的指挥下收网。", &["从化区公安分局"]);
    check("警方根据线索前往将乐县公安局对接。", &["将乐县公安局"]);
    check("群众将锦旗送到石桥派出所。", &["石桥派出所"]);
    check(
        "云溪市公安局沿江路派出所、许家庄派出所民警到场。",
        &["云溪市公安局沿江路派出所", "许家庄派出所"],
    );
    check(
        "云溪市公安局交通派出所、何村派出所民警到场。",
        &["云溪市公安局交通派出所", "何村派出所"],
    );
    check("各客运站派出所、三家派出所参加。", &[]);
    check("客运站派出所参加。", &["客运站派出所"]);
    check(
        "本报讯(记者 李明 通讯员 王海)石桥派出所近日开展清查。",
        &["石桥派出所"],
    );
}

#[test]
fn general_words_name_no_unit() {
    check("全市公安派出所要把工作抓细抓实。", &[]);
    check("各派出所、各大队要认真落实。", &[]);
    check("辖区派出所民警赶到现场。", &[]);
    check("派出所所长带队,派出所民警参加。", &[]);
    check("他被评为枫桥式公安派出所的带头人。", &[]);
    check("推动“派出所主防”走深走实,加强派出所建设。", &[]);
    check("当地公安机关和交警部门已介入。", &[]);
    check("县公安局各派出所交警中队上路执勤。", &["县公安局"]);
    check("市综合行政执法大队、消防救援大队到场。", &[]);
    check("武警宁波支队官兵和城管大队队员参加了植树。", &[]);
    check("3个派出所、5个大队参加,多个派出所联动。", &[]);
    check("某派出所民警说,一支队伍要有纪律。", &[]);
    check("郑州铁路分局和市国税局稽查分局召开会议。", &[]);
    check(
        "市自然资源局镇海分局、联通公司镇海分局和派出所民警到场。",
        &[],
    );
    check("该所被评为“五星派出所”,队员叫特警队员。", &[]);
    check("这支队伍里,副大队长带着一个中队。", &[]);
    check("市应急管理局、市文化市场综合执法支队联合检查。", &[]);
}

#[test]
fn chains_are_read_whole() {
    check(
        "鄂州市公安局华容区分局石桥派出所民警说。",
        &["鄂州市公安局华容区分局石桥派出所"],
    );
    check("浙江宁波市公安局鄞州分局", &["浙江宁波市公安局鄞州分局"]);
    check(
        "宁波交警直属一大队石桥中队值勤。",
        &["宁波交警直属一大队石桥中队"],
    );
    check("山西高速交警三支队民警查处。", &["山西高速交警三支队"]);
    check("重庆市公安局交巡警总队牵头。", &["重庆市公安局交巡警总队"]);
    check(
        "公安部交管局部署,省公安厅交警总队落实。",
        &["公安部交管局", "省公安厅交警总队"],
    );
    check(
        "内蒙古边检总站兴安边境管理支队执勤训练大队成立。",
        &["内蒙古边检总站兴安边境管理支队执勤训练大队"],
    );
    check("景区派出所里的服务。", &[]);
    check(
        "云溪市公安局刑警大队三中队破案。",
        &["云溪市公安局刑警大队三中队"],
    );
    check(
        "西藏出入境边防检查总站授予他称号。",
        &["西藏出入境边防检查总站"],
    );
    check("市公安局指挥中心接到报警。", &["市公安局指挥中心"]);
    check(
        "长治市公安局屯留分局交警大队民警。",
        &["长治市公安局屯留分局交警大队"],
    );
    check(
        "徐州铁路公安处徐州站派出所。",
        &["徐州铁路公安处徐州站派出所"],
    );
    check(
        "市局交警支队通报,市公安局要求。",
        &["市局交警支队", "市公安局"],
    );
    check(
        "石桥派出所东门社区警务室揭牌。",
        &["石桥派出所东门社区警务室"],
    );
    check(
        "北京海淀交通支队中关村大队",
        &["北京海淀交通支队中关村大队"],
    );
}

#[test]
fn lists_share_their_ending() {
    check(
        "城东分局东门、南河、北桥派出所民警参加。",
        &["城东分局东门", "南河", "北桥派出所"],
    );
    check(
        "由镇海、鄞州、奉化分局承办。市公安局督办。",
        &["镇海", "鄞州", "奉化分局", "市公安局"],
    );
    check(
        "刑侦、治安、巡特警大队集中行动。",
        &["刑侦", "治安", "巡特警大队"],
    );
    check(
        "东门、石桥、南河三个派出所联动。",
        &["东门", "石桥", "南河"],
    );
    check("由城关、东门派出所承办。", &["城关", "东门派出所"]);
    check(
        "宁波市公安局部署,镇海、鄞州等6个分局参加。",
        &["宁波市公安局", "镇海", "鄞州"],
    );
    check("市公安局部署,工商、税务等3个分局参加。", &["市公安局"]);
    check("民警王强、石桥派出所所长到场。", &["石桥派出所"]);
    check("张某、李某、石桥派出所民警在场。", &["石桥派出所"]);
    check("在学校、医院、石桥派出所门前。", &["石桥派出所"]);
    check("东门派出所、石桥派出所", &["东门派出所", "石桥派出所"]);
}

#[test]
fn teams_of_a_place_are_of_the_traffic_police_where_these_are_named() {
    check(
        "济宁市公安局交通警察支队通报:兖州大队、高新区大队整改。各县市区大队落实。",
        &["济宁市公安局交通警察支队", "兖州大队", "高新区大队"],
    );
    check(
        "河北省公安厅高速交警总队通报:张家口支队零发生。",
        &["河北省公安厅高速交警总队", "张家口支队"],
    );
    check("济宁市公安局通报。兖州大队整改。", &["济宁市公安局"]);
}

#[test]
fn words_point_back() {
    check("石桥派出所成立。该所民警12人。", &["石桥派出所", "^该所"]);
    check("该所有民警12人。石桥派出所。", &["石桥派出所"]);
    check("石桥派出所在城东,本所在编12人。", &["石桥派出所"]);
    check(
        "宁波市公安局招宝山派出所走访企业,招宝山所民警介绍。",
        &["宁波市公安局招宝山派出所", "招宝山所"],
    );
    check(
        "镇海公安分局交警大队发布。该大队说,该局支持。",
        &["镇海公安分局交警大队", "^该大队", "^该局"],
    );
}

#[test]
fn an_article_has_a_place_of_its_own() {
    check_units(
        "宁波要闻\n市公安局在宁波召开会议,市局领导出席。宁波交警将增加夜查。",
        &[
            ["市公安局", "宁波市公安局", ""],
            ["宁波交警", "", "市公安局"],
        ],
    );
    check_units("市公安局召开会议。", &[["市公安局", "", ""]]);
    check_units(
        "湖南保靖公安近日破案。刑侦大队抓获1人。",
        &[
            ["保靖公安", "保靖县公安局", ""],
            ["刑侦大队", "保靖县公安局刑侦大队", "保靖公安"],
        ],
    );
}

#[test]
fn names_of_a_page_are_of_one_unit() {
    check_units(
        "鄂州石桥派出所\n鄂州市公安局华容区分局石桥派出所近日走访。石桥派出所民警说。",
        &[
            ["鄂州市公安局", "", ""],
            ["鄂州市公安局华容区分局", "", "鄂州市公安局"],
            [
                "石桥派出所",
                "鄂州市公安局华容区分局石桥派出所",
                "鄂州市公安局华容区分局",
            ],
        ],
    );
    check_units(
        "宁波市公安局交通警察支队发布。宁波交警提醒,交警支队将严查。",
        &[
            ["宁波市公安局", "", ""],
            ["宁波市公安局交通警察支队", "", "宁波市公安局"],
        ],
    );
    check_units(
        "巨野县公安局开展行动。麒麟派出所抓获1人,刑警大队抓获2人。巨野公安将继续。",
        &[
            ["巨野县公安局", "", ""],
            ["麒麟派出所", "巨野县公安局麒麟派出所", "巨野县公安局"],
            ["刑警大队", "巨野县公安局刑警大队", "巨野县公安局"],
        ],
    );
    check_units(
        "宁海县公安局城关派出所和慈溪市公安局城关派出所结对。",
        &[
            ["宁海县公安局", "", ""],
            ["宁海县公安局城关派出所", "", "宁海县公安局"],
            ["慈溪市公安局", "", ""],
            ["慈溪市公安局城关派出所", "", "慈溪市公安局"],
        ],
    );
}

/// The units of the real page, as its records have them.
const PAGE_UNITS: [(&str, Kind, &str, &[&str]); 18] = [
    ("公安部", Kind::Ministry, "", &[]),
    ("省公安厅", Kind::ProvincialDepartment, "公安部", &[]),
    ("市公安局", Kind::MunicipalBureau, "省公安厅", &["市局"]),
    ("市公安局镇海分局", Kind::BranchBureau, "市公安局", &[]),
    ("招宝山派出所", Kind::PoliceStation, "市公安局镇海分局", &[]),
    ("奉化分局", Kind::BranchBureau, "市公安局", &[]),
    ("大桥派出所", Kind::PoliceStation, "奉化分局", &[]),
    ("宁海县公安局", Kind::CountyBureau, "市公安局", &[]),
    ("岔路派出所", Kind::PoliceStation, "宁海县公安局", &[]),
    ("慈溪市公安局", Kind::CountyBureau, "市公安局", &[]),
    ("匡堰派出所", Kind::PoliceStation, "慈溪市公安局", &[]),
    ("海曙公安分局", Kind::BranchBureau, "市公安局", &[]),
    ("江夏派出所", Kind::PoliceStation, "海曙公安分局", &[]),
    (
        "市公安局交通警察局",
        Kind::TrafficBureau,
        "市公安局",
        &["市交警局", "宁波公安交警", "宁波交警"],
    ),
    ("鄞州交警大队", Kind::Brigade, "市公安局交通警察局", &[]),
    (
        "鄞州交警大队东部新城中队",
        Kind::Squadron,
        "鄞州交警大队",
        &["东部新城中队"],
    ),
    (
        "鄞州交警大队东部新城中队铁骑",
        Kind::PatrolTeam,
        "鄞州交警大队东部新城中队",
        &[],
    ),
    (
        "勤务考核领导小组办公室",
        Kind::Office,
        "市公安局交通警察局",
        &[],
    ),
];

#[test]
fn the_units_of_the_real_page_are_found() {
    let page = Page::new(include_str!("../../../tests/data/bulletin-page.txt"));
    let stories = layout::stories(&page);
    let Units { units, .. } = find(&stories);
    let name = |unit: Option<usize>| unit.map_or("", |unit| units[unit].display_name.as_str());
    let found: Vec<_> = units
        .iter()
        .map(|unit| {
            let aliases: Vec<_> = unit.aliases.iter().map(String::as_str).collect();
            (
                unit.display_name.as_str(),
                unit.kind,
                name(unit.parent),
                aliases,
            )
        })
        .collect();
    let expected = PAGE_UNITS
        .map(|(display, kind, parent, aliases)| (display, kind, parent, aliases.to_vec()));
    assert_eq!(found, expected);
}

proptest! {
    #[test]
    fn any_text_is_read_and_parents_stand_first(text in "[市县公安分局派出所大中支总队交警刑侦该和、。一三\\n石桥镇海宁波等个3某 ]{0,80}") {
        let page = Page::new(&text);
        let stories = layout::stories(&page);
        let Units { units, found } = find(&stories);
        for (index, unit) in units.iter().enumerate() {
            prop_assert!(unit.parent.is_none_or(|parent| parent < index));
            let name = format!("stations/{}", unit.id);
            prop_assert!(StationName::parse("name", &name).is_ok());
            prop_assert!(!unit.display_name.is_empty());
        }
        let ids: HashSet<_> = units.iter().map(|unit| &unit.id).collect();
        prop_assert_eq!(ids.len(), units.len());
        for found in &found {
            prop_assert!(found.unit < units.len());
            prop_assert!(!stories[found.story].printed(&found.place).is_empty());
        }
    }
}
