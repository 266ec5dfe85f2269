//! Stations: ids, names, codes, aliases, and the tree.

use bulletin::pb::{self, Station};
use tonic::Code::InvalidArgument;

use super::case::Case;
use crate::support::mask;

/// A request that would create `stations/tried`, but for what `change` does to it.
pub fn create(change: impl FnOnce(&mut Station)) -> pb::CreateStationRequest {
    let mut station = Station {
        display_name: "试点派出所".to_owned(),
        kind: pb::station::Kind::PoliceStation.into(),
        parent: "stations/haishu-branch".to_owned(),
        ..Default::default()
    };
    change(&mut station);
    pb::CreateStationRequest {
        station_id: "tried".to_owned(),
        station: Some(station),
        validate_only: true,
    }
}

fn invalid(name: &str, fields: &[&str], change: impl FnOnce(&mut Station)) -> Case {
    Case::invalid(format!("station: {name}"), create(change), fields)
}

/// Moves a station of the seed page below another.
fn moved(name: &str, parent: &str) -> pb::UpdateStationRequest {
    pb::UpdateStationRequest {
        station: Some(Station {
            name: name.to_owned(),
            parent: parent.to_owned(),
            ..Default::default()
        }),
        update_mask: mask(&["parent"]),
        ..Default::default()
    }
}

pub fn cases() -> Vec<Case> {
    let code = |field: &str, set: fn(&mut Station, String), text: &str| {
        let text = text.to_owned();
        let field = format!("station.{field}");
        invalid(&format!("{field} {text:?}"), &[&field], move |station| {
            set(station, text)
        })
    };
    let region = |text| {
        code(
            "region_code",
            |station, text| station.region_code = text,
            text,
        )
    };
    let agency = |text| {
        code(
            "agency_code",
            |station, text| station.agency_code = text,
            text,
        )
    };
    let mut cases = vec![
        region("33021"),
        region("3302111"),
        region("33021a"),
        region("３３０２１１"),
        agency("33021100000"),
        agency("330211000000 "),
        invalid("no name", &["station.display_name"], |station| {
            station.display_name.clear()
        }),
        invalid("full name with a tab", &["station.full_name"], |station| {
            station.full_name = "宁波市\t公安局".to_owned();
        }),
        invalid("no kind", &["station.kind"], |station| station.kind = 0),
        invalid("unknown kind", &["station.kind"], |station| {
            station.kind = 16
        }),
        invalid("alias twice", &["station.aliases[1]"], |station| {
            station.aliases = vec!["市局".to_owned(), "市局".to_owned()];
        }),
        invalid("blank alias", &["station.aliases[0]"], |station| {
            station.aliases = vec![" ".to_owned()];
        }),
        invalid("101 aliases", &["station.aliases"], |station| {
            station.aliases = (0..101).map(|n| format!("第{n}所")).collect();
        }),
        invalid("end date", &["station.end_date"], |station| {
            station.end_date = Some(pb::Date {
                year: 2021,
                month: 2,
                day: 29,
            });
        }),
        invalid("inferred unknown", &["station.inferred[0]"], |station| {
            station.inferred = vec!["headline".to_owned()];
        }),
        invalid("parent is no station", &["station.parent"], |station| {
            station.parent = "articles/draft".to_owned();
        }),
        invalid("parent is itself", &["station.parent"], |station| {
            station.parent = "stations/tried".to_owned();
        }),
        invalid("merged into itself", &["station.merged_into"], |station| {
            station.merged_into = "stations/tried".to_owned();
        }),
        Case::new(
            "station: references that do not exist",
            create(|station| {
                station.parent = "stations/nowhere".to_owned();
                station.merged_into = "stations/nowhere".to_owned();
            }),
            InvalidArgument,
            "REFERENCE_MISSING",
            &["station.parent", "station.merged_into"],
        ),
        invalid(
            "several rules at once",
            &[
                "station.display_name",
                "station.kind",
                "station.region_code",
                "station.parent",
            ],
            |station| {
                *station = Station {
                    region_code: "x".to_owned(),
                    parent: "x".to_owned(),
                    ..Default::default()
                };
            },
        ),
    ];
    cases.extend(tree());
    cases
}

fn tree() -> Vec<Case> {
    let refused = |name: &str, parent: &str| {
        let request = moved(name, parent);
        Case::invalid(
            format!("station: {name} below {parent}"),
            request,
            &["station.parent"],
        )
    };
    let id = |id: &str| {
        let mut request = create(|_| {});
        request.station_id = id.to_owned();
        Case::invalid(format!("station id {id:?}"), request, &["station_id"])
    };
    let missing = pb::CreateStationRequest {
        station_id: "tried".to_owned(),
        ..Default::default()
    };
    vec![
        refused("stations/mps", "stations/mps"),
        refused("stations/mps", "stations/zhejiang-psd"),
        refused("stations/mps", "stations/haishu-jiangxia"),
        id(""),
        id("Zhenhai"),
        id("镇海"),
        Case::invalid("station: missing", missing, &["station"]),
    ]
}
