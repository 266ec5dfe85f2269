//! The places of the mainland: their names as printed, and which lies in which.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::extract::table::rows;

/// How high a place stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Province,
    City,
    County,
}

/// A place, by its short names from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub level: Level,
    pub province: &'static str,
    /// Empty for a province, and for counties that their province governs itself.
    pub city: &'static str,
    /// Empty unless the level is `County`.
    pub county: &'static str,
    /// As GB/T 2260 has it, such as 镇海区.
    pub full: &'static str,
}

/// A way to write places: the full name or a short one, and all places written so.
#[derive(Clone, Debug, Default)]
pub struct Spelling {
    pub regions: Vec<&'static Region>,
    /// Whether the word says what the place is: 镇海区, not 镇海.
    pub is_full: bool,
}

/// Every way to write a place.
pub static SPELLINGS: LazyLock<HashMap<String, Spelling>> = LazyLock::new(|| {
    let mut spellings: HashMap<String, Spelling> = HashMap::new();
    for region in REGIONS.iter() {
        for (spelling, is_full) in spellings_of(region) {
            let known = spellings.entry(spelling).or_default();
            known.is_full = is_full;
            if !known.regions.contains(&region) {
                known.regions.push(region);
            }
        }
    }
    // 吉林 is a province and a city, 朝阳 a city and districts: the higher stands first.
    for known in spellings.values_mut() {
        known.regions.sort_by_key(|region| region.level);
    }
    spellings
});

static REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
    let mut regions = Vec::new();
    let mut province_before = "";
    for [province, city, counties] in rows::<3>(include_str!("../rules/regions.tsv")) {
        let region = |level, county, full| Region {
            level,
            province: short(province),
            city: short(city),
            county,
            full,
        };
        // 北京 and its like are cities that no province stands above.
        if province != province_before && province != city {
            let whole = region(Level::Province, "", province);
            regions.push(Region { city: "", ..whole });
        }
        if !city.is_empty() {
            regions.push(region(Level::City, "", city));
        }
        province_before = province;
        let counties = counties.split_ascii_whitespace();
        regions.extend(counties.map(|full| region(Level::County, short(full), full)));
    }
    regions
});

/// Districts whose short name is a common word.
static NOT_SHORT: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let rows = rows::<1>(include_str!("../rules/regions-not-short.tsv"));
    rows.map(|[word]| word).collect()
});

/// What follows the short name of a place, longest first; autonomous places name their peoples before it.
const ENDINGS: [&str; 16] = [
    "维吾尔自治区",
    "特别行政区",
    "回族自治区",
    "壮族自治区",
    "自治区",
    "自治州",
    "自治县",
    "自治旗",
    "地区",
    "新区",
    "林区",
    "省",
    "市",
    "县",
    "区",
    "旗",
];

/// Peoples in the names of autonomous places, and the short forms in which they stand there.
const PEOPLES: [&str; 42] = [
    "克孜勒苏柯尔克孜",
    "哈萨克",
    "蒙古族",
    "蒙古",
    "回族",
    "藏族",
    "维吾尔",
    "苗族",
    "彝族",
    "壮族",
    "布依族",
    "朝鲜族",
    "满族",
    "侗族",
    "瑶族",
    "白族",
    "土家族",
    "哈尼族",
    "傣族",
    "黎族",
    "傈僳族",
    "佤族",
    "畲族",
    "拉祜族",
    "水族",
    "东乡族",
    "纳西族",
    "景颇族",
    "土族",
    "达斡尔族",
    "仫佬族",
    "羌族",
    "布朗族",
    "撒拉族",
    "毛南族",
    "仡佬族",
    "锡伯",
    "普米族",
    "怒族",
    "独龙族",
    "保安族",
    "裕固族",
];

/// The name without what it is, when two characters remain: 镇海区 is 镇海, 清新区 清新, 蔚县 stays.
pub fn short(full: &str) -> &str {
    let mut cut = ENDINGS
        .iter()
        .filter_map(|ending| full.strip_suffix(ending));
    let cut = cut.find(|rest| rest.chars().count() >= 2);
    let Some(mut rest) = cut.or_else(|| full.strip_suffix('盟')) else {
        return full;
    };
    if full.ends_with("自治州") || full.ends_with("自治县") || full.ends_with("自治旗") {
        rest = without_peoples(rest);
    }
    if rest.chars().count() < 2 { full } else { rest }
}

fn without_peoples(mut name: &str) -> &str {
    while let Some(rest) = PEOPLES.iter().find_map(|people| name.strip_suffix(people)) {
        // 鄂温克 and 积石山 remain even where a people's name is all there is.
        if rest.is_empty() {
            break;
        }
        name = rest;
    }
    name
}

fn spellings_of(region: &'static Region) -> Vec<(String, bool)> {
    let full = region.full;
    let short = short(full);
    let mut spellings = vec![(full.to_owned(), true)];
    if full.ends_with("自治州") {
        spellings.push((format!("{short}州"), true));
    }
    if full.ends_with("自治县") {
        spellings.push((format!("{short}县"), true));
    }
    let is_common = region.level == Level::County && NOT_SHORT.contains(short);
    if short != full && !is_common {
        spellings.push((short.to_owned(), false));
    }
    spellings
}

/// Where a unit stands, as far as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    pub province: String,
    pub city: String,
    pub county: String,
}

impl Whereabouts {
    /// Adds a place named below those known: of the places written so, the one that lies in them.
    pub fn enter(&mut self, spelling: &Spelling) {
        let fits = |region: &&&Region| {
            (self.province.is_empty() || self.province == region.province)
                && (self.city.is_empty() || self.city == region.city)
        };
        let mut fitting = spelling.regions.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(region), second) => {
                let is_sure = second.is_none() || region.level < Level::County;
                if is_sure || !self.city.is_empty() {
                    self.province = region.province.to_owned();
                    self.city = region.city.to_owned();
                }
                self.county = region.county.to_owned();
            }
            (None, _) => {
                if let Some(region) = spelling.regions.first() {
                    *self = Self {
                        province: region.province.to_owned(),
                        city: region.city.to_owned(),
                        county: region.county.to_owned(),
                    };
                }
            }
        }
    }

    /// Whether both may be the same place, or one lie in the other.
    pub fn agrees(&self, other: &Self) -> bool {
        let same = |one: &str, other: &str| one.is_empty() || other.is_empty() || one == other;
        same(&self.province, &other.province)
            && same(&self.city, &other.city)
            && same(&self.county, &other.county)
    }

    /// Fills in what the other knows.
    pub fn learn(&mut self, other: &Self) {
        let fill = |mine: &mut String, theirs: &str| {
            if mine.is_empty() {
                *mine = theirs.to_owned();
            }
        };
        fill(&mut self.province, &other.province);
        fill(&mut self.city, &other.city);
        fill(&mut self.county, &other.county);
    }
}

/// The place of a short name at a level: 宁波 as a city.
pub fn find(short: &str, level: Level) -> Option<&'static Region> {
    let regions = &SPELLINGS.get(short)?.regions;
    regions.iter().find(|region| region.level == level).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_keep_two_characters() {
        let check = |full: &str, expected: &str| assert_eq!(short(full), expected);
        check("宁波市", "宁波");
        check("蔚县", "蔚县");
        check("浦东新区", "浦东");
        check("清新区", "清新");
        check("恩施土家族苗族自治州", "恩施");
        check("新疆维吾尔自治区", "新疆");
        check("内蒙古自治区", "内蒙古");
        check("锡林郭勒盟", "锡林郭勒");
        check("神农架林区", "神农架");
        check("景宁畲族自治县", "景宁");
    }

    #[test]
    fn a_place_is_known_by_its_short_and_full_name() {
        let region = |name: &str| SPELLINGS[name].regions[0];
        assert_eq!(region("镇海").city, "宁波");
        assert_eq!(region("镇海区").city, "宁波");
        assert_eq!(region("湘西州").level, Level::City);
        assert!(!SPELLINGS.contains_key("公安"));
        let city = find("宁波", Level::City).expect("the table has it");
        assert_eq!((city.full, city.province), ("宁波市", "浙江"));
        assert!(find("北京", Level::Province).is_none());
    }

    #[test]
    fn a_district_is_that_of_the_city_before_it() {
        let mut place = Whereabouts::default();
        place.enter(&SPELLINGS["沈阳"]);
        place.enter(&SPELLINGS["和平区"]);
        assert_eq!(
            (place.city.as_str(), place.county.as_str()),
            ("沈阳", "和平")
        );
        let mut unsure = Whereabouts::default();
        unsure.enter(&SPELLINGS["和平区"]);
        assert_eq!((unsure.city.as_str(), unsure.county.as_str()), ("", "和平"));
    }
}
