//! What filters and orders of stations may name.

use crate::filter::check::{Kind, Schema, field};
use crate::filter::order::{Key, Order};

const KINDS: &[&str] = &[
    "MINISTRY",
    "PROVINCIAL_DEPARTMENT",
    "MUNICIPAL_BUREAU",
    "BRANCH_BUREAU",
    "COUNTY_BUREAU",
    "POLICE_STATION",
    "POLICE_POST",
    "TRAFFIC_BUREAU",
    "CORPS",
    "DETACHMENT",
    "BRIGADE",
    "SQUADRON",
    "PATROL_TEAM",
    "OFFICE",
    "OTHER",
];
const STATES: &[&str] = &["PROPOSED", "ACTIVE"];

pub const SCHEMA: Schema = Schema {
    fields: &[
        field("name", Kind::Text, "name"),
        field("create_time", Kind::Time, "create_time"),
        field("update_time", Kind::Time, "update_time"),
        field("inferred", Kind::Texts, "inferred"),
        field("display_name", Kind::Text, "display_name"),
        field("full_name", Kind::Text, "full_name"),
        field("parent", Kind::Text, "parent"),
        field("aliases", Kind::Texts, "aliases"),
        field("kind", Kind::Enum(KINDS), "kind"),
        field("region_code", Kind::Text, "region_code"),
        field("agency_code", Kind::Text, "agency_code"),
        field("merged_into", Kind::Text, "merged_into"),
        field("end_date", Kind::Date, "end_date"),
        field("state", Kind::Enum(STATES), "state"),
    ],
    bare: &["display_name", "full_name", "aliases"],
};

pub const ORDERS: &[Order] = &[
    Order {
        path: "name",
        keys: &[],
    },
    Order {
        path: "display_name",
        keys: &[Key::Text("display_name")],
    },
    Order {
        path: "create_time",
        keys: &[Key::Time("create_time")],
    },
    Order {
        path: "update_time",
        keys: &[Key::Time("update_time")],
    },
];
