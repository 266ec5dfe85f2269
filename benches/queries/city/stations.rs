//! Stations: branches first, everything else below one of them.

use bulletin::pb::Station;
use bulletin::pb::station::Kind;

use super::words::SYLLABLES;
use super::{City, Stream, pair, station_name};

const BRANCHES: usize = 200;

pub fn station(city: &City, index: usize) -> Station {
    let mut draw = city.draw(Stream::Station, index);
    let (kind, suffix) = kind_of(index);
    let display_name = format!("{}{suffix}", place_of(index));
    let parent = match index {
        ..BRANCHES => String::new(),
        _ => station_name(draw.rank(BRANCHES)),
    };
    let merged_into = match index >= BRANCHES && draw.below(500) == 0 {
        true => station_name(draw.below(BRANCHES)),
        false => String::new(),
    };
    Station {
        name: station_name(index),
        full_name: format!("宁波市公安局{display_name}"),
        aliases: match draw.chance(30) {
            true => vec![format!("{}所", place_of(index))],
            false => Vec::new(),
        },
        region_code: match draw.chance(75) {
            true => format!("33{:04}", draw.rank(900)),
            false => String::new(),
        },
        display_name,
        parent,
        merged_into,
        kind: kind.into(),
        ..Station::default()
    }
}

pub fn display_name(index: usize) -> String {
    format!("{}{}", place_of(index), kind_of(index).1)
}

fn kind_of(index: usize) -> (Kind, &'static str) {
    match index {
        ..BRANCHES => (Kind::BranchBureau, "分局"),
        _ if index % 1_000 == 5 => (Kind::TrafficBureau, "交警局"),
        _ if index % 10 == 1 => (Kind::Squadron, "中队"),
        _ if index % 10 == 2 => (Kind::PolicePost, "警务室"),
        _ => (Kind::PoliceStation, "派出所"),
    }
}

fn place_of(index: usize) -> String {
    let more = SYLLABLES[index / (SYLLABLES.len() * SYLLABLES.len()) % SYLLABLES.len()];
    match index / (SYLLABLES.len() * SYLLABLES.len()) {
        0 => pair(index),
        _ => format!("{}{more}", pair(index)),
    }
}
