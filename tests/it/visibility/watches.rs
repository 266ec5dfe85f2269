//! Watches and exports of readers: what they are not shown is not there, before a change either.

use bulletin::pb::change::Type;
use bulletin::pb::export_records_response::Summary;
use bulletin::pb::record::{Kind, Record as Any};
use bulletin::pb::watch_changes_request::Start;
use bulletin::pb::watch_changes_response::Type as Message;
use bulletin::pb::{self, Article, Change, Record, Station, WatchChangesRequest};
use tonic::{Code, Streaming};

use super::{CACHES, City, HIDDEN, STATES, State, Target, retract};
use crate::support::edits::{delete_article, delete_station, update_article};
use crate::support::{Refusal, Service, statistic};
use crate::transfer::{
    Exported, digest_of, export, import, kind, messages, name, of_station, upsert,
};

const ARTICLE: &str = "articles/report";
const NUMBER: &str = "articles/report/statistics/n1";
const STATION: &str = "stations/hidden-s1";

fn revision_of(token: &str) -> i64 {
    token.split('-').next().unwrap().parse().unwrap()
}

/// One watch.
pub struct Watch {
    stream: Streaming<pb::WatchChangesResponse>,
    /// Everything up to here has come.
    pub revision: i64,
    /// The last cursor, inside of a snapshot.
    pub cursor: String,
}

impl Watch {
    pub async fn begin(service: &Service, start: Start) -> Result<Self, Refusal> {
        Self::about(
            service,
            WatchChangesRequest {
                start: Some(start),
                include_old: true,
                ..Default::default()
            },
        )
        .await
    }

    pub async fn about(service: &Service, asked: WatchChangesRequest) -> Result<Self, Refusal> {
        let stream = service.changes().watch_changes(asked).await;
        let mut stream = Refusal::or(stream)?;
        let started = stream.message().await.unwrap().unwrap();
        assert_eq!(started.r#type(), Message::Started);
        Ok(Self {
            stream,
            revision: revision_of(&started.token),
            cursor: started.cursor,
        })
    }

    /// The records of its snapshot.
    pub async fn snapshot(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        loop {
            let message = self.stream.message().await.unwrap().unwrap();
            match message.r#type() {
                Message::SnapshotEnd => return records,
                _ => {
                    self.cursor = message.cursor;
                    records.extend(message.records);
                }
            }
        }
    }

    /// The changes up to a revision.
    pub async fn upto(&mut self, revision: i64) -> Vec<Change> {
        let mut changes = Vec::new();
        while self.revision < revision {
            let message = self.stream.message().await.unwrap().unwrap();
            changes.extend(message.changes);
            if !message.token.is_empty() {
                self.revision = revision_of(&message.token);
            }
        }
        changes
    }
}

/// What a change says: what happened, to what, and whether there are records before and after.
fn told(changes: &[Change]) -> Vec<(Type, &str, bool, bool)> {
    let told = changes.iter().map(|change| {
        let (old, new) = (change.old.is_some(), change.new.is_some());
        (change.r#type(), change.name.as_str(), old, new)
    });
    told.collect()
}

fn proposed(id: &str) -> Record {
    of_station(Station {
        name: format!("stations/{id}"),
        display_name: format!("{id}派出所"),
        kind: pb::station::Kind::PoliceStation.into(),
        state: pb::station::State::Proposed.into(),
        ..Default::default()
    })
}

fn titled(headline: &str) -> Article {
    Article {
        name: ARTICLE.to_owned(),
        headline: headline.to_owned(),
        ..Default::default()
    }
}

fn undelete() -> pb::UndeleteArticleRequest {
    pb::UndeleteArticleRequest {
        name: ARTICLE.to_owned(),
        ..Default::default()
    }
}

/// A record's whole life, and the revision after each step.
async fn live(city: &City) -> Vec<i64> {
    let (editor, admin) = (&city.editor, &city.admin);
    let mut heads = Vec::new();
    let mut step = async || heads.push(city.editor.head().await.revision);
    upsert(admin, "", vec![proposed("hidden-s1")]).await;
    editor.create_article("report", "查处3起。").await.unwrap();
    let mut number = statistic("查处3起", "3", "起");
    number.stations = vec![STATION.to_owned()];
    editor
        .create_statistic(ARTICLE, "n1", number)
        .await
        .unwrap();
    update_article(editor, titled("二稿"), "").await.unwrap();
    delete_article(editor, ARTICLE).await.unwrap();
    editor.ask(undelete()).await.unwrap();
    step().await;
    editor.publish(ARTICLE).await.unwrap();
    step().await;
    update_article(editor, titled("三稿"), "更正")
        .await
        .unwrap();
    step().await;
    let delete = pb::DeleteStatisticRequest {
        name: NUMBER.to_owned(),
        correction_reason: "重复".into(),
        ..Default::default()
    };
    editor.ask(delete).await.unwrap();
    step().await;
    retract(editor, ARTICLE).await;
    step().await;
    delete_article(admin, ARTICLE).await.unwrap();
    step().await;
    editor.ask(undelete()).await.unwrap();
    step().await;
    delete_article(admin, ARTICLE).await.unwrap();
    delete_station(editor, STATION).await.unwrap();
    step().await;
    heads
}

#[tokio::test]
async fn a_reader_is_told_of_what_it_is_shown_from_when_it_is_until_it_is_not() {
    let city = City::empty(CACHES[0]).await;
    let after = Start::Token(city.editor.head().await.token);
    let mut live_watch = Watch::begin(&city.reader, after.clone()).await.unwrap();
    let mut of_editor = Watch::begin(&city.editor, after.clone()).await.unwrap();
    let heads = live(&city).await;
    // Who begins late reads the log itself.
    let mut late_watch = Watch::begin(&city.reader, after).await.unwrap();
    let last = *heads.last().unwrap();
    let mut whole = Vec::new();
    for watch in [&mut live_watch, &mut late_watch] {
        let changes = watch.upto(last).await;
        let starts = [0].into_iter().chain(heads.clone());
        let steps = starts.zip(&heads).map(|(start, end)| {
            let within = |change: &&Change| (start + 1..=*end).contains(&change.revision);
            changes.iter().filter(within).cloned().collect::<Vec<_>>()
        });
        let steps: Vec<Vec<Change>> = steps.collect();
        let told: Vec<_> = steps.iter().map(|step| told(step)).collect();
        let article = |kind, old, new| vec![(kind, ARTICLE, old, new)];
        assert_eq!(told[0], [], "a draft, and what was done to it");
        let published = [
            (Type::Published, ARTICLE, false, true),
            (Type::Published, NUMBER, false, true),
            (Type::Updated, STATION, false, true),
        ];
        assert_eq!(told[1], published);
        assert_eq!(told[2], article(Type::Corrected, true, true));
        assert_eq!(told[3], [(Type::Left, NUMBER, true, false)]);
        assert_eq!(told[4], article(Type::Retracted, true, true));
        assert_eq!(told[5], article(Type::Left, true, false));
        assert_eq!(told[6], article(Type::Undeleted, false, true));
        let gone = |name| (Type::Left, name, true, false);
        assert_eq!(told[7], [gone(ARTICLE), gone(STATION)]);
        whole.push(steps);
    }
    assert_eq!(whole[0], whole[1]);
    // The record before is the one that was shown before.
    let of_article = whole[0]
        .iter()
        .flatten()
        .filter(|change| change.name == ARTICLE);
    let mut before: Option<Record> = None;
    for change in of_article {
        assert_eq!(change.old, before);
        before.clone_from(&change.new);
    }
    let changes = of_editor.upto(last).await;
    assert!(told(&changes).contains(&(Type::Published, ARTICLE, true, true)));
    assert!(told(&changes).contains(&(Type::Deleted, ARTICLE, true, true)));
}

#[tokio::test]
async fn a_filtered_watch_of_a_reader_leaves_at_the_one_or_the_other() {
    let city = City::empty(CACHES[0]).await;
    upsert(&city.admin, "", vec![proposed("hidden-s1")]).await;
    city.editor.create_station("s2").await.unwrap();
    let asked = WatchChangesRequest {
        start: Some(Start::Token(city.editor.head().await.token)),
        station: "stations/s2".into(),
        include_old: true,
        ..Default::default()
    };
    let mut watch = Watch::about(&city.reader, asked).await.unwrap();
    let naming = |station: &str| Article {
        mentions: vec![pb::Mention {
            station: station.into(),
            surface: "所".into(),
            ..Default::default()
        }],
        ..titled("标题")
    };
    city.editor.create_article("report", "页").await.unwrap();
    update_article(&city.editor, naming("stations/s2"), "")
        .await
        .unwrap();
    city.editor.publish(ARTICLE).await.unwrap();
    update_article(&city.editor, naming(STATION), "更正")
        .await
        .unwrap();
    update_article(&city.editor, naming("stations/s2"), "更正")
        .await
        .unwrap();
    retract(&city.editor, ARTICLE).await;
    delete_article(&city.admin, ARTICLE).await.unwrap();
    let changes = watch.upto(city.editor.head().await.revision).await;
    let of_article = |kind, old, new| (kind, ARTICLE, old, new);
    assert_eq!(
        told(&changes),
        [
            of_article(Type::Published, false, true),
            of_article(Type::Left, true, false),
            of_article(Type::Corrected, true, true),
            of_article(Type::Retracted, true, true),
            of_article(Type::Left, true, false),
        ]
    );
}

fn names(records: &[Record]) -> Vec<String> {
    records.iter().map(name).collect()
}

fn shown() -> Vec<String> {
    let (published, retracted) = (Target::of(State::Published), Target::of(State::Retracted));
    vec![
        published.station.clone(),
        published.article.clone(),
        retracted.article.clone(),
        retracted.statistic,
        published.statistic,
    ]
}

/// Turns everything that was hidden to shown, and the other way round, but for what is published.
async fn turn(city: &City) {
    city.editor
        .publish(&Target::of(State::Draft).article)
        .await
        .unwrap();
    let gone = Target::of(State::Deleted);
    let article = pb::UndeleteArticleRequest {
        name: gone.article,
        ..Default::default()
    };
    city.editor.ask(article).await.unwrap();
    let number = pb::UndeleteStatisticRequest {
        name: gone.statistic,
        correction_reason: "更正".into(),
        ..Default::default()
    };
    city.editor.ask(number).await.unwrap();
    let station = pb::UndeleteStationRequest {
        name: gone.station,
        ..Default::default()
    };
    city.editor.ask(station).await.unwrap();
    let retracted = Target::of(State::Retracted);
    delete_article(&city.admin, &retracted.article)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_snapshot_is_of_what_was_shown_at_its_revision_whatever_came_since() {
    let city = City::of_cache(CACHES[0]).await;
    let mut watch = Watch::begin(&city.reader, Start::Snapshot(true))
        .await
        .unwrap();
    let cursor = Start::Cursor(watch.cursor.clone());
    assert_eq!(names(&watch.snapshot().await), shown());
    let mut of_editor = Watch::begin(&city.editor, Start::Snapshot(true))
        .await
        .unwrap();
    let editors_cursor = Start::Cursor(of_editor.cursor.clone());
    assert_eq!(of_editor.snapshot().await.len(), 8);
    turn(&city).await;
    let mut resumed = Watch::begin(&city.reader, cursor.clone()).await.unwrap();
    assert_eq!(names(&resumed.snapshot().await), shown());
    let head = city.editor.head().await.revision;
    let changes = resumed.upto(head).await;
    assert_eq!(told(&changes), told(&watch.upto(head).await));
    let left = changes
        .iter()
        .filter(|change| change.r#type() == Type::Left);
    assert_eq!(left.count(), 2, "the retracted article and its number");
    // A cursor is bound to the sight that it was made for.
    for (service, cursor) in [(&city.reader, editors_cursor), (&city.editor, cursor)] {
        let refusal = Watch::begin(service, cursor).await.err().unwrap();
        refusal.is(Code::InvalidArgument, "TOKEN_INVALID");
    }
    let mut anew = Watch::begin(&city.reader, Start::Snapshot(true))
        .await
        .unwrap();
    let now = names(&anew.snapshot().await);
    let hidden = now.iter().filter(|name| name.contains(HIDDEN));
    assert_eq!((now.len(), hidden.count()), (10, 7));
}

/// What the summary must be by the records that came.
fn summary(exported: &Exported) -> Summary {
    let mut counts = vec![0; 4];
    for record in &exported.records {
        counts[usize::try_from(i32::from(kind(record))).unwrap() - 1] += 1;
    }
    Summary {
        counts,
        digest: digest_of(exported),
    }
}

#[tokio::test]
async fn an_export_of_a_reader_is_of_what_it_is_shown_and_so_are_its_counts_and_digest() {
    let city = City::of_cache(CACHES[0]).await;
    let everything = pb::ExportRecordsRequest::default();
    let of_reader = export(&city.reader, everything.clone()).await;
    assert_eq!(of_reader.names(), shown());
    assert_eq!(of_reader.summary, summary(&of_reader));
    assert_eq!(of_reader.summary.counts, [0, 1, 2, 2]);
    let of_editor = export(&city.editor, everything.clone()).await;
    assert_eq!(of_editor.summary.counts, [4, 2, 3, 3]);
    // A filter is asked of records as they were; those that were not shown are left out whatever it says.
    let filtered = pb::ExportRecordsRequest {
        kinds: vec![Kind::Article.into()],
        filter: "create_time > 2000".into(),
        ..Default::default()
    };
    let of_filter = export(&city.reader, filtered.clone()).await;
    assert_eq!(of_filter.names(), shown()[1..3]);
    // It goes on as of its revision, after everything has turned.
    let begun = begin(&city.reader, filtered.clone()).await;
    turn(&city).await;
    let resumed = pb::ExportRecordsRequest {
        cursor: begun,
        ..filtered.clone()
    };
    let rest = messages(&city.reader, resumed.clone()).await.unwrap();
    assert_eq!(
        rest.last().unwrap().summary.clone().unwrap().counts,
        [0, 0, 2, 0]
    );
    let refusal = messages(&city.editor, resumed).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "TOKEN_INVALID");
    let now = Exported::of(messages(&city.reader, everything).await.unwrap());
    assert_eq!(now.summary, summary(&now));
    assert_eq!(
        now.names()
            .iter()
            .filter(|name| name.contains(HIDDEN))
            .count(),
        7
    );
}

/// The cursor of an export's first message.
async fn begin(service: &Service, request: pb::ExportRecordsRequest) -> String {
    let stream = service.transfer().export_records(request).await;
    let mut stream = stream.unwrap().into_inner();
    stream.message().await.unwrap().unwrap().cursor
}

#[tokio::test]
async fn pages_come_to_readers_with_their_articles_alone() {
    let city = City::of_cache(CACHES[0]).await;
    for kinds in [vec![Kind::Source], vec![Kind::Article, Kind::Source]] {
        let kinds: Vec<i32> = kinds.into_iter().map(i32::from).collect();
        let exported = pb::ExportRecordsRequest {
            kinds: kinds.clone(),
            ..Default::default()
        };
        let watched = WatchChangesRequest {
            start: Some(Start::Snapshot(true)),
            kinds,
            ..Default::default()
        };
        let found = export(&city.editor, exported.clone()).await.records;
        let is_page = |record: &&Record| matches!(record.record, Some(Any::Source(_)));
        assert_eq!(found.iter().filter(is_page).count(), STATES.len());
        assert!(Watch::about(&city.editor, watched.clone()).await.is_ok());
        for refusal in [
            messages(&city.reader, exported).await.unwrap_err(),
            Watch::about(&city.reader, watched).await.err().unwrap(),
        ] {
            refusal.is(Code::PermissionDenied, "PERMISSION_DENIED");
            assert_eq!(refusal.message, "SOURCE in kinds needs the role editor");
        }
    }
}

/// What was before a change may be compacted by the time that it is read, which must not pass for there
/// having been nothing: a deletion would not be told.
#[tokio::test]
async fn a_change_whose_record_before_is_compacted_is_refused_rather_than_left_out() {
    let city = City::empty(CACHES[0]).await;
    city.editor.create_station("s1").await.unwrap();
    let token = city.editor.head().await.token;
    delete_station(&city.editor, "stations/s1").await.unwrap();
    // As it would be found if it were compacted while the horizon is still read as it was.
    let emptied = "update changes set record = null where revision = 1";
    city.service.database.tamper(emptied).await;
    let asked = WatchChangesRequest {
        start: Some(Start::Token(token)),
        ..Default::default()
    };
    let stream = city.reader.changes().watch_changes(asked).await;
    let mut stream = stream.unwrap().into_inner();
    loop {
        match stream.message().await {
            Ok(message) => assert_ne!(message.unwrap().r#type(), Message::Checkpoint),
            Err(status) => return assert_eq!(status.code(), Code::Internal),
        }
    }
}

/// Chunks of an import are of many records: a reader is sent those of them that it is shown.
#[tokio::test]
async fn of_one_revision_a_reader_is_sent_what_it_is_shown() {
    let city = City::empty(CACHES[0]).await;
    let after = Start::Token(city.editor.head().await.token);
    let mut watch = Watch::begin(&city.reader, after).await.unwrap();
    let mut chunk: Vec<Record> = (0..50)
        .map(|number| proposed(&format!("hidden-{number}")))
        .collect();
    let Some(Any::Station(mut active)) = proposed("shown").record else {
        panic!("it is a station");
    };
    active.set_state(pb::station::State::Active);
    chunk.push(of_station(active));
    import(
        &city.admin,
        pb::import_records_request::Mode::Upsert,
        "",
        [chunk],
    )
    .await;
    let head = city.editor.head().await.revision;
    let changes = watch.upto(head).await;
    assert_eq!(
        told(&changes),
        [(Type::Created, "stations/shown", false, true)]
    );
}
