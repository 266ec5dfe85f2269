//! What is true of the bytes of any request: they are refused as the API documents it, or are a message
//! whose parts are read, bounded and proven as the handlers do before they ask the database; what is
//! accepted is the same when it is sent again.

use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::Instant;

use bulletin::articles::draft::ArticleDraft;
use bulletin::articles::search::query::Query;
use bulletin::changes::view::View;
use bulletin::corrections::{check_correction_reason, check_reason};
use bulletin::edge::request::{
    Asked, PAGE_SIZE_MAX, asked, etag, freshness, named, names, page_size, required, total_mode,
    view,
};
use bulletin::error::{Error, Result};
use bulletin::filter::check::{Schema, check};
use bulletin::filter::order::{self, Order};
use bulletin::mask::Mask;
use bulletin::names::{ArticleName, StationName, StatisticName, StatisticParent};
use bulletin::page::Page;
use bulletin::paging::PageTokens;
use bulletin::pb::record::Record as AnyRecord;
use bulletin::pb::{self, Article, Consistency, POOL, Station, Statistic};
use bulletin::record::Record;
use bulletin::rules::Check;
use bulletin::sight::Sight;
use bulletin::stations::draft::StationDraft;
use bulletin::stations::resolve::{pointed_kind, sought, sought_near};
use bulletin::statistics::draft::StatisticDraft;
use bulletin::transfer::chunk::{Chunk, Mode};
use bulletin::transfer::proof::Prover;
use bulletin::watch::filter::Filter;
use bulletin::{articles, seed, stations, statistics};
use prost::Message;
use prost_reflect::DynamicMessage;

use super::refused::{is_told, is_told_of_bytes};

type Hold = fn(&[u8]);

/// Messages by the letter that comes before their bytes.
const REQUESTS: [(u8, Hold); 17] = [
    (b'a', |bytes| of(bytes, create_article)),
    (b'b', |bytes| of(bytes, update_article)),
    (b'c', |bytes| of(bytes, create_station)),
    (b'd', |bytes| of(bytes, update_station)),
    (b'e', |bytes| of(bytes, create_statistic)),
    (b'f', |bytes| of(bytes, update_statistic)),
    (b'g', |bytes| of(bytes, import)),
    (b'h', |bytes| of(bytes, list_articles)),
    (b'i', |bytes| of(bytes, list_stations)),
    (b'j', |bytes| of(bytes, list_statistics)),
    (b'k', |bytes| of(bytes, search)),
    (b'l', |bytes| of(bytes, aggregate)),
    (b'm', |bytes| of(bytes, watch)),
    (b'n', |bytes| of(bytes, get)),
    (b'o', |bytes| of(bytes, batch_get)),
    (b'p', |bytes| of(bytes, resolve)),
    (b'q', |bytes| of(bytes, retract)),
];

/// Panics when the bytes break a property.
pub fn hold(bytes: &[u8]) {
    let Some((letter, bytes)) = bytes.split_first() else {
        return;
    };
    let request = REQUESTS.iter().find(|(known, _)| known == letter);
    if let Some((_, hold)) = request {
        hold(bytes);
    }
}

/// A request, in protobuf or, so that its texts are easily changed, in JSON.
trait Asking: Message + Default + Clone + PartialEq + Debug {
    const MESSAGE: &'static str;
}

macro_rules! asking {
    ($($message:ident)*) => {
        $(impl Asking for pb::$message {
            const MESSAGE: &'static str = concat!("bulletin.v1.", stringify!($message));
        })*
    };
}

asking! {
    CreateArticleRequest UpdateArticleRequest CreateStationRequest UpdateStationRequest
    CreateStatisticRequest UpdateStatisticRequest ImportRecordsRequest ListArticlesRequest
    ListStationsRequest ListStatisticsRequest SearchArticlesRequest AggregateStatisticsRequest
    WatchChangesRequest GetArticleRequest BatchGetStatisticsRequest ResolveStationsRequest
    RetractArticleRequest
}

fn of<R: Asking>(bytes: &[u8], handle: fn(R) -> Result<()>) {
    let request = match bytes.first() {
        Some(b'{') => match from_json(bytes) {
            Some(request) => request,
            None => return,
        },
        _ => match R::decode(bytes) {
            Ok(request) => request,
            Err(error) => return is_told_of_bytes(&error),
        },
    };
    let encoded = request.encode_to_vec();
    assert_eq!(R::decode(&encoded[..]).as_ref(), Ok(&request));
    if let Err(error) = handle(request) {
        is_told(error);
    }
}

fn from_json<R: Asking>(bytes: &[u8]) -> Option<R> {
    let descriptor = POOL.get_message_by_name(R::MESSAGE).unwrap();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let message = DynamicMessage::deserialize(descriptor, &mut json).ok()?;
    message.transcode_to().ok()
}

/// The records of the seed page, to be changed.
struct Kept {
    article: Article,
    page: Page,
    station: Station,
    statistic: Statistic,
}

static KEPT: LazyLock<Kept> = LazyLock::new(|| {
    let mut page = None;
    let (mut articles, mut stations, mut statistics) = (Vec::new(), Vec::new(), Vec::new());
    for record in seed::parse(seed::PAGE).unwrap() {
        match record.record {
            Some(AnyRecord::Source(source)) => page = Some(Page::new(&source.text)),
            Some(AnyRecord::Article(article)) => articles.push(article),
            Some(AnyRecord::Station(station)) => stations.push(station),
            Some(AnyRecord::Statistic(statistic)) => statistics.push(statistic),
            None => {}
        }
    }
    let page = page.unwrap();
    let article = articles.swap_remove(0);
    let name = article.name.clone();
    let article = ArticleDraft::prove("article", article, Some(&page), None);
    let article = Article {
        name: name.clone(),
        ..article.unwrap().into_article()
    };
    let of_article = |statistic: &Statistic| statistic.name.starts_with(&name);
    let statistic = statistics.into_iter().find(of_article).unwrap();
    let statistic = StatisticDraft::prove("statistic", statistic, &article, Some(&page), None);
    Kept {
        statistic: statistic.unwrap().into_statistic(),
        station: stations.swap_remove(0),
        article,
        page,
    }
});

fn create_article(request: pb::CreateArticleRequest) -> Result<()> {
    let article = required("article", request.article)?;
    let page = page(&article)?;
    let name = named(
        ArticleName::from_id("article_id", &request.article_id),
        || ArticleDraft::prove("article", article.clone(), page.as_ref(), None).map(drop),
    )?;
    let article = Article {
        name: name.as_str().to_owned(),
        ..article
    };
    article_is_proven(article, page.as_ref())
}

fn page(article: &Article) -> Result<Option<Page>> {
    if article.source_text.is_empty() {
        return Ok(None);
    }
    let mut check = Check::default();
    check.source_text("article.source_text", &article.source_text);
    check.finish()?;
    Ok(Some(Page::new(&article.source_text)))
}

fn article_is_proven(article: Article, page: Option<&Page>) -> Result<()> {
    let prove = |article| ArticleDraft::prove("article", article, page, None);
    let proven = prove(article)?.into_article();
    is_kept(&proven);
    assert_eq!(prove(proven.clone())?.into_article(), proven);
    let imported = ArticleDraft::prove_imported("article", proven.clone(), page)?;
    assert_eq!(imported.into_article(), proven);
    Ok(())
}

/// What is proven is stored and served as the bytes it has.
fn is_kept<R: Record + Debug>(proven: &R) {
    let bytes = proven.encode_to_vec();
    assert_eq!(
        bulletin::record::decode_to_change::<R>(&bytes).ok(),
        Some(proven.clone())
    );
}

fn update_article(request: pb::UpdateArticleRequest) -> Result<()> {
    let mut update = required("article", request.article)?;
    update.etag = etag("article.etag", update.etag)?;
    check_correction_reason(&request.correction_reason)?;
    ArticleName::parse("article.name", &update.name)?;
    let given = page(&update)?;
    let kept = &*KEPT;
    let merged = merged(request.update_mask.as_ref(), &kept.article, &update)?;
    let page = given.as_ref().unwrap_or(&kept.page);
    let before = articles::places::Before {
        article: &kept.article,
        page: Some(&kept.page),
    };
    let proven = ArticleDraft::prove("article", merged, Some(page), Some(before))?.into_article();
    is_kept(&proven);
    // Changed by nothing, it stays as it is.
    let before = articles::places::Before {
        article: &proven,
        page: Some(page),
    };
    let again = ArticleDraft::prove("article", proven.clone(), Some(page), Some(before))?;
    assert_eq!(again.into_article(), proven);
    Ok(())
}

/// The kept record with what the mask takes of the update; the same once more changes nothing.
fn merged<R: Record + Debug>(
    mask: Option<&prost_types::FieldMask>,
    kept: &R,
    update: &R,
) -> Result<R> {
    let mask = Mask::parse(mask, R::MESSAGE)?;
    let merged = mask.merge(R::MESSAGE, kept, update)?;
    assert_eq!(mask.merge(R::MESSAGE, &merged, update)?, merged, "{mask:?}");
    match mask {
        Mask::All => assert_eq!(merged, *update),
        Mask::Populated | Mask::Paths(_) => {
            assert_eq!(mask.merge(R::MESSAGE, kept, kept)?, *kept, "{mask:?}");
        }
    }
    Ok(merged)
}

fn create_station(request: pb::CreateStationRequest) -> Result<()> {
    let station = required("station", request.station)?;
    let name = named(
        StationName::from_id("station_id", &request.station_id),
        || StationDraft::prove("station", station.clone()).map(drop),
    )?;
    station_is_proven(Station {
        name: name.as_str().to_owned(),
        ..station
    })
}

fn station_is_proven(station: Station) -> Result<()> {
    let proven = StationDraft::prove("station", station)?.into_station();
    is_kept(&proven);
    let again = StationDraft::prove("station", proven.clone())?;
    assert_eq!(again.into_station(), proven);
    for name in stations::names(&proven) {
        looked_for(name);
    }
    Ok(())
}

fn update_station(request: pb::UpdateStationRequest) -> Result<()> {
    let mut update = required("station", request.station)?;
    update.etag = etag("station.etag", update.etag)?;
    StationName::parse("station.name", &update.name)?;
    let merged = merged(request.update_mask.as_ref(), &KEPT.station, &update)?;
    station_is_proven(merged)
}

fn create_statistic(request: pb::CreateStatisticRequest) -> Result<()> {
    check_correction_reason(&request.correction_reason)?;
    let article = ArticleName::parse("parent", &request.parent)?;
    let name = StatisticName::from_id("statistic_id", &article, &request.statistic_id)?;
    assert_eq!(name.article(), article);
    let statistic = required("statistic", request.statistic)?;
    statistic_is_proven(Statistic {
        name: name.as_str().to_owned(),
        ..statistic
    })
}

fn statistic_is_proven(statistic: Statistic) -> Result<()> {
    let kept = &*KEPT;
    let prove = |statistic| {
        let page = Some(&kept.page);
        StatisticDraft::prove("statistic", statistic, &kept.article, page, None)
    };
    let proven = prove(statistic)?.into_statistic();
    is_kept(&proven);
    assert_eq!(prove(proven.clone())?.into_statistic(), proven);
    Ok(())
}

fn update_statistic(request: pb::UpdateStatisticRequest) -> Result<()> {
    let mut update = required("statistic", request.statistic)?;
    update.etag = etag("statistic.etag", update.etag)?;
    check_correction_reason(&request.correction_reason)?;
    StatisticName::parse("statistic.name", &update.name)?;
    let merged = merged(request.update_mask.as_ref(), &KEPT.statistic, &update)?;
    statistic_is_proven(merged)
}

fn import(request: pb::ImportRecordsRequest) -> Result<()> {
    let mut check = Check::default();
    check.required_enum::<pb::import_records_request::Mode>("mode", request.mode);
    check.count("records", request.records.len(), 500);
    check.finish()?;
    check_correction_reason(&request.correction_reason)?;
    let chunk = Chunk::new(request.records, Mode::Upsert, &request.correction_reason);
    let mut prover = Prover::of(View::default());
    let mut violations = Vec::new();
    for (place, item) in chunk.items.iter().enumerate() {
        // No page is kept but those that the chunk has.
        if let Some(sha256) = prover.lacks(item) {
            prover.take_pages(&View::default(), [&sha256]);
        }
        let proof = prover.prove(item, place);
        violations.extend(proof.and_then(|proof| proof.outcome.err()));
    }
    violations
        .into_iter()
        .for_each(|refused| is_told(Error::Invalid(refused)));
    Ok(())
}

/// What is the same in every list.
struct List<'a> {
    schema: &'static Schema,
    orders: &'static [Order],
    filter: &'a str,
    order_by: &'a str,
    total: i32,
    page_size: i32,
    page_token: &'a str,
    consistency: Option<Consistency>,
}

impl List<'_> {
    fn hold(self) -> Result<()> {
        check(self.schema, self.filter)?;
        let order = order::parse(self.orders, self.order_by)?;
        let again = order::parse(self.orders, &order.canonical())?;
        assert_eq!(again.canonical(), order.canonical());
        total_mode(self.total)?;
        freshness(self.consistency, Instant::now())?;
        page_is_bounded(self.page_size, self.page_token)
    }
}

fn page_is_bounded(size: i32, token: &str) -> Result<()> {
    assert!((1..=PAGE_SIZE_MAX).contains(&page_size(size)?));
    let tokens = PageTokens::of_key(&[7; 32])?;
    let cursor = tokens.open("", token)?;
    assert_eq!(cursor, None, "nothing was sealed");
    Ok(())
}

fn list_articles(request: pb::ListArticlesRequest) -> Result<()> {
    view(request.view, pb::View::Basic)?;
    let list = List {
        schema: &articles::fields::SCHEMA,
        orders: articles::fields::ORDERS,
        filter: &request.filter,
        order_by: &request.order_by,
        total: request.total,
        page_size: request.page_size,
        page_token: &request.page_token,
        consistency: request.consistency,
    };
    list.hold()
}

fn list_stations(request: pb::ListStationsRequest) -> Result<()> {
    let list = List {
        schema: &stations::fields::SCHEMA,
        orders: stations::fields::ORDERS,
        filter: &request.filter,
        order_by: &request.order_by,
        total: request.total,
        page_size: request.page_size,
        page_token: &request.page_token,
        consistency: request.consistency,
    };
    list.hold()
}

fn list_statistics(request: pb::ListStatisticsRequest) -> Result<()> {
    StatisticParent::parse("parent", &request.parent)?;
    let list = List {
        schema: &statistics::fields::SCHEMA,
        orders: statistics::fields::ORDERS,
        filter: &request.filter,
        order_by: &request.order_by,
        total: request.total,
        page_size: request.page_size,
        page_token: &request.page_token,
        consistency: request.consistency,
    };
    list.hold()
}

fn search(request: pb::SearchArticlesRequest) -> Result<()> {
    let query = Query::parse(&request.query)?;
    assert!(!query.required.is_empty());
    for written in [query.find_tsquery(), query.rank_tsquery()] {
        assert!(!written.trim().is_empty(), "{query:?}");
        assert!(!written.contains(['\0', '\\']), "{written:?}");
        assert_eq!(written.matches('\'').count() % 2, 0, "{written:?}");
    }
    check(&articles::fields::SCHEMA, &request.filter)?;
    view(request.view, pb::View::Basic)?;
    freshness(request.consistency, Instant::now())?;
    page_is_bounded(request.page_size, &request.page_token)
}

fn aggregate(request: pb::AggregateStatisticsRequest) -> Result<()> {
    StatisticParent::parse("parent", &request.parent)?;
    let (function, group_by) = statistics::service::asked_groups(&request)?;
    assert_ne!(function as i32, 0);
    assert!(group_by.iter().all(|by| *by as i32 != 0));
    check(&statistics::fields::SCHEMA, &request.filter)?;
    freshness(request.consistency, Instant::now()).map(drop)
}

fn watch(request: pb::WatchChangesRequest) -> Result<()> {
    let filter = Filter::parse(&request, Sight::All)?;
    assert!(!filter.kinds().is_empty());
    assert!(filter.kinds().is_sorted_by(|one, next| one < next));
    let again = Filter::parse(&request, Sight::All)?;
    assert_eq!(again.scope(), filter.scope());
    Ok(())
}

fn get(request: pb::GetArticleRequest) -> Result<()> {
    let name = ArticleName::parse("name", &request.name)?;
    assert_eq!(name.as_str(), request.name);
    view(request.view, pb::View::Full)?;
    if let Asked::At(revision, _) = asked(request.consistency, Instant::now())? {
        assert!(revision >= 0);
    }
    Ok(())
}

fn batch_get(request: pb::BatchGetStatisticsRequest) -> Result<()> {
    freshness(request.consistency, Instant::now())?;
    let taken = names(&request.names, StatisticName::check)?;
    assert_eq!(taken, request.names);
    Ok(())
}

fn resolve(request: pb::ResolveStationsRequest) -> Result<()> {
    freshness(request.consistency.clone(), Instant::now())?;
    bulletin::resolution::check(&request)?;
    request.texts.iter().for_each(|text| looked_for(text));
    Ok(())
}

/// Names are looked for by forms that are bounded as they are.
fn looked_for(name: &str) {
    let bound = 64 * (name.len() + 64);
    let forms = sought(name).into_iter().chain(sought_near(name));
    for form in forms {
        assert!(form.len() <= bound, "{form}");
        assert!(!form.contains('\0'), "{form:?}");
    }
    let _ = pointed_kind(name);
}

fn retract(request: pb::RetractArticleRequest) -> Result<()> {
    check_reason("reason", &request.reason)?;
    ArticleName::parse("name", &request.name)?;
    etag("etag", request.etag).map(drop)
}
