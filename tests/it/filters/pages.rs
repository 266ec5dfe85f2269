//! Orders and totals: pages of any size are the whole list, in its order.

use bulletin::pb::total::Mode;
use tonic::Code;

use super::Of::{self, Articles, Stations, Statistics};
use super::{Asked, list};
use crate::support::Service;
use crate::support::edits::delete_station;

const ORDERS: [(Of, &[&str], &str); 3] = [
    (
        Articles,
        &[
            "name",
            "create_time",
            "update_time",
            "publication.publish_date",
        ],
        "headline:宁波",
    ),
    (
        Stations,
        &["name", "display_name", "create_time", "update_time"],
        "kind != POLICE_STATION",
    ),
    (
        Statistics,
        &[
            "name",
            "create_time",
            "update_time",
            "quantity.value",
            "period.start",
        ],
        "assertion = REPORTED",
    ),
];

async fn whole(service: &Service, of: Of, asked: &Asked) -> Vec<String> {
    let asked = Asked {
        page_size: 1_000,
        ..asked.clone()
    };
    list(service, of, &asked).await.unwrap().names
}

async fn check(service: &Service, of: Of, path: &str, filter: &str, show_deleted: bool) {
    let asked = |direction: &str| Asked {
        filter: filter.to_owned(),
        order_by: format!("{path}{direction}"),
        show_deleted,
        ..Asked::default()
    };
    let rising = whole(service, of, &asked(" asc")).await;
    let mut falling = whole(service, of, &asked(" desc")).await;
    falling.reverse();
    assert_eq!(rising, falling, "{of:?} {path} {filter}");
    for direction in ["", " desc"] {
        let all = whole(service, of, &asked(direction)).await;
        for page_size in [1, 7] {
            let mut asked = Asked {
                page_size,
                total: Mode::Exact,
                ..asked(direction)
            };
            let mut paged = Vec::new();
            loop {
                let page = list(service, of, &asked).await.unwrap();
                assert!(page.names.len() <= usize::try_from(page_size).unwrap());
                let total = page.total.unwrap().size;
                assert_eq!(usize::try_from(total).unwrap(), all.len());
                paged.extend(page.names);
                if page.next.is_empty() {
                    break;
                }
                asked.page_token = page.next;
            }
            assert_eq!(paged, all, "{of:?} {asked:?}");
        }
    }
}

#[tokio::test]
async fn pages_of_every_order_are_the_whole_list() {
    let service = Service::seeded().await;
    let deleted = "stations/duty-extra";
    service.create_station("duty-extra").await.unwrap();
    delete_station(&service, deleted).await.unwrap();
    for (of, paths, filter) in ORDERS {
        for path in paths {
            for filter in ["", filter] {
                check(&service, of, path, filter, false).await;
            }
            check(&service, of, path, "", true).await;
        }
    }
    for (show_deleted, count) in [(false, 18), (true, 19)] {
        let asked = Asked {
            show_deleted,
            ..Asked::default()
        };
        let names = whole(&service, Stations, &asked).await;
        assert_eq!(names.len(), count);
        assert_eq!(names.iter().any(|name| name == deleted), show_deleted);
    }
}

#[tokio::test]
async fn equal_keys_are_in_the_order_of_names_and_unknown_ones_least() {
    let service = Service::seeded().await;
    let ordered = async |order_by: &str| {
        let asked = Asked {
            order_by: order_by.to_owned(),
            ..Asked::default()
        };
        whole(&service, Statistics, &asked).await
    };
    // One revision made all of them.
    assert_eq!(ordered("create_time desc").await, ordered("name").await);
    assert_eq!(ordered("create_time").await, ordered("name desc").await);
    let newest = ordered("period.start desc").await;
    assert!(
        newest[0].ends_with("/t10"),
        "the one with a year: {newest:?}"
    );
    assert!(newest[1..].is_sorted(), "{newest:?}");
    let greatest = ordered("quantity.value desc").await;
    assert!(greatest[0].ends_with("/t05"), "{greatest:?}");
}

#[tokio::test]
async fn a_page_token_is_of_one_filter_order_and_deletion() {
    let service = Service::seeded().await;
    let asked = Asked {
        page_size: 1,
        ..Asked::default()
    };
    let first = list(&service, Stations, &asked).await.unwrap();
    assert_eq!(first.total, None);
    let estimated = Asked {
        total: Mode::Estimate,
        ..asked.clone()
    };
    let estimated = list(&service, Stations, &estimated).await.unwrap();
    assert!(estimated.total.is_some());
    let same = Asked {
        page_token: first.next,
        order_by: "name asc".to_owned(),
        ..asked
    };
    list(&service, Stations, &same).await.unwrap();
    let others = [
        Asked {
            filter: "kind:*".to_owned(),
            ..same.clone()
        },
        Asked {
            order_by: "name desc".to_owned(),
            ..same.clone()
        },
        Asked {
            order_by: "display_name".to_owned(),
            ..same.clone()
        },
        Asked {
            show_deleted: true,
            ..same.clone()
        },
    ];
    for other in others {
        let refusal = list(&service, Stations, &other).await.unwrap_err();
        refusal.is(Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    }
}
