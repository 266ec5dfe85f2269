//! Whether the words before an ending name a public-security unit, and which.

use super::chains::{Candidate, Segment};
use super::regions::Spelling;
use super::regions::{Level, Whereabouts};
use super::words::{Bound, Class, Ending, Sort, Token};

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
    let is_below = parent.is_some();
    let mut is_loose = false;
    let fits = match candidate.ending.class {
        Class::Ministry => {
            name.clear();
            true
        }
        Class::Department => fits_department(&mut name, candidate.ending),
        Class::Bureau => fits_bureau(&mut name, is_below),
        Class::Branch => fits_branch(&mut name, is_below),
        Class::Division => is_below || name.has_place() || name.own_chars() >= 2,
        Class::Station => fits_station(&mut name, is_below),
        Class::Post => fits_post(&name, is_below),
        Class::Traffic => fits_traffic(&mut name, is_below),
        Class::Force => match fits_force(&name, candidate, is_below) {
            Belief::Sure => true,
            Belief::Loose => {
                is_loose = true;
                true
            }
            Belief::No => false,
        },
        Class::Patrol => is_below && name.own_chars() <= 4,
        Class::Centre => is_below && name.own_chars() <= 6,
        Class::Office => fits_office(&mut name, candidate, parent),
        Class::Custody => is_below || name.has_place() || name.cut_to_deictic("市县区"),
        Class::Border => is_below || name.has_place() || (2..=6).contains(&name.own_chars()),
        Class::Body => fits_body(&name, candidate),
        Class::Short => fits_short(&mut name, candidate),
    };
    let is_below = is_below && name.start() == candidate.tokens[candidate.first].start;
    fits.then(|| Judged {
        segment: name.into_segment(),
        is_below,
        is_loose,
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

/// The words before an ending, places first.
struct Name<'t> {
    text: &'t str,
    tokens: &'t [Token],
    /// The tokens of the name.
    first: usize,
    at: usize,
    /// The first token behind the places.
    own: usize,
    places: Whereabouts,
    level: Option<Level>,
    is_deictic: bool,
    ending: &'static Ending,
}

impl<'t> Name<'t> {
    fn of(candidate: &Candidate<'t>) -> Self {
        let mut name = Self {
            text: candidate.text,
            tokens: candidate.tokens,
            first: candidate.first,
            at: candidate.at,
            own: candidate.first,
            places: Whereabouts::default(),
            level: None,
            is_deictic: false,
            ending: candidate.ending,
        };
        if let Some(parent) = candidate.parent {
            name.places = parent.places.clone();
        }
        if candidate.parent.is_none() {
            name.skip_to_place();
        }
        name.take_places();
        name.take_deictic_work();
        name
    }

    /// 市交警支队: the place is that of the article.
    fn take_deictic_work(&mut self) {
        let [first, second, ..] = self.own_tokens() else {
            return;
        };
        let level = deictic_level(&self.text[first.start..first.end]);
        if level.is_some() && second.work().is_some() && !self.has_place() {
            self.level = level;
            self.is_deictic = true;
        }
    }

    /// A place that says what it is begins the name, whatever stands before it: 记宁波市公安局.
    fn skip_to_place(&mut self) {
        let is_by_itself = matches!(
            self.ending.class,
            Class::Station | Class::Post | Class::Office
        );
        let begins = |token: &Token| {
            // 东区 may be the end of 江东区.
            let is_whole = token.end - token.start > '市'.len_utf8() * 2;
            token
                .place()
                .is_some_and(|spelling| match spelling.is_full {
                    true => is_whole,
                    false => !is_by_itself,
                })
        };
        if let Some(at) = self.tokens[self.first..self.at].iter().position(begins) {
            self.first += at;
            self.own = self.first;
        }
    }

    fn start(&self) -> usize {
        self.tokens[self.first].start
    }

    fn own_text(&self) -> &'t str {
        &self.text[self.tokens[self.own].start..self.tokens[self.at].start]
    }

    fn own_chars(&self) -> usize {
        self.own_text().chars().count()
    }

    fn own_tokens(&self) -> &'t [Token] {
        &self.tokens[self.own..self.at]
    }

    fn has_place(&self) -> bool {
        self.own > self.first
    }

    /// Nothing before the ending belongs to the name.
    fn clear(&mut self) {
        self.first = self.at;
        self.own = self.at;
        self.places = Whereabouts::default();
    }

    fn take_places(&mut self) {
        while self.own < self.at {
            let Some(spelling) = self.tokens[self.own].place() else {
                break;
            };
            let rest = &self.text[self.tokens[self.own].end..self.tokens[self.at].start];
            let lies_below = self.has_place()
                && spelling.regions.iter().any(|region| {
                    !self.places.city.is_empty() && region.city == self.places.city
                        || self.places.city.is_empty() && region.province == self.places.province
                });
            let level = spelling.regions.first().map(|region| region.level);
            let is_high = level.is_some_and(|level| level < Level::County);
            let is_place = match self.ending.class {
                Class::Station | Class::Post | Class::Patrol => {
                    rest.chars().count() >= 2
                        && (spelling.is_full
                            || (is_high || lies_below) && !begins_like_a_street(rest))
                }
                _ => true,
            };
            if !is_place {
                break;
            }
            self.places.enter(spelling);
            self.level = if self.places.county.is_empty() {
                level
            } else {
                Some(Level::County)
            };
            self.own += 1;
            self.take_former_rank(spelling);
        }
    }

    /// 偃师市 where the table has 偃师区: places were of other rank before.
    fn take_former_rank(&mut self, spelling: &Spelling) {
        let Some(next) = self.tokens.get(self.own).filter(|_| self.own < self.at) else {
            return;
        };
        let is_rank = matches!(&self.text[next.start..next.end], "市" | "县" | "区" | "旗");
        if spelling.is_full || !is_rank {
            return;
        }
        if next.end - next.start == '县'.len_utf8()
            && self.text[next.start..].starts_with(['县', '区'])
            && let Some(region) = spelling.regions.first()
        {
            self.places.county = super::regions::short(region.full).to_owned();
            self.level = Some(Level::County);
        }
        self.own += 1;
    }

    /// Keeps only 市, 县 … directly before the ending, when one of those stands there.
    fn cut_to_deictic(&mut self, allowed: &str) -> bool {
        let Some(last) = self.own_tokens().last().copied() else {
            return false;
        };
        let word = &self.text[last.start..last.end];
        let Some(level) = deictic_level(word) else {
            return false;
        };
        if !word.chars().all(|char| allowed.contains(char)) {
            return false;
        }
        self.first = self.at - 1;
        self.own = self.first;
        self.level = Some(level);
        self.is_deictic = true;
        self.places = Whereabouts::default();
        true
    }

    /// Begins the name at the first word that says the office is one of the police.
    fn cut_to_police_word(&mut self) -> bool {
        const POLICE: [&str; 5] = ["勤务", "警务", "公安", "交警", "交管"];
        let rest = |at: usize| &self.text[self.tokens[at].start..];
        let begins = |at: &usize| POLICE.iter().any(|word| rest(*at).starts_with(word));
        let Some(first) = (self.own..self.at).find(begins) else {
            return false;
        };
        if first > self.own {
            self.first = first;
            self.own = first;
            self.places = Whereabouts::default();
        }
        true
    }

    /// A place the table of regions does not have: 云溪市 in 云溪市公安局.
    fn take_unknown_place(&mut self) -> bool {
        let own = self.own_text();
        let chars = own.chars().count();
        let level = match own.chars().next_back() {
            Some('市' | '州' | '盟') => Level::City,
            Some('县' | '区' | '旗') => Level::County,
            _ => return false,
        };
        let is_name = self.own_tokens().iter().all(|token| is_name_token(token));
        if !(3..=6).contains(&chars) || !is_name {
            return false;
        }
        let short = super::regions::short(own).to_owned();
        match level {
            Level::City => self.places.city = short,
            _ => self.places.county = short,
        }
        self.level = Some(level);
        true
    }

    /// The token with which the last of the places begins.
    fn last_place(&self) -> usize {
        let places = &self.tokens[self.first..self.own];
        let last = places.iter().rposition(|token| token.place().is_some());
        self.first + last.unwrap_or_default()
    }

    fn work_token(&self) -> Option<&'t Token> {
        self.own_tokens()
            .iter()
            .rev()
            .find(|token| token.work().is_some())
    }

    fn into_segment(self) -> Segment {
        // Where only places stand before the ending, the last of them is the name.
        let own = if self.own == self.at && self.has_place() {
            self.last_place()
        } else {
            self.own
        };
        Segment {
            start: self.tokens[self.first].start,
            own: self.tokens[own].start,
            name_end: self.tokens[self.at].start,
            end: self.tokens[self.at].end,
            ending: self.ending,
            level: self.level,
            is_deictic: self.is_deictic,
            work: self.work_token().and_then(Token::work),
            places: self.places,
        }
    }
}

/// What 市 means where no place stands before it.
fn deictic_level(word: &str) -> Option<Level> {
    match word {
        "省" | "自治区" => Some(Level::Province),
        "市" | "州" | "盟" => Some(Level::City),
        "县" | "区" | "旗" => Some(Level::County),
        _ => None,
    }
}

fn begins_like_a_street(rest: &str) -> bool {
    const STREETS: [&str; 24] = [
        "路", "街", "道", "门", "桥", "里", "村", "站", "湖", "山", "江", "河", "口", "港", "湾",
        "大道", "东路", "西路", "南路", "北路", "中路", "大街", "大桥", "广场",
    ];
    STREETS.iter().any(|street| rest.starts_with(street))
}

/// Words and characters that may stand in a name.
fn is_name_token(token: &Token) -> bool {
    match token.sort {
        Sort::Plain => true,
        Sort::Known(word) => word.bound.is_none() && !word.is_strange,
        _ => false,
    }
}

/// How far down a unit stands: what follows must stand lower.
fn rank(ending: &Ending) -> u8 {
    match ending.class {
        Class::Ministry => 0,
        Class::Department => 1,
        Class::Short | Class::Bureau | Class::Division | Class::Border => 2,
        Class::Branch => 3,
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
        && name.level == Some(Level::County);
    let is_traffic_of_ministry = parent.ending.class == Class::Ministry && below >= 4;
    // 江州铁路公安局云溪公安处
    let is_division = parent.ending.class == Class::Bureau && ending.class == Class::Division;
    above < below || is_lower_bureau || is_traffic_of_ministry || is_division
}

fn fits_department(name: &mut Name<'_>, _ending: &Ending) -> bool {
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
    let chars = name.own_chars();
    let is_clean = name.tokens[name.first..name.at].iter().all(is_name_token);
    is_clean && (2..=6).contains(&chars) && (chars <= 3 || name.has_place() || is_below)
}

fn fits_branch(name: &mut Name<'_>, is_below: bool) -> bool {
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
    let is_clean = name.tokens[name.first..name.at].iter().all(is_name_token);
    let chars_max = if is_below || name.has_place() { 12 } else { 5 };
    let is_place = own.ends_with('区');
    is_clean && (name.own_chars() <= chars_max || is_place)
}

/// Names that say what a station is, not which.
fn is_general(own: &str) -> bool {
    const GENERAL: [&str; 27] = [
        "公安",
        "边境",
        "边防",
        "农村",
        "社区",
        "街道",
        "乡镇",
        "铁路",
        "城市",
        "中心",
        "重点",
        "市",
        "县",
        "区",
        "镇",
        "乡",
        "市公安",
        "县公安",
        "区公安",
        "海岛",
        "沿海",
        "口岸",
        "城乡",
        "第一",
        "高铁",
        "行政",
        "线路",
    ];
    GENERAL.contains(&own)
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

fn fits_post(name: &Name<'_>, is_below: bool) -> bool {
    const GENERAL: [&str; 14] = [
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
    ];
    let own = name.own_text();
    let chars = own.chars().count();
    let is_general = GENERAL.contains(&own);
    !is_general
        && (if is_below {
            (0..=12).contains(&chars)
        } else {
            (2..=10).contains(&chars)
        })
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
        || ((2..=3).contains(&name.own_chars()) && name.own_tokens().iter().all(is_name_token))
}

enum Belief {
    Sure,
    /// Only where the page says more.
    Loose,
    No,
}

fn fits_force(name: &Name<'_>, candidate: &Candidate<'_>, is_below: bool) -> Belief {
    let own = name.own_text();
    let chars = name.own_chars();
    if chars == 0 || own == "副" || candidate.rest().starts_with('长') && !is_below {
        return Belief::No;
    }
    if is_below {
        let is_of_bureau = candidate
            .parent
            .is_some_and(|parent| parent.ending.class != Class::Short);
        let is_ours = is_of_bureau || !name.own_tokens().iter().any(Token::is_strange);
        return if chars <= 14 && is_ours {
            Belief::Sure
        } else {
            Belief::No
        };
    }
    let before = candidate.token_before();
    let mut words = name.own_tokens().iter().chain(before);
    // 林业交警支队 is one of the police for all that.
    let is_police = name
        .work_token()
        .is_some_and(|work| candidate.text[work.start..work.end].contains("交警"));
    if words.any(Token::is_strange) && !is_police {
        return Belief::No;
    }
    let Some(work) = name.work_token() else {
        return if (2..=7).contains(&chars) {
            Belief::Loose
        } else {
            Belief::No
        };
    };
    let rest_chars = chars.saturating_sub(candidate.text[work.start..work.end].chars().count());
    if rest_chars == 0 && !name.has_place() {
        return fits_bare_force(candidate);
    }
    if rest_chars <= 8 {
        Belief::Sure
    } else {
        Belief::No
    }
}

/// 刑侦大队, 交警中队: the one of the place, unless units in general are meant.
fn fits_bare_force(candidate: &Candidate<'_>) -> Belief {
    let is_any = candidate.token_before().is_some_and(|before| {
        before.ending().is_some()
            || before.bound() == Some(Bound::Any)
            || matches!(before.sort, Sort::Digits)
    });
    let is_any = is_any || is_founded(candidate);
    if is_any || candidate.ending.text == "中队" {
        return Belief::No;
    }
    Belief::Sure
}

/// 建立了巡警大队 says that places have got one.
fn is_founded(candidate: &Candidate<'_>) -> bool {
    const FOUNDING: [&str; 8] = [
        "建立", "成立", "组建", "设立", "设有", "增设", "新建", "配备",
    ];
    let before = &candidate.text[..candidate.tokens[candidate.first].start];
    let before = before.strip_suffix('了').unwrap_or(before);
    FOUNDING.iter().any(|word| before.ends_with(word))
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
fn fits_body(name: &Name<'_>, candidate: &Candidate<'_>) -> bool {
    const GENERAL: [&str; 17] = [
        "机关", "部门", "民警", "队伍", "系统", "干警", "战线", "辅警", "铁骑", "分局", "工作",
        "部", "厅", "局", "处", "执法", "人",
    ];
    if candidate.parent.is_some() || name.own != name.at || !name.has_place() {
        return false;
    }
    let goes_on = candidate
        .token_after()
        .is_some_and(|after| after.ending().is_some());
    let rest = candidate.rest();
    !goes_on && !GENERAL.iter().any(|word| rest.starts_with(word))
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
