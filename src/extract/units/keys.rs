//! What makes two printed names the same unit's.

use super::chains::Segment;
use super::page::Sought;
use super::regions::{Level, SPELLINGS, Whereabouts, short};
use super::words::{Class, writings};

/// What is compared as one: the police of a place is its bureau, its traffic police the traffic bureau.
pub fn group(segment: &Segment) -> (Class, &'static str) {
    let is_province = segment.level == Some(Level::Province);
    match segment.ending.class {
        Class::Body => match segment.ending.slug {
            "traffic" => (Class::Traffic, "交警局"),
            "railway" => (Class::Division, "铁路公安处"),
            _ if is_province => (Class::Department, "公安厅"),
            _ => (Class::Bureau, "公安局"),
        },
        Class::Short if is_province => (Class::Department, "公安厅"),
        Class::Short => (Class::Bureau, "公安局"),
        Class::Traffic => (Class::Traffic, "交警局"),
        Class::Branch => (Class::Branch, "分局"),
        Class::Station => (Class::Station, "派出所"),
        Class::Department => (Class::Department, "公安厅"),
        class => (class, segment.ending.text),
    }
}

/// What tells a unit from others of its class.
pub fn key(segment: &Segment, class: Class, own: &str, places: &Whereabouts) -> String {
    let place = || match segment.level {
        Some(Level::County) => places.county.clone(),
        Some(Level::Province) => places.province.clone(),
        _ => places.city.clone(),
    };
    let is_of_place = segment.is_deictic || segment.has_place();
    match class {
        Class::Ministry => String::new(),
        Class::Department => places.province.clone(),
        Class::Bureau | Class::Division if is_of_place => place(),
        Class::Traffic if is_of_place || is_traffic(own) => {
            if segment.level.is_none() && !places.county.is_empty() {
                return places.county.clone();
            }
            place()
        }
        Class::Branch | Class::Bureau => short(without_police(own)).to_owned(),
        Class::Station | Class::Post => station_key(own),
        Class::Force => force_key(segment, own),
        _ => own.to_owned(),
    }
}

fn is_traffic(own: &str) -> bool {
    matches!(own, "" | "公安")
}

fn without_police(own: &str) -> &str {
    let rest = own.strip_suffix("公安");
    rest.filter(|rest| !rest.is_empty()).unwrap_or(own)
}

/// 段店镇派出所 is 段店派出所, 玉泉边境派出所 is 玉泉派出所.
fn station_key(own: &str) -> String {
    const PARTS: [&str; 6] = ["公安", "边境", "边防", "街道", "镇", "乡"];
    let mut key = own;
    for part in PARTS {
        let rest = key.strip_suffix(part);
        key = rest.filter(|rest| rest.chars().count() >= 2).unwrap_or(key);
    }
    key.to_owned()
}

/// 交通警察支队 is 交警支队.
fn force_key(segment: &Segment, own: &str) -> String {
    let own = if segment.is_deictic {
        own.trim_start_matches(['省', '市', '州', '盟', '县', '区', '旗'])
    } else {
        own
    };
    let mut key = own.to_owned();
    if let Some(work) = segment.work
        && let Some(written) = writings(work).find(|word| own.contains(word))
    {
        key = own.replacen(written, work.usual, 1);
    }
    key.strip_prefix("公安").map(str::to_owned).unwrap_or(key)
}

impl Sought<'_> {
    /// The keys of units that it may be.
    pub fn keys(&self) -> Vec<(Class, &'static str, String)> {
        let mut keys = vec![(self.class, self.ending, self.key.clone())];
        let is_of_county = self.level == Some(Level::County);
        let mut also = |class, ending, key: &str| keys.push((class, ending, key.to_owned()));
        match (self.segment.ending.class, self.class) {
            (_, Class::Station | Class::Branch) => {
                for rest in behind_place(&self.key) {
                    also(self.class, self.ending, rest);
                }
            }
            (Class::Body, Class::Bureau) if is_of_county => also(Class::Branch, "分局", &self.key),
            (Class::Body, Class::Traffic) if is_of_county => also(Class::Force, "大队", "交警"),
            (Class::Body, Class::Traffic) => {
                also(Class::Force, "支队", "交警");
                also(Class::Force, "总队", "交警");
            }
            _ => {}
        }
        // 市公安局 of an article whose city is not known.
        if matches!(
            self.class,
            Class::Bureau | Class::Traffic | Class::Department
        ) {
            also(self.class, self.ending, "");
        }
        keys
    }
}

/// 招宝山 of 镇海招宝山: the name may begin with the place of the unit above.
fn behind_place(key: &str) -> impl Iterator<Item = &str> {
    let places = key.char_indices().skip(2).take(3);
    let places = places.filter(|(at, _)| SPELLINGS.contains_key(&key[..*at]));
    let rests = places.map(|(at, _)| &key[at..]);
    rests.filter(|rest| rest.chars().count() >= 2)
}
