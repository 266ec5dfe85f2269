//! Whether the words before an ending name a public-security unit, and which.

use super::chains::{Candidate, Segment};
use super::forces;
use super::name::Name;
use super::regions::Level;
use super::words::{Class, Ending, Token};

/// A segment that names a unit.
pub struct Judged {
    pub segment: Segment,
    /// Whether it continues the chain that ends where it begins.
    pub is_below: bool,
    pub is_loose: bool,
}

pub fn segment(candidate: &Candidate<'_>) -> Option<Judged> {
    if is_of_each(candidate) {
        return None;
    }
    let mut name = Name::of(candidate);
    let parent = candidate
        .parent
        .filter(|parent| may_follow(parent, &name, candidate.ending));
    let belief = belief(&mut name, candidate, parent);
    let is_below = parent.is_some() && name.start() == candidate.tokens[candidate.first].start;
    (belief != Belief::No).then(|| Judged {
        segment: name.into_segment(),
        is_below,
        is_loose: belief == Belief::Loose,
    })
}

/// 各客运站派出所, 每个中队: all of a kind, none by name.
fn is_of_each(candidate: &Candidate<'_>) -> bool {
    let Some(before) = candidate.token_before() else {
        return false;
    };
    let word = &candidate.text[before.start..before.end];
    candidate.parent.is_none() && matches!(word, "各" | "各个" | "每个" | "多个" | "数个" | "几个")
}

/// 三家 in 三家派出所: how many, not which.
fn is_count(own: &str) -> bool {
    let Some(number) = own.strip_suffix(['家', '个', '所', '处']) else {
        return false;
    };
    let is_numeral = |char| "一二三四五六七八九十百两几数多0123456789".contains(char);
    !number.is_empty() && number.chars().all(is_numeral)
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Belief {
    Sure,
    /// Only where the page says more.
    Loose,
    No,
}

impl From<bool> for Belief {
    fn from(is_sure: bool) -> Self {
        if is_sure { Self::Sure } else { Self::No }
    }
}

fn belief(name: &mut Name<'_>, candidate: &Candidate<'_>, parent: Option<&Segment>) -> Belief {
    let is_below = parent.is_some();
    let fits = match candidate.ending.class {
        Class::Force => return forces::belief(name, candidate, is_below),
        Class::Body => return fits_body(name, candidate),
        Class::Station => {
            let is_title = !is_below && is_quoted(candidate);
            return match fits_station(name, is_below) {
                true if is_title => Belief::Loose,
                fits => fits.into(),
            };
        }
        Class::Ministry => {
            name.clear();
            true
        }
        Class::Department => fits_department(name),
        Class::Bureau => fits_bureau(name, is_below),
        Class::Branch => fits_branch(name, candidate, is_below),
        Class::Division => is_below || name.has_place() || name.own_chars() >= 2,
        Class::Post => fits_post(name, is_below) && !is_counted(candidate),
        Class::Traffic => fits_traffic(name, is_below),
        Class::Patrol => is_below && name.own_chars() <= 4 && !is_of_a_force(candidate),
        Class::Centre => fits_centre(name, candidate, is_below),
        Class::Office => fits_office(name, candidate, parent),
        Class::Custody => {
            is_below
                || name.has_place()
                || name.take_unknown_place()
                || name.cut_to_deictic("市县区")
        }
        Class::Border => is_below || name.has_place() || (2..=6).contains(&name.own_chars()),
        Class::Short => fits_short(name, candidate),
    };
    fits.into()
}

/// How far down a unit stands: what follows must stand lower.
fn rank(ending: &Ending) -> u8 {
    match ending.class {
        Class::Ministry => 0,
        Class::Department => 1,
        Class::Border if !ending.text.ends_with("总站") => 8,
        Class::Short | Class::Bureau | Class::Border => 2,
        Class::Branch | Class::Division => 3,
        Class::Traffic | Class::Body => 4,
        Class::Centre | Class::Custody | Class::Office => 5,
        Class::Force => match ending.text {
            "总队" => 5,
            "支队" => 6,
            "大队" => 7,
            _ => 9,
        },
        Class::Station => 8,
        Class::Post => 9,
        Class::Patrol => 10,
    }
}

fn may_follow(parent: &Segment, name: &Name<'_>, ending: &Ending) -> bool {
    let (above, below) = (rank(parent.ending), rank(ending));
    let is_lower_bureau = ending.class == Class::Bureau
        && parent.ending.class == Class::Bureau
        && name.level == Some(Level::County)
        && parent.level != Some(Level::County);
    let is_traffic_of_ministry = parent.ending.class == Class::Ministry && below >= 4;
    // 江州公安东湖分局
    let is_branch_of_body = parent.ending.text == "公安" && ending.class == Class::Branch;
    above < below || is_lower_bureau || is_traffic_of_ministry || is_branch_of_body
}

fn fits_department(name: &mut Name<'_>) -> bool {
    if name.own == name.at && name.has_place() {
        return true;
    }
    if !name.cut_to_deictic("省自治区") {
        name.clear();
        name.is_deictic = true;
    }
    name.level = Some(Level::Province);
    true
}

fn fits_bureau(name: &mut Name<'_>, is_below: bool) -> bool {
    if name.own == name.at {
        return name.has_place() || (is_below && name.ending.text != "公安局");
    }
    if name.take_unknown_place() {
        return true;
    }
    if name.cut_to_deictic("省市州盟县区旗") {
        return true;
    }
    // 秦皇岛港公安局
    if name.has_place() && name.own_text() == "港" {
        return true;
    }
    let chars = name.own_chars();
    let is_clean = name.is_clean();
    is_clean && (2..=6).contains(&chars) && (chars <= 5 || name.has_place() || is_below)
}

fn fits_branch(name: &mut Name<'_>, candidate: &Candidate<'_>, is_below: bool) -> bool {
    const OTHERS: [&str; 5] = ["公司", "银行", "集团", "局", "中心"];
    let before = &candidate.text[..name.start()];
    if !is_below && OTHERS.iter().any(|word| before.ends_with(word)) {
        return false;
    }
    if name.own == name.at {
        return name.has_place();
    }
    let is_of_police = name.ending.text != "分局" || is_below;
    let own = name.own_text();
    if name.own_chars() == 1 {
        return is_of_police && name.cut_to_deictic("市县区");
    }
    if own == "公安" || name.own_tokens().iter().any(Token::is_strange) {
        return is_below && own != "公安";
    }
    // 郑州铁路分局 is of the railway itself.
    if own.ends_with("铁路") && !is_of_police {
        return false;
    }
    let is_clean = name.is_clean();
    let chars_max = if is_below || name.has_place() { 12 } else { 5 };
    let is_place = own.ends_with('区');
    is_clean && (name.own_chars() <= chars_max || is_place)
}

/// “五星派出所” is a title, unless the page names such a station.
fn is_quoted(candidate: &Candidate<'_>) -> bool {
    let before = candidate.text[..candidate.tokens[candidate.first].start]
        .chars()
        .next_back();
    let after = candidate.rest().chars().next();
    matches!(before, Some('“' | '"' | '‘')) && matches!(after, Some('”' | '"' | '’'))
}

/// Names that say what a station is, not which.
pub fn is_general(own: &str) -> bool {
    const GENERAL: &str = "公安 边境 边防 农村 社区 街道 乡镇 铁路 城市 中心 重点 市 县 \
        区 镇 乡 市公安 县公安 区公安 海岛 沿海 城乡 第一 高铁 行政 线路 景区 \
        移动 流动 特区 山区";
    const LENGTH_MAX: usize = "市公安".len();
    own.len() <= LENGTH_MAX && GENERAL.split(' ').any(|word| word == own)
}

fn fits_station(name: &mut Name<'_>, is_below: bool) -> bool {
    let own = name.own_text();
    let own = own.strip_suffix("公安").unwrap_or(own);
    let chars = own.chars().count();
    if own.ends_with(['式', '类', '型']) || is_count(own) {
        return false;
    }
    let is_placed = is_below || name.has_place();
    if is_placed {
        return (1..=12).contains(&chars) && (is_below || !is_general(own));
    }
    (2..=8).contains(&chars) && !is_general(own)
}

/// 已建警务室39个: how many, not which.
fn is_counted(candidate: &Candidate<'_>) -> bool {
    let rest = candidate.rest();
    let counted = rest.trim_start_matches(|char: char| char.is_ascii_digit());
    counted.len() < rest.len() && counted.starts_with(['个', '所', '家', '处', '座'])
}

fn fits_post(name: &Name<'_>, is_below: bool) -> bool {
    const GENERAL: [&str; 28] = [
        "新建",
        "建设",
        "街面",
        "驻村",
        "社区",
        "校园",
        "流动",
        "便民",
        "移动",
        "农村",
        "村",
        "驻校",
        "中心",
        "街头",
        "一村一",
        "城市",
        "车站",
        "旅游",
        "景区",
        "护学",
        "联勤",
        "联合",
        "春运",
        "高速",
        "治安",
        "铁骑",
        "智慧",
        "山区",
    ];
    let own = name.own_text();
    let chars = own.chars().count();
    let is_general = GENERAL.contains(&own) || own.contains("街面") || own.contains("综合");
    !is_general
        && (if is_below {
            (0..=12).contains(&chars)
        } else {
            (2..=10).contains(&chars)
        })
}

/// 铁骑三中队 is a 中队, and 铁骑办 an office.
fn is_of_a_force(candidate: &Candidate<'_>) -> bool {
    let rest = candidate.rest();
    let number = rest.trim_start_matches(|char| "一二三四五六七八九十".contains(char));
    rest.starts_with('办')
        || ["大队", "中队"]
            .iter()
            .any(|force| number.starts_with(force))
}

fn fits_traffic(name: &mut Name<'_>, is_below: bool) -> bool {
    if is_below {
        return name.own_chars() <= 3;
    }
    if name.own == name.at {
        return name.has_place();
    }
    name.take_unknown_place()
        || name.cut_to_deictic("省市县")
        || ((2..=3).contains(&name.own_chars()) && name.is_clean())
}

fn fits_office(name: &mut Name<'_>, candidate: &Candidate<'_>, parent: Option<&Segment>) -> bool {
    let is_room = candidate.rest().starts_with(['里', '内', '中', '门', '外']);
    if is_room {
        return false;
    }
    if let Some(parent) = parent {
        let has_offices = matches!(
            parent.ending.class,
            Class::Ministry | Class::Department | Class::Bureau | Class::Branch | Class::Traffic
        );
        return has_offices && name.own_chars() <= 14;
    }
    name.cut_to_police_word() && name.own_chars() >= 6
}

/// 宁波交警, but not 宁波交警部门 or 宁波交警大队.
fn fits_body(name: &Name<'_>, candidate: &Candidate<'_>) -> Belief {
    const GENERAL: [&str; 17] = [
        "机关", "部门", "民警", "队伍", "系统", "干警", "战线", "辅警", "铁骑", "分局", "工作",
        "部", "厅", "局", "处", "执法", "人",
    ];
    let goes_on = candidate
        .token_after()
        .is_some_and(|after| after.ending().is_some());
    let rest = candidate.rest();
    if candidate.parent.is_some() || goes_on || GENERAL.iter().any(|word| rest.starts_with(word)) {
        return Belief::No;
    }
    let is_unknown_place = !name.has_place()
        && (2..=3).contains(&name.own_chars())
        && name.is_clean()
        && candidate.ending.slug == "police";
    match name.own == name.at && name.has_place() {
        true => Belief::Sure,
        false if is_unknown_place => Belief::Loose,
        false => Belief::No,
    }
}

/// 指挥中心 of a unit; teams have a place at least: 灵石县交警队.
fn fits_centre(name: &Name<'_>, candidate: &Candidate<'_>, is_below: bool) -> bool {
    if candidate.ending.text.ends_with('队') {
        // 特警队员 and 刑警队伍 are people.
        let is_people = candidate.rest().starts_with(['员', '伍', '列']);
        let is_placed = is_below || (name.has_place() && name.own == name.at);
        return is_placed && name.own_chars() <= 6 && !is_people;
    }
    is_below && name.own_chars() <= 6
}

/// 市局, but not 市局部.
fn fits_short(name: &mut Name<'_>, candidate: &Candidate<'_>) -> bool {
    if !name.tokens[name.first..name.at].is_empty()
        || candidate.rest().starts_with(['部', '面', '势', '限'])
    {
        return false;
    }
    name.is_deictic = true;
    name.level = Some(match name.ending.text.chars().next() {
        Some('省') => Level::Province,
        Some('市') => Level::City,
        _ => Level::County,
    });
    true
}
