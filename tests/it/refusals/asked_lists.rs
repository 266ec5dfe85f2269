//! What lists are asked: filters, orders, totals. `filters/cases.rs` has the language itself.

use bulletin::pb;
use tonic::Code::InvalidArgument;

use super::case::Case;
use crate::support::Call;

const LISTS: [&str; 3] = ["ListArticles", "ListStations", "ListStatistics"];

#[derive(Clone, Debug, Default)]
struct Asked {
    filter: String,
    order_by: String,
    total: i32,
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (filter, says) in [
        (
            "titel = x",
            "is invalid at column 1: unknown field \"titel\"",
        ),
        ("name = ", "is invalid at column 8"),
        ("name > x", "is invalid at column 1"),
        ("(name = x", "is invalid at column 1: the parenthesis"),
        ("name = x\0", "is invalid at column 9"),
    ] {
        let asked = Asked {
            filter: filter.to_owned(),
            ..Asked::default()
        };
        cases.extend(
            LISTS.map(|list| refused(list, asked.clone(), "FILTER_INVALID", "filter", says)),
        );
    }
    for order_by in [
        "headline",
        "name DESC",
        "name desc desc",
        "name, create_time",
        "revision",
        "name\0",
    ] {
        let asked = Asked {
            order_by: order_by.to_owned(),
            ..Asked::default()
        };
        let says = "must be one of name, ";
        cases.extend(
            LISTS.map(|list| refused(list, asked.clone(), "ORDER_INVALID", "order_by", says)),
        );
    }
    for total in [-1, 4, i32::MAX] {
        let asked = Asked {
            total,
            ..Asked::default()
        };
        cases.extend(LISTS.map(|list| refused(list, asked.clone(), "FIELD_INVALID", "total", "")));
    }
    cases
}

fn refused(
    list: &str,
    asked: Asked,
    reason: &'static str,
    field: &str,
    says: &'static str,
) -> Case {
    let name = format!("{list} {asked:?}");
    let Asked {
        filter,
        order_by,
        total,
    } = asked;
    match list {
        "ListArticles" => of(
            name,
            pb::ListArticlesRequest {
                filter,
                order_by,
                total,
                ..Default::default()
            },
            reason,
            field,
        ),
        "ListStations" => of(
            name,
            pb::ListStationsRequest {
                filter,
                order_by,
                total,
                ..Default::default()
            },
            reason,
            field,
        ),
        _ => of(
            name,
            pb::ListStatisticsRequest {
                parent: "articles/-".to_owned(),
                filter,
                order_by,
                total,
                ..Default::default()
            },
            reason,
            field,
        ),
    }
    .saying(says)
}

fn of(name: String, call: impl Call, reason: &'static str, field: &str) -> Case {
    Case::new(name, call, InvalidArgument, reason, &[field])
}
