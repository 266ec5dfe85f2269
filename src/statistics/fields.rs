//! What filters and orders of statistics may name.

use crate::filter::check::{Kind, Schema, field, with_order, with_years};
use crate::filter::order::{Key, Order};
use crate::filter::years::Yearly;

const STATES: &[&str] = &["DRAFT", "PUBLISHED", "RETRACTED"];
const QUALIFIERS: &[&str] = &[
    "EXACT",
    "APPROXIMATE",
    "AT_LEAST",
    "AT_MOST",
    "MORE_THAN",
    "LESS_THAN",
    "RANGE",
    "ORDINAL",
];
const APPROXIMATIONS: &[&str] = &["BELOW", "ABOVE"];
const ASSERTIONS: &[&str] = &["REPORTED", "TARGET", "PLAN", "STRUCTURE"];
const TARGET_KINDS: &[&str] = &["QUOTA", "CRITERION", "REQUIREMENT", "ASPIRATION"];
const DIRECTIONS: &[&str] = &["UP", "DOWN", "FLAT"];

pub const SCHEMA: Schema = Schema {
    fields: &[
        field("name", Kind::Text, "name"),
        field("create_time", Kind::Time, "create_time"),
        field("update_time", Kind::Time, "update_time"),
        field("inferred", Kind::Texts, "inferred"),
        field("state", Kind::Enum(STATES), "state"),
        field("metric", Kind::Text, "metric"),
        field("indicator", Kind::Text, "indicator"),
        field("categories", Kind::Texts, "categories"),
        field("items", Kind::Texts, "items"),
        field("quantity.value", Kind::Number, "value"),
        field("quantity.value_max", Kind::Number, "value_max"),
        field("quantity.as_written", Kind::Text, "as_written"),
        field("quantity.unit", Kind::Text, "unit"),
        field("quantity.unit_text", Kind::Text, "unit_text"),
        field("quantity.per", Kind::Texts, "per"),
        field(
            "quantity.significant_digits",
            Kind::Number,
            "significant_digits",
        ),
        field("qualifier", Kind::Enum(QUALIFIERS), "qualifier"),
        field("qualifier_text", Kind::Text, "qualifier_text"),
        field("approximation", Kind::Enum(APPROXIMATIONS), "approximation"),
        field("hedge", Kind::Text, "hedge"),
        field("assertion", Kind::Enum(ASSERTIONS), "assertion"),
        field("target_kind", Kind::Enum(TARGET_KINDS), "target_kind"),
        field("trend_text", Kind::Text, "trend_text"),
        field("change.previous_value", Kind::Number, "previous_value"),
        field("change.delta", Kind::Number, "delta"),
        field("change.delta_unit", Kind::Text, "delta_unit"),
        field(
            "change.direction",
            Kind::Enum(DIRECTIONS),
            "change_direction",
        ),
        field("change.basis", Kind::Text, "change_basis"),
        field("period.text", Kind::Text, "period_text"),
        with_order(field("period.start", Kind::Date, "start"), "start_order"),
        field("period.end", Kind::Date, "end"),
        field("period.duration", Kind::Text, "duration"),
        field("period.recurrence", Kind::Text, "recurrence"),
        field("period.approximate", Kind::Bool, "is_approximate"),
        field("place", Kind::Text, "place"),
        field("subject", Kind::Text, "subject"),
        with_years(
            field("stations", Kind::Texts, "stations"),
            Yearly {
                date: "period.start",
                column: "station_years",
            },
        ),
        field("speaker", Kind::Text, "speaker"),
        field("honour", Kind::Text, "honour"),
        field("parent_statistic", Kind::Text, "parent_statistic"),
    ],
    bare: &["metric", "subject", "place"],
};

pub const ORDERS: &[Order] = &[
    Order {
        path: "name",
        keys: &[],
    },
    Order {
        path: "create_time",
        keys: &[Key::Time("create_time")],
    },
    Order {
        path: "update_time",
        keys: &[Key::Time("update_time")],
    },
    Order {
        path: "quantity.value",
        keys: &[Key::Number("value")],
    },
    Order {
        path: "period.start",
        keys: &[Key::Date("start_order")],
    },
];
