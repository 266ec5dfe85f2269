//! `bulletin export` and `bulletin import` as a user runs them: files, exit codes, what they print.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use bulletin::pb::{Article, Station};
use serde_json::json;

use super::{everything, export, messages};
use crate::support::Service;
use crate::support::edits::update_article;
use crate::support::folder::Folder;
use crate::support::history::service_with_history;
use crate::support::program::{Ended, on, run};
use crate::support::seeds::CONFERENCE;

const DONE: Option<i32> = Some(0);
const FAILED: Option<i32> = Some(1);
const WRONG_USE: Option<i32> = Some(2);

#[track_caller]
fn ended(ended: &Ended, code: Option<i32>, last: &str) {
    assert_eq!(ended.code, code, "{ended:?}");
    let said = ended.stderr.lines().last().unwrap_or_default();
    assert!(said.contains(last), "{said:?} does not say {last:?}");
}

fn read(path: &str) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let mut lines = Vec::new();
    match Path::new(path).extension().unwrap().to_str().unwrap() {
        "gz" => drop(flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut lines)),
        "zst" => lines = zstd::decode_all(&bytes[..]).unwrap(),
        _ => lines = bytes,
    }
    lines
}

#[tokio::test]
async fn an_export_is_imported_elsewhere_from_any_kind_of_file() {
    let service = service_with_history().await;
    let expected = export(&service, everything()).await;
    let folder = Folder::of(&service);
    let printed = on(&service, "export", &["--show-deleted", "-"]).await;
    let counts = &expected.summary.counts;
    let said = format!(
        "{} sources, {} stations, {} articles, {} statistics as of {}; digest {}",
        counts[0], counts[1], counts[2], counts[3], expected.token, expected.summary.digest
    );
    ended(&printed, DONE, &said);
    assert_eq!(printed.stdout.lines().count(), expected.records.len());

    let contents = on(
        &service,
        "export",
        &["--show-deleted", "--content-only", "-"],
    )
    .await;
    for name in ["all.jsonl.gz", "all.jsonl.zst"] {
        let file = folder.file(name);
        ended(
            &on(&service, "export", &["--show-deleted", &file]).await,
            DONE,
            &said,
        );
        assert_eq!(read(&file), printed.stdout.as_bytes(), "{name}");
        assert!(!Path::new(&format!("{file}.cursor")).exists());
        let copy = Service::start().await;
        let imported = on(&copy, "import", &[&file]).await;
        assert_eq!(
            (imported.code, imported.stderr.as_str()),
            (DONE, ""),
            "{imported:?}"
        );
        let token = copy.head().await.token;
        let count = expected.records.len();
        let told = format!("{count} created, 0 updated, 0 unchanged, 0 refused as of {token}\n");
        assert_eq!(imported.stdout, told);
        let again = on(&copy, "import", &["--mode", "upsert", &file]).await;
        let told = format!("0 created, 0 updated, {count} unchanged, 0 refused as of {token}\n");
        assert_eq!((again.code, again.stdout), (DONE, told));
        let copied = on(&copy, "export", &["--show-deleted", "--content-only", "-"]).await;
        assert_eq!(copied.stdout, contents.stdout, "{name}");
    }
}

#[tokio::test]
async fn kinds_and_filters_are_chosen() {
    let service = Service::seeded().await;
    let some = on(&service, "export", &["--kinds", "article,STATION", "-"]).await;
    assert_eq!(some.code, DONE);
    let stations = some
        .stdout
        .lines()
        .take_while(|line| line.starts_with("{\"station\""));
    assert!(
        stations.count() > 10
            && some
                .stdout
                .lines()
                .last()
                .unwrap()
                .starts_with("{\"article\"")
    );
    let filter = ["--kinds", "article", "--filter", "name = \"*tieqi*\"", "-"];
    let one = on(&service, "export", &filter).await;
    assert_eq!((one.code, one.stdout.lines().count()), (DONE, 1));
    let wrong = on(&service, "export", &["--filter", "name = \"x\"", "-"]).await;
    ended(
        &wrong,
        FAILED,
        "filter must be unset unless exactly one of the kinds",
    );
}

#[tokio::test]
async fn refused_records_are_listed_kept_and_make_the_import_fail() {
    let service = Service::seeded().await;
    let folder = Folder::of(&service);
    let (file, refused) = (folder.file("in.jsonl"), folder.file("refused.jsonl"));
    let good = r#"{"station":{"name":"stations/s1","displayName":"某所","kind":"POLICE_STATION"}}"#;
    let bad = r#"{"station":{"name":"stations/s2","displayName":"某所","parent":"stations/none","kind":"POLICE_STATION"}}"#;
    fs::write(&file, format!("{good}\n\n{bad}\n")).unwrap();
    let imported = on(&service, "import", &["--refused", &refused, &file]).await;
    ended(&imported, FAILED, "1 record was refused");
    let why = "stations/s2: records[1].station.parent \"stations/none\" does not exist";
    assert!(imported.stderr.contains(why), "{imported:?}");
    assert!(
        imported
            .stdout
            .starts_with("1 created, 0 updated, 0 unchanged, 1 refused as of 2-")
    );
    assert_eq!(fs::read_to_string(&refused).unwrap(), format!("{bad}\n"));
    let again = on(&service, "import", &["--refused", &refused, &refused]).await;
    ended(&again, FAILED, "is the file that is read");
    assert_eq!(fs::read_to_string(&refused).unwrap(), format!("{bad}\n"));

    let article = service.article(CONFERENCE).await;
    let changed = json!({"article": {
        "name": article.name, "headline": "改了", "source": {"sha256": article.source.unwrap().sha256},
    }});
    fs::write(&file, changed.to_string()).unwrap();
    let skipped = on(&service, "import", &["--mode", "skip-existing", &file]).await;
    assert_eq!(skipped.code, DONE, "{skipped:?}");
    let refused = on(&service, "import", &[&file]).await;
    assert_eq!(refused.code, FAILED);
    assert!(
        refused.stderr.contains("correction_reason is required"),
        "{refused:?}"
    );

    fs::write(&file, format!("{good}\n{{\"station\": 1}}\n")).unwrap();
    let wrong = on(&service, "import", &[&file]).await;
    ended(
        &wrong,
        FAILED,
        "line 2 must be a bulletin.v1.Record in JSON",
    );
    let missing = on(&service, "import", &[&folder.file("none")]).await;
    ended(&missing, FAILED, "cannot read");
}

#[tokio::test]
async fn wrong_use_is_told_from_a_service_that_is_not_there() {
    for arguments in [
        &["export"][..],
        &["import"],
        &["export", "--kinds", "PAGE", "-"],
        &["import", "--mode", "replace", "-"],
    ] {
        let ended = run(arguments).await;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (WRONG_USE, ""),
            "{ended:?}"
        );
    }
    let nobody = ["--addr", "127.0.0.1:1", "--retry-timeout-ms", "0", "-"];
    for command in ["export", "import"] {
        let gone = run(&[&[command], &nobody[..]].concat()).await;
        ended(&gone, FAILED, "127.0.0.1:1 does not answer");
    }
}

#[tokio::test]
async fn an_export_that_was_cut_off_goes_on() {
    let service = service_with_history().await;
    let folder = Folder::of(&service);
    let (whole, file) = (folder.file("whole.jsonl"), folder.file("cut.jsonl"));
    let arguments = ["--show-deleted", &whole];
    assert_eq!(on(&service, "export", &arguments).await.code, DONE);
    let whole = fs::read(&whole).unwrap();
    let messages = messages(&service, everything()).await.unwrap();
    assert!(messages.len() > 3, "a message has records of one kind");
    let mut length = 0;
    let mut lines = whole.split_inclusive(|byte| *byte == b'\n');
    // Another history from here: what goes on is of the revision it began with.
    let changed = Article {
        name: "articles/a1".to_owned(),
        headline: "改了".to_owned(),
        ..Article::default()
    };
    update_article(&service, changed, "更正").await.unwrap();
    service.create_station("s2").await.unwrap();
    for message in &messages {
        let sent = lines.by_ref().take(message.records.len());
        length += sent.map(<[u8]>::len).sum::<usize>();
        let state = json!({
            "request": {"kinds": [], "filter": "", "show_deleted": true, "content_only": false},
            "length": length,
            "cursor": message.cursor,
        });
        fs::write(format!("{file}.cursor"), state.to_string()).unwrap();
        // Half a line came after the cursor.
        let partial = [&whole[..length], b"{\"article\"".as_slice()].concat();
        fs::write(format!("{file}.partial"), partial).unwrap();
        let other = on(&service, "export", &[&file]).await;
        ended(&other, FAILED, "is of an export with other options");
        let resumed = on(&service, "export", &["--show-deleted", &file]).await;
        ended(
            &resumed,
            DONE,
            &messages.last().unwrap().summary.as_ref().unwrap().digest,
        );
        assert!(fs::read(&file).unwrap() == whole, "behind {length} bytes");
        fs::remove_file(&file).unwrap();
    }
}

#[tokio::test]
async fn one_file_is_of_one_export() {
    let service = Service::seeded().await;
    let folder = Folder::of(&service);
    let file = folder.file("all.jsonl");
    let other = fs::File::create(format!("{file}.partial")).unwrap();
    other.try_lock().unwrap();
    let second = on(&service, "export", &[&file]).await;
    ended(&second, FAILED, "another export writes");
    drop(other);
    assert_eq!(on(&service, "export", &[&file]).await.code, DONE);
}

#[tokio::test]
async fn records_come_in_an_order_that_can_be_imported() {
    let service = Service::start().await;
    for (id, parent) in [("s9", ""), ("s1", "stations/s9"), ("s0", "stations/s1")] {
        let station = Station {
            display_name: format!("{id}派出所"),
            kind: bulletin::pb::station::Kind::PoliceStation.into(),
            parent: parent.to_owned(),
            ..Station::default()
        };
        let request = bulletin::pb::CreateStationRequest {
            station_id: id.to_owned(),
            station: Some(station),
            validate_only: false,
        };
        service.ask(request).await.unwrap();
    }
    let folder = Folder::of(&service);
    let file = folder.file("all.jsonl");
    assert_eq!(on(&service, "export", &[&file]).await.code, DONE);
    let copy = Service::start().await;
    let imported = on(&copy, "import", &[&file]).await;
    assert_eq!(imported.code, DONE, "{imported:?}");
}
