//! The checker itself: a sound recording passes, and each way to spoil it breaks the guarantee that is
//! meant to notice.

use std::sync::Arc;

use bulletin::pb::change::Type as ChangeType;
use bulletin::pb::watch_changes_response::Type;

use super::checker::check;
use super::histories::{conclude, watch_all};
use super::recording::{Addresses, Recording};
use super::truth::Log;
use super::workload::{Writers, prepare};
use crate::support::Service;

/// The messages of the only session.
fn messages(recording: &mut Recording) -> &mut Vec<bulletin::pb::WatchChangesResponse> {
    &mut recording.sessions[0].messages
}

/// The place of the nth message with changes that others follow.
fn nth_changes(recording: &Recording, n: usize) -> usize {
    let messages = &recording.sessions[0].messages;
    let has_changes = |place: &usize| messages[*place].r#type() == Type::Changes;
    let pairs = (0..messages.len() - 1).filter(has_changes);
    let mut pairs = pairs.filter(|place| has_changes(&(place + 1)));
    pairs.nth(n).unwrap()
}

fn broken(recording: &Recording, log: &Log, spoil: impl FnOnce(&mut Recording)) -> &'static str {
    let mut spoiled = recording.clone();
    spoil(&mut spoiled);
    match check(&spoiled, log) {
        Ok(()) => "nothing",
        Err(broken) => broken.guarantee,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_is_spoiled_breaks_the_guarantee_that_it_offends() {
    let service = Arc::new(Service::start().await);
    let mut prepared = prepare(&service).await;
    let watches = watch_all(&Addresses::new(service.address)).await;
    let writers = Writers::start(&[Arc::clone(&service)], "a", 2);
    writers.wait_for(6).await;
    let mut outcomes = writers.stop().await;
    outcomes.acknowledged.append(&mut prepared);
    let (log, recordings) = conclude(&service.database, watches, &outcomes).await;
    let [all, snapshot, of_station, ..] = recordings.as_slice() else {
        panic!("there are as many as were asked for");
    };
    let spoiled = |spoil: fn(&mut Recording)| broken(all, &log, spoil);

    assert_eq!(spoiled(|_| ()), "nothing");
    let left_out = spoiled(|recording| {
        let place = nth_changes(recording, 3);
        messages(recording).remove(place);
    });
    assert_eq!(left_out, "Reliable");
    let doubled = spoiled(|recording| {
        let place = nth_changes(recording, 3);
        let message = messages(recording)[place].clone();
        messages(recording).insert(place, message);
    });
    assert_eq!(doubled, "Unique");
    let exchanged = spoiled(|recording| {
        let place = nth_changes(recording, 3);
        messages(recording).swap(place, place + 1);
    });
    assert_eq!(exchanged, "Ordered");
    let halved = spoiled(|recording| {
        let many = messages(recording).iter_mut();
        let mut many = many.filter(|message| message.changes.len() > 1);
        many.next().unwrap().changes.pop();
    });
    assert_eq!(halved, "Atomic");
    let early = spoiled(|recording| {
        let place = nth_changes(recording, 3);
        let mut checkpoint = messages(recording)[place].clone();
        checkpoint.set_type(Type::Checkpoint);
        checkpoint.changes.clear();
        messages(recording).insert(place, checkpoint);
    });
    assert_eq!(early, "Bookmarkable");
    let other_before = spoiled(|recording| {
        let messages = messages(recording).iter_mut();
        let mut changes = messages.flat_map(|message| &mut message.changes);
        changes.find(|change| change.old.is_some()).unwrap().old = None;
    });
    assert_eq!(other_before, "PrevValue");
    let elsewhere = spoiled(|recording| recording.asked.start = Some(super::recording::from("1")));
    assert_eq!(elsewhere, "Resumable");
    let left = broken(of_station, &log, |recording| {
        let messages = messages(recording).iter_mut();
        let mut changes = messages.flat_map(|message| &mut message.changes);
        let left = changes.find(|change| change.r#type() == ChangeType::Left);
        left.unwrap().set_type(ChangeType::Updated);
    });
    assert_eq!(left, "Filter");
    let lacking = broken(snapshot, &log, |recording| {
        let mut messages = messages(recording).iter_mut();
        let records = messages.find(|message| !message.records.is_empty());
        records.unwrap().records.pop();
    });
    assert_eq!(lacking, "Reliable");
}
