//! `bulletin ingest` as a user runs it: files, folders, encodings, what it prints, how it exits.

use std::fs;

use bulletin::pb;
use serde_json::Value;

use super::PAGE;
use crate::support::Service;
use crate::support::folder::Folder;
use crate::support::program::{on, unread};

const DONE: Option<i32> = Some(0);
const FAILED: Option<i32> = Some(1);
const WRONG_USE: Option<i32> = Some(2);

/// `海州市公安局查处违法行为3起。` as GB18030.
const GB18030: &[u8] = b"\xba\xa3\xd6\xdd\xca\xd0\xb9\xab\xb0\xb2\xbe\xd6\xb2\xe9\xb4\xa6\xce\xa5\xb7\xa8\xd0\xd0\xce\xaa3\xc6\xf0\xa1\xa3";

#[tokio::test]
async fn pages_are_read_from_files_and_folders_in_order() {
    let service = Service::start().await;
    let folder = Folder::of(&service);
    let inner = folder.file("pages");
    fs::create_dir_all(&inner).unwrap();
    for number in [3, 1, 2] {
        let text = format!("海州通报\n\n海州市公安局查处违法行为{number}起。");
        fs::write(format!("{inner}/{number}.txt"), text).unwrap();
    }
    fs::write(format!("{inner}/notes.md"), "no page").unwrap();
    fs::write(folder.file("gb.txt"), GB18030).unwrap();
    let run = on(
        &service,
        "ingest",
        &[
            &inner,
            &folder.file("gb.txt"),
            "--output",
            "json",
            "--publish",
        ],
    )
    .await;
    assert_eq!(run.code, DONE, "{run:?}");
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 4);
    let value = |line: &Value| {
        line["statistics"][0]["quantity"]["value"]["value"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        lines.iter().map(value).collect::<Vec<_>>(),
        ["1", "2", "3", "3"]
    );
    let name = lines[3]["articles"][0]["name"].as_str().unwrap();
    let kept = service.article(name).await;
    assert_eq!(kept.source_text, "海州市公安局查处违法行为3起。");
    assert_eq!(kept.state(), pb::article::State::Published);
}

#[tokio::test]
async fn a_summary_shows_the_text_and_what_was_read_of_it() {
    let service = Service::start().await;
    let folder = Folder::of(&service);
    let file = folder.file("page.txt");
    fs::write(&file, PAGE).unwrap();
    let print = [
        "--newspaper",
        "海州日报",
        "--date",
        "2021-03-05",
        "--page",
        "A02",
    ];
    let run = on(
        &service,
        "ingest",
        &[&[file.as_str(), "--validate-only"][..], &print].concat(),
    )
    .await;
    assert_eq!(run.code, DONE, "{run:?}");
    for shown in [
        "海州公安通报上半年工作",
        "not written",
        "12000",
        "↓8.5%",
        "南城派出所",
        "记者 李明",
        "proposed 海州市公安局",
    ] {
        assert!(run.stdout.contains(shown), "no {shown} in {}", run.stdout);
    }
    // Colours are for terminals.
    assert!(!run.stdout.contains('\u{1b}'));
    let head = service.ask(pb::GetHeadRequest::default()).await.unwrap();
    assert_eq!(head.revision, 0);
}

#[tokio::test]
async fn pages_that_cannot_be_read_are_named_and_the_others_written() {
    let service = Service::start().await;
    let folder = Folder::of(&service);
    fs::write(folder.file("a.txt"), PAGE).unwrap();
    fs::write(folder.file("b.txt"), b"\x81\xff\xff").unwrap();
    fs::write(folder.file("c.txt"), "海".repeat(400_000)).unwrap();
    fs::write(folder.file("d.txt"), "").unwrap();
    let files = ["a.txt", "b.txt", "c.txt", "d.txt", "none.txt"].map(|name| folder.file(name));
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let run = on(&service, "ingest", &files).await;
    assert_eq!(run.code, FAILED, "{run:?}");
    for said in [
        "b.txt: must be text in UTF-8 or gb18030, and has bytes that are none",
        "c.txt: must have at most 1048576 bytes of UTF-8, got 1200000",
        "d.txt: text must have",
        "none.txt: cannot be read",
        "bulletin: 4 pages could not be read",
    ] {
        assert!(run.stderr.contains(said), "no {said:?} in {}", run.stderr);
    }
    assert!(run.stdout.contains("written"));
    let list = pb::ListArticlesRequest::default();
    assert_eq!(service.ask(list).await.unwrap().articles.len(), 2);
}

/// Whoever reads no more of what is printed has not said that the rest be not written.
#[tokio::test]
async fn pages_are_written_whether_or_not_anybody_reads_of_it() {
    let service = Service::start().await;
    let folder = Folder::of(&service);
    let files: Vec<String> = (1..=12)
        .map(|number| {
            let file = folder.file(&format!("{number}.txt"));
            let text = format!("海州通报\n\n海州市公安局查处违法行为{number}起。");
            fs::write(&file, text).unwrap();
            file
        })
        .collect();
    let files = files.iter().map(String::as_str);
    let more: Vec<&str> = ["--concurrency", "1"].into_iter().chain(files).collect();
    assert_eq!(unread(&service, "ingest", &more).await, DONE);
    let list = pb::ListArticlesRequest::default();
    assert_eq!(service.ask(list).await.unwrap().articles.len(), 12);
}

#[tokio::test]
async fn wrong_use_is_told_before_anything_is_sent() {
    let service = Service::start().await;
    for arguments in [
        &["--date", "2021-13-05", "x.txt"][..],
        &[],
        &["--output", "xml", "x.txt"],
    ] {
        assert_eq!(
            on(&service, "ingest", arguments).await.code,
            WRONG_USE,
            "{arguments:?}"
        );
    }
    let twice = on(&service, "ingest", &["-", "-"]).await;
    assert_eq!(twice.code, FAILED);
    assert!(twice.stderr.contains("can be read once"), "{twice:?}");
}

#[tokio::test]
async fn what_is_said_of_the_pages_goes_with_every_one_of_them() {
    let service = Service::start().await;
    let folder = Folder::of(&service);
    for number in 1..=6 {
        let text = format!("海州通报\n\n海州市公安局查处违法行为{number}起。");
        fs::write(folder.file(&format!("{number}.txt")), text).unwrap();
    }
    fs::write(folder.file("7.txt"), GB18030).unwrap();
    let folder_name = folder.file("");
    let said = [
        "--edition",
        "早版",
        "--section",
        "法治",
        "--concurrency",
        "1",
        "--output",
        "json",
    ];
    let utf8 = [&[folder_name.as_str(), "--encoding", "utf-8"][..], &said].concat();
    let run = on(&service, "ingest", &utf8).await;
    assert_eq!(run.code, FAILED, "{run:?}");
    assert!(
        run.stderr
            .contains("7.txt: must be text in UTF-8, and has bytes that are none")
    );
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 6);
    for line in &lines {
        let publication = &line["articles"][0]["publication"];
        assert_eq!(publication["edition"], "早版");
        assert_eq!(publication["section"], "法治");
    }
    let file = folder.file("7.txt");
    let gb = [&[file.as_str(), "--encoding", "gb18030"][..], &said].concat();
    let run = on(&service, "ingest", &gb).await;
    assert_eq!(run.code, DONE, "{run:?}");
    let line: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(line["created"], true);
}
