//! Messages that are well framed and mean nothing: every text no text, every enum no value, fields nobody
//! knows, nested and repeated without end.

use bulletin::pb::record::Record as AnyRecord;
use bulletin::pb::{self, Article, POOL, Station, Statistic};
use bulletin::seed;
use prost::Message;
use prost::bytes::Buf as _;
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, Value};
use tonic::Code::{InvalidArgument, ResourceExhausted};

use super::frames::message;
use super::http::{Answer, GRPC, post};
use super::{are_answered, beside, ended, memory_kib, program};
use crate::support::Service;
use crate::support::seeds::{PAGE_TEXT, TRAFFIC};

const CREATE_ARTICLE: &str = "/bulletin.v1.ArticleService/CreateArticle";

/// Most bytes of a refusal's headers that any client takes.
const HEADER_BYTES_MAX: usize = 8 * 1024;

/// Less than a list of millions comes to, by far.
const MEMORY_KIB_MAX: u64 = 128 * 1024;

async fn call(service: &Service, path: &str, bytes: &[u8]) -> Answer {
    ended(post(service, path, GRPC, message(bytes))).await
}

fn is_small(answer: &Answer) {
    let headers = answer.headers.iter();
    let length: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    assert!(length <= HEADER_BYTES_MAX, "{length} bytes of headers");
}

/// Every method of the API, by path, and what it takes.
fn methods() -> Vec<(String, MessageDescriptor)> {
    let services = POOL.services();
    let ours = services.filter(|service| service.full_name().starts_with("bulletin.v1."));
    let methods = ours.flat_map(|service| {
        let methods: Vec<_> = service.methods().collect();
        methods.into_iter().map(move |method| {
            let path = format!("/{}/{}", service.full_name(), method.name());
            (path, method.input())
        })
    });
    methods.collect()
}

/// The paths of all text fields of a message, as numbers and as names.
fn texts(message: &MessageDescriptor, above: &[MessageDescriptor]) -> Vec<Vec<(u32, String)>> {
    let mut found = Vec::new();
    for field in message.fields() {
        let here = (field.number(), field.name().to_owned());
        match field.kind() {
            Kind::String => found.push(vec![here]),
            Kind::Message(inner) if !above.contains(&inner) => {
                let above = [above, std::slice::from_ref(message)].concat();
                for path in texts(&inner, &above) {
                    found.push([vec![here.clone()], path].concat());
                }
            }
            _ => {}
        }
    }
    found
}

#[tokio::test]
async fn a_text_that_is_no_utf8_is_refused_by_the_name_of_its_field() {
    let service = Service::seeded().await;
    let calls = async {
        let mut count = 0;
        for (method, input) in methods() {
            for path in texts(&input, &[]) {
                let bytes = path.iter().rev().fold(vec![0xff], |inner, (number, _)| {
                    let mut outer = Vec::new();
                    encode_key(*number, WireType::LengthDelimited, &mut outer);
                    encode_varint(inner.len() as u64, &mut outer);
                    outer.extend(inner);
                    outer
                });
                let names: Vec<&str> = path.iter().map(|(_, name)| name.as_str()).collect();
                let refusal = call(&service, &method, &bytes).await.refusal();
                refusal.is(InvalidArgument, "FIELD_INVALID");
                // Which of two texts it was that exclude each other is not known.
                let fields = refusal.fields()[0].split(" or ");
                let field = names.join(".");
                assert!(
                    fields.into_iter().any(|named| named == field),
                    "{field}: {refusal:?}"
                );
                assert!(
                    refusal.message.contains("must be valid UTF-8"),
                    "{refusal:?}"
                );
                count += 1;
            }
        }
        count
    };
    let count = beside(&service, calls).await;
    assert!(count > 300, "{count} texts");
}

fn seeds() -> (Article, Station, Statistic) {
    let (mut article, mut station, mut statistic) = (None, None, None);
    for record in seed::parse(seed::PAGE).unwrap() {
        match record.record {
            Some(AnyRecord::Article(given)) if given.name != TRAFFIC => article = Some(given),
            Some(AnyRecord::Station(given)) => station = Some(given),
            Some(AnyRecord::Statistic(given)) if given.parent_statistic.is_empty() => {
                statistic = Some(given);
            }
            _ => {}
        }
    }
    (article.unwrap(), station.unwrap(), statistic.unwrap())
}

fn create_article() -> pb::CreateArticleRequest {
    let (mut article, ..) = seeds();
    PAGE_TEXT.clone_into(&mut article.source_text);
    pb::CreateArticleRequest {
        article_id: "another".to_owned(),
        article: Some(article),
        validate_only: true,
    }
}

/// Requests that are right, with as many enums as there are.
fn right() -> Vec<(&'static str, DynamicMessage)> {
    fn of<M: Message>(name: &str, message: &M) -> DynamicMessage {
        let descriptor = POOL.get_message_by_name(&format!("bulletin.v1.{name}"));
        DynamicMessage::decode(descriptor.unwrap(), &message.encode_to_vec()[..]).unwrap()
    }
    let (_, station, statistic) = seeds();
    let article = statistic
        .name
        .split("/statistics/")
        .next()
        .unwrap()
        .to_owned();
    let station = pb::CreateStationRequest {
        station_id: "another".to_owned(),
        station: Some(station),
        validate_only: true,
    };
    let statistic = pb::CreateStatisticRequest {
        parent: article,
        statistic_id: "another".to_owned(),
        statistic: Some(statistic),
        validate_only: true,
        ..Default::default()
    };
    let list = pb::ListArticlesRequest {
        view: pb::View::Full.into(),
        total: pb::total::Mode::Exact.into(),
        ..Default::default()
    };
    let aggregate = pb::AggregateStatisticsRequest {
        parent: "articles/-".to_owned(),
        function: pb::aggregate_statistics_request::Function::Sum.into(),
        group_by: vec![pb::aggregate_statistics_request::GroupBy::Metric.into(); 1],
        ..Default::default()
    };
    let watch = pb::WatchChangesRequest {
        kinds: vec![pb::record::Kind::Article.into()],
        ..Default::default()
    };
    let export = pb::ExportRecordsRequest {
        kinds: vec![pb::record::Kind::Article.into()],
        ..Default::default()
    };
    let import = pb::ImportRecordsRequest {
        mode: pb::import_records_request::Mode::Upsert.into(),
        ..Default::default()
    };
    vec![
        (
            CREATE_ARTICLE,
            of("CreateArticleRequest", &create_article()),
        ),
        (
            "/bulletin.v1.StationService/CreateStation",
            of("CreateStationRequest", &station),
        ),
        (
            "/bulletin.v1.StatisticService/CreateStatistic",
            of("CreateStatisticRequest", &statistic),
        ),
        (
            "/bulletin.v1.ArticleService/ListArticles",
            of("ListArticlesRequest", &list),
        ),
        (
            "/bulletin.v1.StatisticService/AggregateStatistics",
            of("AggregateStatisticsRequest", &aggregate),
        ),
        (
            "/bulletin.v1.ChangeService/WatchChanges",
            of("WatchChangesRequest", &watch),
        ),
        (
            "/bulletin.v1.TransferService/ExportRecords",
            of("ExportRecordsRequest", &export),
        ),
        (
            "/bulletin.v1.TransferService/ImportRecords",
            of("ImportRecordsRequest", &import),
        ),
    ]
}

/// What the service sets, whatever is sent.
const IGNORED: [&str; 4] = [
    "bulletin.v1.Article.State",
    "bulletin.v1.Station.State",
    "bulletin.v1.Span.State",
    "bulletin.v1.Correction.Type",
];

/// The same message once for each of its enums, with a number there that is no value.
fn without_meaning(message: &DynamicMessage) -> Vec<(String, DynamicMessage)> {
    let mut found = Vec::new();
    for (field, value) in message.fields() {
        let is_enum = match field.kind() {
            Kind::Enum(kind) => !IGNORED.contains(&kind.full_name()),
            _ => false,
        };
        let changed = |value: &Value| match value {
            Value::EnumNumber(_) if is_enum => vec![(String::new(), Value::EnumNumber(999))],
            Value::Message(inner) => {
                let inner = without_meaning(inner).into_iter();
                inner
                    .map(|(path, inner)| (format!(".{path}"), Value::Message(inner)))
                    .collect()
            }
            _ => Vec::new(),
        };
        let name = field.name();
        let values = match value {
            Value::List(items) => {
                let items = items.iter().enumerate();
                items
                    .flat_map(|(place, item)| {
                        let changed = changed(item).into_iter();
                        changed.map(move |(path, item)| (place, path, item))
                    })
                    .map(|(place, path, item)| {
                        let mut list = value.as_list().unwrap().to_vec();
                        list[place] = item;
                        (format!("{name}[{place}]{path}"), Value::List(list))
                    })
                    .collect::<Vec<_>>()
            }
            one => {
                let changed = changed(one).into_iter();
                changed
                    .map(|(path, one)| (format!("{name}{path}"), one))
                    .collect()
            }
        };
        for (path, value) in values {
            let mut other = message.clone();
            other.set_field(&field, value);
            found.push((path, other));
        }
    }
    found
}

#[tokio::test]
async fn an_enum_that_is_no_value_is_refused_by_the_name_of_its_field() {
    let service = Service::seeded().await;
    let calls = async {
        let mut count = 0;
        for (path, right) in right() {
            for (field, wrong) in without_meaning(&right) {
                let refusal = call(&service, path, &wrong.encode_to_vec()).await.refusal();
                refusal.is(InvalidArgument, "FIELD_INVALID");
                assert!(
                    refusal.fields().contains(&field.as_str()),
                    "{field}: {refusal:?}"
                );
                count += 1;
            }
        }
        count
    };
    let count = beside(&service, calls).await;
    assert!(count > 30, "{count} enums");
}

/// The message with fields of every wire type in it, at every level, that nobody knows.
fn with_unknown(message: &MessageDescriptor, mut bytes: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    while bytes.has_remaining() {
        let (number, wire_type) = decode_key(&mut bytes).unwrap();
        encode_key(number, wire_type, &mut written);
        if wire_type != WireType::LengthDelimited {
            encode_varint(decode_varint(&mut bytes).unwrap(), &mut written);
            continue;
        }
        let length = usize::try_from(decode_varint(&mut bytes).unwrap()).unwrap();
        let (value, rest) = bytes.split_at(length);
        bytes = rest;
        let value = match message.get_field(number).unwrap().kind() {
            Kind::Message(inner) => with_unknown(&inner, value),
            _ => value.to_vec(),
        };
        encode_varint(value.len() as u64, &mut written);
        written.extend(value);
    }
    for (place, wire_type) in [
        WireType::Varint,
        WireType::SixtyFourBit,
        WireType::LengthDelimited,
        WireType::StartGroup,
        WireType::ThirtyTwoBit,
    ]
    .into_iter()
    .enumerate()
    {
        let number = 15_000 + u32::try_from(place).unwrap();
        encode_key(number, wire_type, &mut written);
        match wire_type {
            WireType::Varint => written.push(7),
            WireType::SixtyFourBit => written.extend([7; 8]),
            WireType::LengthDelimited => written.extend([2, 0xff, 0xff]),
            WireType::ThirtyTwoBit => written.extend([7; 4]),
            _ => encode_key(number, WireType::EndGroup, &mut written),
        }
    }
    written
}

#[tokio::test]
async fn fields_that_nobody_knows_change_nothing() {
    let service = Service::seeded().await;
    let request = create_article();
    let descriptor = POOL
        .get_message_by_name("bulletin.v1.CreateArticleRequest")
        .unwrap();
    let known = request.encode_to_vec();
    let unknown = with_unknown(&descriptor, &known);
    assert!(unknown.len() > known.len() + 1_000);
    let created = async |bytes: &[u8]| {
        let answer = call(&service, CREATE_ARTICLE, bytes).await;
        Article::decode(&answer.is_ok().body[5..]).unwrap()
    };
    let created = [created(&known).await, created(&unknown).await];
    assert_eq!(created[0].etag, created[1].etag);
    assert_eq!(created[0].encoded_len(), created[1].encoded_len());
}

#[tokio::test]
async fn what_is_nested_without_end_is_refused() {
    let service = Service::seeded().await;
    let groups = |depth: usize| {
        let number = 15_000;
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        encode_key(number, WireType::StartGroup, &mut starts);
        encode_key(number, WireType::EndGroup, &mut ends);
        [starts.repeat(depth), ends.repeat(depth)].concat()
    };
    let name = pb::GetStationRequest {
        name: super::STATION.to_owned(),
        consistency: None,
    };
    let path = "/bulletin.v1.StationService/GetStation";
    let fits = [name.encode_to_vec(), groups(50)].concat();
    call(&service, path, &fits).await.is_ok();
    for depth in [101, 1_000, 600_000] {
        let deep = [name.encode_to_vec(), groups(depth)].concat();
        let refused = beside(&service, call(&service, path, &deep)).await;
        refused.refusal().is(InvalidArgument, "FIELD_INVALID");
        // What only begins is as deep.
        let refused = call(&service, path, &deep[..deep.len() / 2]).await;
        refused.refusal().is(InvalidArgument, "FIELD_INVALID");
    }
}

/// What a method takes, with as many items in one of its lists as a message has room for.
fn many_in(method: &str, list: &str, item: &[u8]) -> (String, Vec<u8>) {
    const BYTES: usize = 4 * 1024 * 1024 - 1024;
    let methods = methods().into_iter();
    let (path, mut at) = methods
        .into_iter()
        .find(|(path, _)| path.ends_with(method))
        .unwrap();
    let mut numbers = Vec::new();
    let mut is_packed = false;
    for name in list.split('.') {
        let field = at.get_field_by_name(name).unwrap();
        numbers.push(field.number());
        is_packed = field.is_packed();
        if let Kind::Message(inner) = field.kind() {
            at = inner;
        }
    }
    let wrapped = |number: u32, inner: Vec<u8>| {
        let mut outer = Vec::new();
        encode_key(number, WireType::LengthDelimited, &mut outer);
        encode_varint(inner.len() as u64, &mut outer);
        outer.extend(inner);
        outer
    };
    let number = numbers.pop().unwrap();
    let many = |one: Vec<u8>| one.repeat(BYTES / one.len());
    let items = match is_packed {
        true => wrapped(number, many(item.to_vec())),
        false => many(wrapped(number, item.to_vec())),
    };
    let numbers = numbers.into_iter().rev();
    (
        path,
        numbers.fold(items, |inner, number| wrapped(number, inner)),
    )
}

/// Empty messages are two bytes each, and would be gigabytes if they were taken apart.
#[tokio::test]
async fn a_list_of_millions_is_refused_before_it_is_taken_apart() {
    let (program, service) = program(&[]).await;
    are_answered(&service).await;
    let before = memory_kib(program.process_id(), "VmHWM");
    for (method, list) in [
        ("ImportRecords", "records"),
        ("ImportRecords", "records.article.people"),
        ("CreateArticle", "article.people"),
        ("CreateArticle", "article.people.offices"),
        ("CreateArticle", "article.honours"),
        ("CreateArticle", "article.paragraphs"),
        ("CreateArticle", "article.mentions"),
    ] {
        let (path, bytes) = many_in(method, list, b"");
        let answer = call(&service, &path, &bytes).await;
        answer.refusal().is(ResourceExhausted, "MESSAGE_TOO_LARGE");
    }
    // Texts are heavier than their bytes too, and most are refused for what they are.
    for (method, list) in [
        ("ImportRecords", "records.statistic.stations"),
        ("CreateArticle", "article.honours.recipients"),
        ("CreateArticle", "article.inferred"),
        ("UpdateArticle", "update_mask.paths"),
        ("BatchGetArticles", "names"),
        ("CreateStation", "station.aliases"),
        ("ResolveStations", "texts"),
    ] {
        let (path, bytes) = many_in(method, list, b"x");
        let answer = call(&service, &path, &bytes).await;
        is_small(&answer);
        let code = answer.refusal().code;
        assert!(
            [InvalidArgument, ResourceExhausted].contains(&code),
            "{list}"
        );
    }
    are_answered(&service).await;
    let more = memory_kib(program.process_id(), "VmHWM").saturating_sub(before);
    assert!(more < MEMORY_KIB_MAX, "{more} KiB more");
}

#[tokio::test]
async fn a_list_of_enums_that_is_far_too_long_is_refused_in_few_words() {
    let service = Service::seeded().await;
    for (method, list, item) in [
        ("CreateArticle", "article.people.roles", &[1]),
        ("AggregateStatistics", "group_by", &[1]),
        ("WatchChanges", "kinds", &[9]),
        ("ExportRecords", "kinds", &[9]),
    ] {
        let (path, bytes) = many_in(method, list, item);
        let answer = beside(&service, call(&service, &path, &bytes)).await;
        is_small(&answer);
        answer.refusal().is(InvalidArgument, "FIELD_INVALID");
    }
}

/// Quotes that do not stand in a long page are looked for until enough is wrong.
#[tokio::test]
async fn an_article_of_quotes_that_stand_nowhere_is_refused_in_few_words() {
    let service = Service::seeded().await;
    let span = pb::Span {
        quote: "所在".repeat(50) + "某",
        ..Default::default()
    };
    let mention = pb::Mention {
        surface: "所".to_owned(),
        station: "stations/ab".to_owned(),
        span: Some(span),
    };
    let request = pb::CreateArticleRequest {
        article_id: "long".to_owned(),
        article: Some(Article {
            headline: "长".to_owned(),
            source_text: "所在".repeat(30_000),
            mentions: vec![mention; 2_000],
            ..Default::default()
        }),
        validate_only: true,
    };
    let bytes = request.encode_to_vec();
    let answer = beside(&service, call(&service, CREATE_ARTICLE, &bytes)).await;
    is_small(&answer);
    answer.refusal().is(InvalidArgument, "SPAN_MISMATCH");
}
