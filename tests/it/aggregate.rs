//! Sums of the real page: what may be added is, and the rest says why not.

use bulletin::pb::aggregate_statistics_request::{Function, GroupBy};
use bulletin::pb::aggregate_statistics_response::{Group, refusal::Reason};
use bulletin::pb::statistic::{Assertion, Qualifier};
use bulletin::pb::{self, AggregateStatisticsRequest};
use tonic::Code;

use crate::support::{Refusal, Service};
use crate::transfer::{of_article, of_source, of_station, of_statistic};

fn sum(filter: &str) -> AggregateStatisticsRequest {
    AggregateStatisticsRequest {
        parent: "articles/-".to_owned(),
        filter: filter.to_owned(),
        function: Function::Sum.into(),
        include_statistics: true,
        ..Default::default()
    }
}

async fn groups(service: &Service, request: AggregateStatisticsRequest) -> Vec<Group> {
    let answer = service.statistics().aggregate_statistics(request).await;
    answer.unwrap().into_inner().groups
}

fn value(group: &Group) -> &str {
    group.value.as_ref().map_or("", |value| &value.value)
}

fn bound(group: &Group) -> &str {
    group.bound.as_ref().map_or("", |bound| &bound.value)
}

#[tokio::test]
async fn the_handled_violations_add_up_with_their_bound() {
    let service = Service::seeded().await;
    let four = groups(&service, sum("subject:\"非机动车\"")).await;
    assert_eq!(four.len(), 1);
    assert_eq!(
        (value(&four[0]), four[0].unit.as_str(), bound(&four[0])),
        ("88112", "起", "100")
    );
    assert_eq!(
        (four[0].qualifier(), four[0].count),
        (Qualifier::Approximate, 4)
    );
    let names: Vec<_> = four[0]
        .statistics
        .iter()
        .filter_map(|name| name.rsplit('/').next())
        .collect();
    assert_eq!(names, ["t04", "t05", "t06", "t07"]);
    let seven = groups(&service, sum("place = \"市六区\"")).await;
    assert_eq!(
        (value(&seven[0]), seven[0].count, seven.len()),
        ("91081", 7, 1)
    );
    let motor = groups(&service, sum("subject = \"机动车\"")).await;
    assert_eq!(
        (value(&motor[0]), motor[0].qualifier()),
        ("2208", Qualifier::Exact)
    );
    assert_eq!(bound(&motor[0]), "", "nothing was multiplied out");
}

#[tokio::test]
async fn a_target_and_a_report_are_apart_and_what_has_no_sum_says_so() {
    let service = Service::seeded().await;
    let shares = groups(&service, sum("quantity.unit = \"%\"")).await;
    let assertions: Vec<_> = shares.iter().map(Group::assertion).collect();
    assert_eq!(assertions, [Assertion::Reported, Assertion::Target]);
    let honours = groups(&service, sum("quantity.unit = \"家\"")).await;
    for group in shares.iter().chain(&honours) {
        let refusal = group.refusal.as_ref().unwrap();
        assert_eq!(refusal.reason(), Reason::NotAdditive);
        assert_eq!(value(group), "");
        assert!(!refusal.statistics.is_empty());
    }
    assert_eq!(
        honours[0].count, 3,
        "4 and 4 and 16 stations may be the same"
    );
    let greatest = AggregateStatisticsRequest {
        function: Function::Max.into(),
        ..sum("quantity.unit = \"家\"")
    };
    assert_eq!(value(&groups(&service, greatest).await[0]), "16");
}

#[tokio::test]
async fn the_rate_comes_with_the_one_before_and_the_difference() {
    let service = Service::seeded().await;
    let rate = service
        .statistic("articles/paichusuo-work-conference/statistics/s05")
        .await;
    let change = rate.change.unwrap();
    let number = |decimal: Option<pb::Decimal>| decimal.unwrap().value;
    assert_eq!(number(rate.quantity.unwrap().value), "98.9");
    assert_eq!(
        (number(change.previous_value), number(change.delta)),
        ("97.5".into(), "1.4".into())
    );
    assert_eq!(
        (change.delta_unit.as_str(), change.delta_computed),
        ("百分点", true)
    );
}

#[tokio::test]
async fn groups_are_counted_whole_and_drafts_are_left_out() {
    let service = Service::seeded().await;
    let count = AggregateStatisticsRequest {
        function: Function::Count.into(),
        group_by: vec![GroupBy::Indicator.into(), GroupBy::Year.into()],
        ..sum("")
    };
    let counted = groups(&service, count.clone()).await;
    assert_eq!(counted.iter().map(|group| group.count).sum::<i64>(), 32);
    assert!(
        counted
            .iter()
            .any(|group| group.period == "2017" && group.indicator == "tieqi-riders")
    );
    assert!(
        counted
            .iter()
            .filter(|group| group.period == "UNDATED")
            .count()
            > 20
    );
    let article = service.create_article("draft", "查处3起。").await.unwrap();
    let statistic = crate::support::statistic("3起", "3", "起");
    service
        .create_statistic(&article.name, "s01", statistic)
        .await
        .unwrap();
    assert_eq!(
        groups(&service, count.clone()).await,
        counted,
        "a draft is no report"
    );
    service.publish(&article.name).await.unwrap();
    assert_eq!(
        groups(&service, count)
            .await
            .iter()
            .map(|group| group.count)
            .sum::<i64>(),
        33
    );
}

#[tokio::test]
async fn a_period_without_an_end_is_not_added_to_what_it_may_hold() {
    let service = Service::start().await;
    let month = |month| {
        Some(pb::Date {
            year: 2023,
            month,
            day: 0,
        })
    };
    let end_text = "截至目前".to_owned();
    let duration = "P2M".to_owned();
    let year_unknown = Some(pb::Date {
        month: 9,
        ..pb::Date::default()
    });
    let of = |start, end| pb::Period {
        start,
        end,
        ..pb::Period::default()
    };
    let since_august = of(month(8), None);
    let periods = [
        (since_august.clone(), false),
        (of(month(8), year_unknown), false),
        (
            pb::Period {
                end_text,
                ..since_august.clone()
            },
            false,
        ),
        (
            pb::Period {
                duration,
                ..since_august
            },
            false,
        ),
        (of(month(8), month(9)), false),
        (of(month(8), month(8)), true),
    ];
    for (at, (period, is_added)) in periods.into_iter().enumerate() {
        let text = "查处酒驾310起。查处酒驾100起。";
        let article = service.create_article(&format!("article-{at}"), text).await;
        let name = article.unwrap().name;
        let counted = |quote, value, period| pb::Statistic {
            place: format!("地{at}"),
            period: Some(period),
            ..crate::support::statistic(quote, value, "起")
        };
        let since = counted("查处酒驾310起", "310", period.clone());
        let september = counted("查处酒驾100起", "100", of(month(9), month(9)));
        for (id, statistic) in [("s01", since), ("s02", september)] {
            service
                .create_statistic(&name, id, statistic)
                .await
                .unwrap();
        }
        service.publish(&name).await.unwrap();
        let request = AggregateStatisticsRequest {
            parent: name,
            ..sum("")
        };
        let group = groups(&service, request).await.remove(0);
        let refusal = group.refusal.as_ref().map(|refusal| refusal.reason());
        let wanted = match is_added {
            true => ("410", None),
            false => ("", Some(Reason::PeriodsOverlap)),
        };
        assert_eq!((value(&group), refusal), wanted, "{period:?}");
    }
}

/// A hundred figures of 500 stations each, of an article with a long name: their names alone, by station, are
/// more than a message takes.
#[tokio::test]
async fn an_answer_names_few_in_a_refusal_and_is_refused_where_it_is_too_long() {
    let service = Service::start().await;
    let text = "查处酒驾3起。";
    let stations: Vec<_> = (0..500).map(|at| format!("stations/s{at:03}")).collect();
    let mut records: Vec<_> = stations
        .iter()
        .map(|name| {
            of_station(pb::Station {
                name: name.clone(),
                display_name: "城东所".to_owned(),
                kind: pb::station::Kind::PoliceStation.into(),
                state: pb::station::State::Active.into(),
                ..Default::default()
            })
        })
        .collect();
    let source = bulletin::page::Page::new(text).sha256().to_owned();
    let article = pb::Article {
        name: format!("articles/{}", "a".repeat(60)),
        headline: "酒驾".to_owned(),
        state: pb::article::State::Published.into(),
        source: Some(pb::Source {
            sha256: source,
            ..Default::default()
        }),
        ..Default::default()
    };
    let name = article.name.clone();
    records.extend([of_source(text), of_article(article)]);
    records.extend((0..100).map(|at| {
        of_statistic(pb::Statistic {
            name: format!("{name}/statistics/s{at:03}"),
            stations: stations.clone(),
            ..crate::support::statistic("查处酒驾3起", "3", "起")
        })
    }));
    service.load(records).await;

    let by_station = AggregateStatisticsRequest {
        group_by: vec![GroupBy::Station.into()],
        include_statistics: false,
        ..sum("")
    };
    let refused = groups(&service, by_station.clone()).await;
    assert_eq!(refused.len(), 500);
    for group in refused {
        let refusal = group.refusal.unwrap();
        assert_eq!(refusal.reason(), Reason::PeriodsOverlap);
        assert_eq!((group.count, refusal.statistics.len()), (100, 20));
        assert!(refusal.statistics[19].ends_with("/s019"));
    }
    let with_names = AggregateStatisticsRequest {
        include_statistics: true,
        ..by_station
    };
    let refusal = service.ask(with_names).await.unwrap_err();
    refusal.is(Code::ResourceExhausted, "MESSAGE_TOO_LARGE");
    assert!(refusal.message.contains("4128768"), "{refusal:?}");
}

#[tokio::test]
async fn what_cannot_be_computed_is_refused() {
    let service = Service::seeded().await;
    let bad = [
        (
            AggregateStatisticsRequest {
                function: 0,
                ..sum("")
            },
            "FIELD_INVALID",
            "function",
        ),
        (
            AggregateStatisticsRequest {
                function: 99,
                ..sum("")
            },
            "FIELD_INVALID",
            "function",
        ),
        (
            AggregateStatisticsRequest {
                group_by: vec![0],
                ..sum("")
            },
            "FIELD_INVALID",
            "group_by[0]",
        ),
        (
            AggregateStatisticsRequest {
                group_by: vec![1, 1],
                ..sum("")
            },
            "FIELD_INVALID",
            "group_by[1]",
        ),
        (
            AggregateStatisticsRequest {
                group_by: vec![5, 6],
                ..sum("")
            },
            "FIELD_INVALID",
            "group_by",
        ),
        (
            AggregateStatisticsRequest {
                parent: "x".into(),
                ..sum("")
            },
            "FIELD_INVALID",
            "parent",
        ),
        (sum("titel = 1"), "FILTER_INVALID", "filter"),
    ];
    for (request, reason, field) in bad {
        let refusal = Refusal::or(service.statistics().aggregate_statistics(request).await);
        let refusal = refusal.unwrap_err();
        assert_eq!(refusal.is(Code::InvalidArgument, reason).fields(), [field]);
    }
    let missing = AggregateStatisticsRequest {
        parent: "articles/none".into(),
        ..sum("")
    };
    let refusal =
        Refusal::or(service.statistics().aggregate_statistics(missing).await).unwrap_err();
    refusal.is(Code::NotFound, "RECORD_MISSING");
}
