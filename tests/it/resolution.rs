//! Names as printed, resolved to stations.

use bulletin::pb::resolve_stations_response::{Resolution, candidate::Evidence};
use bulletin::pb::{self, ResolveStationsRequest};
use tonic::Code;

use crate::support::{Refusal, Service};

const TRAFFIC: &str = "articles/traffic-police-tieqi-grid-reform";

fn texts(texts: &[&str]) -> ResolveStationsRequest {
    ResolveStationsRequest {
        texts: texts.iter().map(ToString::to_string).collect(),
        ..Default::default()
    }
}

async fn resolve(service: &Service, request: ResolveStationsRequest) -> Vec<Resolution> {
    let answer = service.stations().resolve_stations(request).await;
    answer.unwrap().into_inner().resolutions
}

fn best(resolution: &Resolution) -> &str {
    let best = resolution
        .candidates
        .first()
        .and_then(|best| best.station.as_ref());
    best.map_or("", |station| station.name.as_str())
}

#[tokio::test]
async fn every_way_the_page_writes_a_unit_finds_it() {
    let service = Service::seeded().await;
    let asked = [
        (
            "市交警局",
            "stations/ningbo-traffic-police-bureau",
            Evidence::Alias,
        ),
        (
            "招宝山所",
            "stations/zhenhai-zhaobaoshan",
            Evidence::DisplayName,
        ),
        ("宁波市公安局", "stations/ningbo-psb", Evidence::FullName),
        (
            "市公安局镇海分局招宝山派出所",
            "stations/zhenhai-zhaobaoshan",
            Evidence::Suffix,
        ),
        ("城西派出所", "", Evidence::Unspecified),
    ];
    let names: Vec<&str> = asked.iter().map(|(text, ..)| *text).collect();
    let resolutions = resolve(&service, texts(&names)).await;
    assert_eq!(resolutions.len(), asked.len());
    for ((text, station, evidence), resolution) in asked.into_iter().zip(&resolutions) {
        assert_eq!(
            (resolution.text.as_str(), best(resolution)),
            (text, station)
        );
        assert!(!resolution.ambiguous, "{text}");
        if let Some(found) = resolution.candidates.first() {
            assert_eq!(found.evidence().next(), Some(evidence), "{text}");
            assert!(found.score > 0.0 && found.score <= 1.0);
        }
    }
    let mentions = service.article(TRAFFIC).await.mentions;
    assert!(mentions.len() > 5);
    let surfaces: Vec<&str> = mentions
        .iter()
        .map(|mention| mention.surface.as_str())
        .collect();
    let request = ResolveStationsRequest {
        article: TRAFFIC.to_owned(),
        ..texts(&surfaces)
    };
    for (mention, resolution) in mentions.iter().zip(resolve(&service, request).await) {
        assert_eq!(best(&resolution), mention.station, "{}", mention.surface);
    }
}

#[tokio::test]
async fn a_word_that_points_back_needs_something_to_point_at() {
    let service = Service::seeded().await;
    let alone = resolve(&service, texts(&["该中队"])).await;
    assert!(alone[0].candidates.is_empty());
    let context = "鄞州交警大队东部新城中队铁骑是最早开始实施的一支队伍。".to_owned();
    let request = ResolveStationsRequest {
        context,
        ..texts(&["该中队"])
    };
    let pointed = resolve(&service, request).await;
    assert_eq!(
        best(&pointed[0]),
        "stations/yinzhou-dongbu-xincheng-squadron"
    );
    assert_eq!(
        pointed[0].candidates[0].evidence().next(),
        Some(Evidence::Context)
    );
}

#[tokio::test]
async fn what_fits_two_stations_stays_ambiguous_until_something_decides() {
    let service = Service::seeded().await;
    let station = pb::Station {
        display_name: "大桥派出所".to_owned(),
        parent: "stations/cixi-city-bureau".to_owned(),
        kind: pb::station::Kind::PoliceStation.into(),
        ..Default::default()
    };
    let request = pb::CreateStationRequest {
        station_id: "cixi-daqiao".to_owned(),
        station: Some(station),
        validate_only: false,
    };
    service.stations().create_station(request).await.unwrap();
    let both = &resolve(&service, texts(&["大桥派出所"])).await[0];
    assert!(both.ambiguous);
    assert_eq!(both.candidates.len(), 2);
    let one = ResolveStationsRequest {
        candidate_count_max: 1,
        ..texts(&["大桥派出所"])
    };
    let one = &resolve(&service, one).await[0];
    assert_eq!((one.candidates.len(), one.ambiguous), (1, true));
    for (context, expected) in [
        ("奉化分局", "stations/fenghua-daqiao"),
        ("慈溪市公安局", "stations/cixi-daqiao"),
    ] {
        let chain = &resolve(&service, texts(&[&format!("{context}大桥派出所")])).await[0];
        assert_eq!((best(chain), chain.ambiguous), (expected, false));
        let around = ResolveStationsRequest {
            context: context.to_owned(),
            ..texts(&["大桥派出所"])
        };
        let near = &resolve(&service, around).await[0];
        assert_eq!((best(near), near.ambiguous), (expected, false));
    }
}

#[tokio::test]
async fn a_similar_name_finds_its_station_after_what_fits_as_written() {
    let service = Service::seeded().await;
    let expected = [
        ("招寶山派出所", "stations/zhenhai-zhaobaoshan"),
        ("招保山派出所", "stations/zhenhai-zhaobaoshan"),
        ("招保山所", "stations/zhenhai-zhaobaoshan"),
        ("东部城新中队", "stations/yinzhou-dongbu-xincheng-squadron"),
        // One of two characters makes another place.
        ("大楼派出所", ""),
        ("招宝山中队", ""),
    ];
    let names: Vec<&str> = expected.iter().map(|(text, _)| *text).collect();
    let mut scores = Vec::new();
    for ((text, station), resolution) in expected.iter().zip(resolve(&service, texts(&names)).await)
    {
        assert_eq!(best(&resolution), *station, "{text}");
        if let Some(found) = resolution.candidates.first() {
            assert_eq!(found.evidence().next(), Some(Evidence::Similar), "{text}");
            scores.push(found.score);
        }
    }
    assert!(scores[0] > scores[1]);
    let written = &resolve(&service, texts(&["招宝山派出所"])).await[0].candidates[0];
    assert!(written.score > scores[0]);
}

#[tokio::test]
async fn what_cannot_be_resolved_is_refused() {
    let service = Service::seeded().await;
    let many = vec!["所"; 101];
    let long = "所".repeat(201);
    let bad = [
        (texts(&[]), "texts"),
        (texts(&[""]), "texts[0]"),
        (texts(&[&long]), "texts[0]"),
        (texts(&many), "texts"),
        (
            ResolveStationsRequest {
                candidate_count_max: 51,
                ..texts(&["所"])
            },
            "candidate_count_max",
        ),
        (
            ResolveStationsRequest {
                article: "x".into(),
                ..texts(&["所"])
            },
            "article",
        ),
        (
            ResolveStationsRequest {
                context: "所".repeat(10_001),
                ..texts(&["所"])
            },
            "context",
        ),
    ];
    for (request, field) in bad {
        let refusal = Refusal::or(service.stations().resolve_stations(request).await).unwrap_err();
        assert_eq!(
            refusal.is(Code::InvalidArgument, "FIELD_INVALID").fields(),
            [field]
        );
    }
    let missing = ResolveStationsRequest {
        article: "articles/none".into(),
        ..texts(&["所"])
    };
    let refusal = Refusal::or(service.stations().resolve_stations(missing).await).unwrap_err();
    refusal.is(Code::NotFound, "RECORD_MISSING");
}

/// No handler counts these bytes: what is found to be too long as it is encoded has the documented error too.
#[tokio::test]
async fn an_answer_longer_than_a_message_says_so() {
    let service = Service::start().await;
    let aliases = (0..100).map(|at| format!("{}{at:03}", "长".repeat(197)));
    let station = pb::Station {
        display_name: "城东派出所".to_owned(),
        kind: pb::station::Kind::PoliceStation.into(),
        aliases: aliases.collect(),
        ..Default::default()
    };
    let create = pb::CreateStationRequest {
        station_id: "east".to_owned(),
        station: Some(station),
        validate_only: false,
    };
    service.ask(create).await.unwrap();
    let few = texts(&["城东派出所"; 10]);
    assert_eq!(resolve(&service, few).await.len(), 10);
    let many = texts(&["城东派出所"; 100]);
    let refusal = service.ask(many).await.unwrap_err();
    refusal.is(Code::ResourceExhausted, "MESSAGE_TOO_LARGE");
    assert!(refusal.message.starts_with("the answer of "), "{refusal:?}");
}
