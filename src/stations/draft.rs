//! The proof that a station may be written.

use crate::dates::check_date;
use crate::error::{Result, Violation};
use crate::mask::check_inferred;
use crate::names::StationName;
use crate::pb::{self, station};
use crate::record::clear_header;
use crate::rules::Check;
use crate::stations::station_references;

pub const DISPLAY_NAME_LENGTH_MAX: usize = 200;
pub const FULL_NAME_LENGTH_MAX: usize = 400;
pub const ALIASES_MAX: usize = 100;
const REGION_CODE_DIGITS: usize = 6;
const AGENCY_CODE_DIGITS: usize = 12;

/// A station that keeps every rule. Header and state are cleared: the service alone sets them.
#[derive(Clone, Debug)]
pub struct StationDraft {
    station: pb::Station,
}

impl StationDraft {
    /// `field` is the path of the station in the request.
    pub fn prove(field: &str, mut station: pb::Station) -> Result<Self> {
        let mut check = Check::default();
        clear_header(&mut station);
        station.state = 0;
        let at = |name: &str| format!("{field}.{name}");
        check_inferred::<pb::Station>(&mut check, field, &station.inferred);
        check.required_line(
            &at("display_name"),
            &station.display_name,
            DISPLAY_NAME_LENGTH_MAX,
        );
        check.line(&at("full_name"), &station.full_name, FULL_NAME_LENGTH_MAX);
        check.lines(
            &at("aliases"),
            &station.aliases,
            ALIASES_MAX,
            DISPLAY_NAME_LENGTH_MAX,
        );
        check.distinct(&at("aliases"), station.aliases.iter().map(String::as_str));
        check.required_enum::<station::Kind>(&at("kind"), station.kind);
        check_code(
            &mut check,
            &at("region_code"),
            &station.region_code,
            REGION_CODE_DIGITS,
        );
        check_code(
            &mut check,
            &at("agency_code"),
            &station.agency_code,
            AGENCY_CODE_DIGITS,
        );
        if let Some(date) = &station.end_date {
            check.take(check_date(&at("end_date"), date));
        }
        for (path, name) in station_references(&station) {
            let path = at(&path);
            if check.take(StationName::parse(&path, name)).is_some() && name == station.name {
                check.refuse(
                    &path,
                    format!("must be another station, got {name:?} itself"),
                );
            }
        }
        check.finish()?;
        Ok(Self { station })
    }

    pub fn into_station(self) -> pb::Station {
        self.station
    }
}

fn check_code(check: &mut Check, field: &str, code: &str, digits: usize) {
    let fits = code.len() == digits && code.bytes().all(|b| b.is_ascii_digit());
    if !code.is_empty() && !fits {
        let got = Violation::shown(code);
        check.refuse(field, format!("must have {digits} digits, got {got}"));
    }
}
