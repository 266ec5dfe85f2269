use prost::Message as _;

use super::*;
use crate::cache::Change;
use crate::db::seen::AHEAD_BYTES_MAX;
use crate::names::Kind;
use crate::pb::Article;
use crate::record::is_named;
use crate::token::{CHAIN_LENGTH, Chain};

fn token(revision: i64, branch: u8) -> Token {
    let mut chain = [branch; CHAIN_LENGTH];
    // A token names the first eight bytes.
    chain[1..8].copy_from_slice(&revision.to_be_bytes()[1..]);
    Token {
        revision,
        chain: Chain(chain),
    }
}

fn history(now: Instant) -> History {
    History::starting_at(token(5, 1), now, Cache::of(1 << 20))
}

/// A revision that changed nothing the tests ask for.
fn step(revision: i64, branch: u8) -> Step {
    Step {
        token: token(revision, branch),
        changes: Vec::new(),
    }
}

/// A revision that wrote a record.
fn write(revision: i64, name: &str) -> Step {
    let record = record(name).into();
    let change = Change {
        kind: Kind::Article,
        name: name.to_owned(),
        record: Some(record),
    };
    Step {
        token: token(revision, 1),
        changes: vec![change],
    }
}

fn version(name: &str, revision: i64) -> Version {
    Version::new(Kind::Article, revision, record(name).into())
}

fn record(name: &str) -> Vec<u8> {
    let article = Article {
        name: name.to_owned(),
        ..Article::default()
    };
    article.encode_to_vec()
}

fn kept(history: &History, name: &str) -> Option<i64> {
    history
        .cache()
        .version(name)
        .map(|version| version.revision)
}

fn page(tip: Token) -> Page {
    Page {
        tip,
        kind: Kind::Article,
        records: record("a").into(),
        next: None,
    }
}

#[test]
fn it_remembers_the_last_revisions_and_no_others() {
    let now = Instant::now();
    let history = history(now);
    let newest = 5 + i64::try_from(REMEMBERED_MAX).expect("it fits");
    let steps: Vec<Step> = (6..=newest).map(|revision| step(revision, 1)).collect();
    history.extend(now, &steps, &token(newest, 1));
    assert_eq!(history.applied().token, token(newest, 1));
    assert!(history.has(&token(newest, 1)) && history.has(&token(6, 1)));
    assert!(!history.has(&token(5, 1)) && !history.has(&token(newest + 1, 1)));
    assert!(!history.has(&token(7, 2)));
}

#[test]
fn what_came_before_is_taken_only_without_a_gap() {
    let now = Instant::now();
    let history = history(now);
    history.prepend(&[token(2, 1), token(3, 1)]);
    assert!(!history.has(&token(3, 1)));
    history.prepend(&[token(3, 1), token(4, 1)]);
    assert!(history.has(&token(3, 1)) && history.has(&token(4, 1)));
}

#[test]
fn a_write_that_the_primary_does_not_have_is_not_waited_for() {
    let history = history(Instant::now());
    // Another process has written 6, which is not seen yet.
    history.committed(&token(6, 1), &[step(7, 1)], Instant::now());
    assert_eq!(history.newest(), token(7, 1));
    // A poll that began before the write says nothing of it.
    history.extend(Instant::now() - Duration::from_secs(1), &[], &token(5, 1));
    assert_eq!(history.newest(), token(7, 1));
    history.extend(Instant::now() + Duration::from_secs(1), &[], &token(5, 1));
    assert_eq!(history.newest(), token(5, 1));
}

#[test]
fn a_lost_token_knows_where_its_history_ended() {
    let now = Instant::now();
    let history = history(now);
    history.extend(now, &[step(6, 1), step(7, 1)], &token(7, 1));
    history.fork(now, Some(token(5, 1)), token(8, 2));
    assert_eq!(history.applied().generation, 1);
    assert!(history.has(&token(8, 2)) && !history.has(&token(7, 1)));
    assert_eq!(history.last_common(&token(6, 1).into()), Some(token(5, 1)));
    assert_eq!(history.last_common(&token(6, 2).into()), None);
    assert_eq!(history.last_common(&token(8, 2).into()), Some(token(8, 2)));
}

#[test]
fn what_was_lost_twice_shares_no_more_than_the_last_time() {
    let now = Instant::now();
    let history = history(now);
    history.extend(now, &[step(6, 1), step(7, 1)], &token(7, 1));
    history.fork(now, Some(token(6, 1)), token(8, 2));
    history.prepend(&[token(5, 1), token(6, 1), token(7, 2)]);
    history.fork(now, Some(token(5, 1)), token(9, 3));
    for lost in [token(7, 1), token(7, 2), token(8, 2)] {
        assert_eq!(history.last_common(&lost.into()), Some(token(5, 1)));
    }
    history.fork(now, None, token(9, 4));
    assert_eq!(history.last_common(&token(7, 1).into()), None);
}

#[test]
fn a_load_that_a_commit_has_overtaken_is_not_kept() {
    let history = history(Instant::now());
    // Read before revision 6, and offered after it.
    history.committed(&token(5, 1), &[write(6, "a")], Instant::now());
    history.offer(&token(5, 1), "a", version("a", 4));
    assert_eq!(kept(&history, "a"), None);
    history.offer(&token(6, 1), "a", version("a", 6));
    assert_eq!(kept(&history, "a"), Some(6));
}

#[test]
fn a_load_that_is_ahead_waits_for_its_revision() {
    let now = Instant::now();
    let history = history(now);
    history.offer(&token(7, 1), "a", version("a", 6));
    history.offer(&token(7, 1), "b", version("b", 3));
    history.offer(&token(7, 2), "c", version("c", 3));
    assert_eq!(kept(&history, "a"), None);
    history.extend(now, &[write(6, "a")], &token(8, 1));
    assert_eq!(kept(&history, "b"), None, "7 may have changed it");
    history.extend(now, &[step(7, 1), write(8, "b")], &token(8, 1));
    assert_eq!(kept(&history, "a"), Some(6));
    assert_eq!(kept(&history, "b"), Some(8), "8 came after what was read");
    assert_eq!(kept(&history, "c"), None, "another history's 7");
}

#[test]
fn what_waits_for_its_revision_is_bounded_and_given_up_when_no_poll_succeeds() {
    let now = Instant::now();
    let history = history(now);
    let long = || Version::new(Kind::Article, 6, vec![0; AHEAD_BYTES_MAX / 2].into());
    for name in ["a", "b", "c"] {
        history.offer(&token(7, 1), name, long());
    }
    assert_eq!(history.seen().ahead.len(), 2);
    history.stalled();
    assert!(history.seen().ahead.is_empty());
    history.offer(&token(7, 1), "d", version("d", 6));
    history.extend(now, &[step(6, 1), step(7, 1)], &token(7, 1));
    assert_eq!(kept(&history, "d"), Some(6));
}

#[test]
fn a_change_without_its_record_gives_the_old_one_up() {
    let now = Instant::now();
    let history = history(now);
    history.offer(&token(5, 1), "a", version("a", 2));
    let mut step = write(6, "a");
    step.changes[0].record = None;
    history.extend(now, &[step], &token(6, 1));
    assert_eq!(kept(&history, "a"), None);
}

#[test]
fn an_older_version_never_replaces_a_newer_one() {
    let now = Instant::now();
    let history = history(now);
    history.offer(&token(5, 1), "a", version("a", 2));
    history.committed(&token(5, 1), &[write(6, "a")], now);
    // The tail reads what this process has written, and a load of before comes late.
    history.extend(now, &[write(6, "a")], &token(6, 1));
    history.offer(&token(6, 1), "a", version("a", 2));
    assert_eq!(kept(&history, "a"), Some(6));
}

#[test]
fn an_own_commit_after_one_that_is_not_seen_gives_up_what_it_changed() {
    let now = Instant::now();
    let history = history(now);
    history.offer(&token(5, 1), "a", version("a", 2));
    history.offer(&token(5, 1), "b", version("b", 2));
    history.offer_page("page", page(token(5, 1)));
    history.committed(&token(6, 1), &[write(7, "a")], now);
    assert_eq!(kept(&history, "a"), None, "6 may have changed it too");
    assert_eq!(kept(&history, "b"), Some(2));
    let newest = history.applied().token;
    assert!(history.cache().page("page", &newest).is_none());
    // Of before the write, which whoever wrote may not be shown any more.
    history.offer(&token(5, 1), "a", version("a", 2));
    assert_eq!(kept(&history, "a"), None);
    history.offer(&token(7, 1), "a", version("a", 7));
    history.extend(now, &[step(6, 1), write(7, "a")], &token(7, 1));
    assert_eq!(kept(&history, "a"), Some(7));
}

#[test]
fn nothing_of_a_lost_history_is_left() {
    let now = Instant::now();
    let history = history(now);
    history.extend(now, &[write(6, "a"), step(7, 1)], &token(7, 1));
    history.offer(&token(7, 1), "a", version("a", 6));
    history.offer_page("page", page(token(7, 1)));
    history.fork(now, Some(token(5, 1)), token(6, 2));
    assert_eq!(kept(&history, "a"), None);
    assert!(history.cache().page("page", &token(9, 2)).is_none());
    // Read on the lost primary, offered afterwards.
    history.offer(&token(7, 1), "a", version("a", 6));
    history.offer_page("page", page(token(7, 1)));
    history.extend(now, &[step(7, 2)], &token(7, 2));
    assert_eq!(kept(&history, "a"), None);
    assert!(history.cache().page("page", &token(9, 2)).is_none());
}

#[test]
fn a_page_holds_until_a_record_of_its_kind_changes() {
    let now = Instant::now();
    let history = history(now);
    history.offer_page("page", page(token(5, 1)));
    let at = |revision| history.cache().page("page", &token(revision, 1)).is_some();
    assert!(at(5) && !at(4), "an older revision has not what it shows");
    let mut of_station = write(6, "stations/a");
    of_station.changes[0].kind = Kind::Station;
    history.extend(now, &[of_station], &token(6, 1));
    assert!(at(6));
    history.extend(now, &[write(7, "a")], &token(7, 1));
    assert!(!at(7));
    history.offer_page("page", page(token(6, 1)));
    assert!(!at(7), "it was read before the change");
}

#[test]
fn what_the_log_does_to_itself_gives_everything_up() {
    let now = Instant::now();
    let history = history(now);
    history.offer(&token(5, 1), "a", version("a", 2));
    history.offer_page("page", page(token(5, 1)));
    let mut reindexed = write(6, "log");
    reindexed.changes[0].kind = Kind::Log;
    history.extend(now, &[reindexed], &token(6, 1));
    assert_eq!(kept(&history, "a"), None);
    assert!(history.cache().page("page", &token(6, 1)).is_none());
}

#[test]
fn memory_takes_a_record_for_the_name_that_it_says_and_no_other() {
    let bytes = record("articles/ab");
    let is_of = |name| is_named(&bytes, name);
    assert!(is_of("articles/ab") && !is_of("articles/a") && !is_of("articles/abc"));
    assert!(!is_named(&bytes[..8], "articles/ab"), "cut short");
}
