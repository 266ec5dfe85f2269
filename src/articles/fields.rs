//! What filters and orders of articles may name.

use crate::filter::check::{Kind, Schema, field, with_order};
use crate::filter::order::{Key, Order};

const STATES: &[&str] = &["DRAFT", "PUBLISHED", "RETRACTED"];
const COMPLETENESS: &[&str] = &["COMPLETE", "PARTIAL"];
const ROLES: &[&str] = &[
    "REPORTER",
    "CORRESPONDENT",
    "PHOTOGRAPHER",
    "EDITOR",
    "AUTHOR",
    "INTERN",
];
const LEVELS: &[&str] = &["NATIONAL", "PROVINCIAL", "MUNICIPAL", "COUNTY", "UNIT"];
const HONOUR_STATES: &[&str] = &["AWARDED", "ASPIRATION"];

pub const SCHEMA: Schema = Schema {
    fields: &[
        field("name", Kind::Text, "name"),
        field("create_time", Kind::Time, "create_time"),
        field("update_time", Kind::Time, "update_time"),
        field("inferred", Kind::Texts, "inferred"),
        field("headline", Kind::Text, "headline"),
        field("kicker", Kind::Text, "kicker"),
        field("deck", Kind::Text, "deck"),
        field("language_code", Kind::Text, "language_code"),
        field("state", Kind::Enum(STATES), "state"),
        field("publication.newspaper", Kind::Text, "newspaper"),
        field("publication.edition", Kind::Text, "edition"),
        with_order(
            field("publication.publish_date", Kind::Date, "publish_date"),
            "publish_order",
        ),
        field("publication.page", Kind::Text, "page"),
        field("publication.section", Kind::Text, "section"),
        field("bylines.display_name", Kind::Texts, "byline_names"),
        field("bylines.role", Kind::Enums(ROLES), "byline_roles"),
        field("completeness", Kind::Enum(COMPLETENESS), "completeness"),
        field(
            "source.sha256",
            Kind::Text,
            // Null where there is no page: statements join by it.
            "coalesce(source_sha256, '')",
        ),
        field("people.display_name", Kind::Texts, "people"),
        field("people.offices.station", Kind::Texts, "office_stations"),
        field("honours.title", Kind::Texts, "honour_titles"),
        field("honours.level", Kind::Enums(LEVELS), "honour_levels"),
        field("honours.state", Kind::Enums(HONOUR_STATES), "honour_states"),
        field("honours.recipients", Kind::Texts, "honour_recipients"),
        field("events.display_name", Kind::Texts, "event_names"),
        field("works.title", Kind::Texts, "work_titles"),
        field("mentions.station", Kind::Texts, "mention_stations"),
        field("mentions.surface", Kind::Texts, "mention_surfaces"),
    ],
    bare: &["headline", "kicker", "deck"],
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
        path: "publication.publish_date",
        keys: &[Key::Date("publish_order"), Key::Time("create_time")],
    },
];
