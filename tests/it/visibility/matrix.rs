//! Every method × every role × every state of a record.

use std::collections::BTreeSet;

use bulletin::pb;
use bulletin::pb::consistency::Requirement;
use tonic::Code;

use super::calls::call;
use super::{CACHES, City, HIDDEN, STATES, State, Target, holds};
use crate::support::{Refusal, Service};

/// What comes of each method, to readers, editors and admins, of a record that is a draft (of a station:
/// PROPOSED), published (ACTIVE), retracted, deleted:
///
/// `S` the record is in the answer, `-` there is an answer without it, `N` NOT_FOUND, `P` PERMISSION_DENIED,
/// `F` FAILED_PRECONDITION, `A` ALREADY_EXISTS, `.` no record is so. Who does not say who he is is always
/// UNAUTHENTICATED. DeleteStation is refused to editors since articles name the stations.
const TABLE: &[(&str, &str, &str, &str)] = &[
    ("GetArticle", "NSSN", "SSSS", "SSSS"),
    ("BatchGetArticles", "NSSN", "SSSS", "SSSS"),
    ("ListArticles", "-SS-", "SSS-", "SSS-"),
    ("SearchArticles", "-S--", "-S--", "-S--"),
    ("CreateArticle", "PPPP", "AAAA", "AAAA"),
    ("UpdateArticle", "PPPP", "SSFN", "SSFN"),
    ("DeleteArticle", "PPPP", "SFPN", "SFSN"),
    ("UndeleteArticle", "PPPP", "AAAS", "AAAS"),
    ("PublishArticle", "PPPP", "SFFN", "SFFN"),
    ("RetractArticle", "PPPP", "FSFN", "FSFN"),
    ("GetStation", "NS.N", "SS.S", "SS.S"),
    ("BatchGetStations", "NS.N", "SS.S", "SS.S"),
    ("ListStations", "-S.-", "SS.-", "SS.-"),
    ("ResolveStations", "-S.-", "SS.-", "SS.-"),
    ("ListStationHonours", "NS.N", "-S.-", "-S.-"),
    ("CreateStation", "PP.P", "AA.A", "AA.A"),
    ("UpdateStation", "PP.P", "SS.N", "SS.N"),
    ("DeleteStation", "PP.P", "FF.N", "FF.N"),
    ("UndeleteStation", "PP.P", "AA.S", "AA.S"),
    ("GetStatistic", "NSSN", "SSSS", "SSSS"),
    ("BatchGetStatistics", "NSSN", "SSSS", "SSSS"),
    ("ListStatistics", "NSS-", "SSS-", "SSS-"),
    ("AggregateStatistics", "NS--", "-S--", "-S--"),
    ("CreateStatistic", "PPPP", "AAAA", "AAAA"),
    ("UpdateStatistic", "PPPP", "SSFN", "SSFN"),
    ("DeleteStatistic", "PPPP", "SSFN", "SSFN"),
    ("UndeleteStatistic", "PPPP", "AAAS", "AAAS"),
    ("GetHead", "----", "----", "----"),
    ("ListRevisions", "NSSN", "SSSS", "SSSS"),
    ("WatchChanges", "-SS-", "SSS-", "SSS-"),
    ("ExportRecords", "-SS-", "SSS-", "SSS-"),
    ("ImportRecords", "PPPP", "PPPP", "SSSS"),
    ("IngestBulletin", "PPPP", "SSSS", "SSSS"),
];

#[test]
fn the_table_has_every_method_there_is() {
    let services = pb::POOL.services();
    let ours = services.filter(|service| service.parent_file().package_name() == "bulletin.v1");
    let methods = ours.flat_map(|service| {
        let methods = service.methods();
        methods
            .map(|method| method.name().to_owned())
            .collect::<Vec<_>>()
    });
    let methods: BTreeSet<String> = methods.collect();
    let listed: BTreeSet<String> = TABLE.iter().map(|row| row.0.to_owned()).collect();
    assert_eq!(methods, listed);
    assert_eq!(listed.len(), TABLE.len());
}

#[tokio::test]
async fn every_role_is_shown_and_may_do_what_the_table_says() {
    let wrong = check_table(CACHES[0]).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_same_holds_without_memory() {
    let wrong = check_table(CACHES[1]).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn check_table(cache_bytes: u64) -> Vec<String> {
    let city = City::of_cache(cache_bytes).await;
    let callers = [
        // First, so that memory has everything by the time that readers ask.
        ("admin", &city.admin),
        ("editor", &city.editor),
        ("reader", &city.reader),
        ("nobody", &city.service),
    ];
    let mut wrong = Vec::new();
    for (method, of_reader, of_editor, of_admin) in TABLE {
        for (place, state) in STATES.into_iter().enumerate() {
            for ((who, service), row) in callers
                .iter()
                .zip([of_admin, of_editor, of_reader, &"UUUU"])
            {
                let cell = Cell {
                    method,
                    state,
                    who,
                    expected: char::from(row.as_bytes()[place]),
                };
                let is_read = !of_reader.contains('P');
                let freshnesses: &[Option<Requirement>] = match is_read && *who == "reader" {
                    true => &[
                        None,
                        Some(Requirement::MinimizeLatency(true)),
                        Some(Requirement::FullyConsistent(true)),
                    ],
                    false => &[None],
                };
                for freshness in freshnesses {
                    wrong.extend(cell.check(service, freshness).await);
                }
            }
        }
    }
    wrong
}

/// One call, and what must come of it.
struct Cell<'a> {
    method: &'a str,
    state: State,
    who: &'a str,
    expected: char,
}

impl Cell<'_> {
    async fn check(&self, service: &Service, freshness: &Option<Requirement>) -> Option<String> {
        let (method, state) = (self.method, self.state);
        if self.expected == '.' {
            return None;
        }
        let outcome = call(method, service, &Target::of(state), freshness.clone()).await;
        let found = letter(method, &outcome, state);
        let at = format!("{method} of {state:?} by {}, {freshness:?}", self.who);
        if found != self.expected {
            let expected = self.expected;
            return Some(format!("{at}: {found}, not {expected}: {outcome:?}"));
        }
        match self.who {
            "reader" => leak(&outcome, method, service, state, &at).await,
            _ => None,
        }
    }
}

fn letter(method: &str, outcome: &Result<Vec<u8>, Refusal>, state: State) -> char {
    match outcome {
        Ok(answer) if names(answer, method, &Target::of(state)) => 'S',
        Ok(_) => '-',
        Err(refusal) => match refusal.code {
            Code::NotFound => 'N',
            Code::PermissionDenied => 'P',
            Code::Unauthenticated => 'U',
            Code::FailedPrecondition => 'F',
            Code::AlreadyExists => 'A',
            _ => '?',
        },
    }
}

/// Whether the answer has the record, under its whole name.
fn names(answer: &[u8], method: &str, target: &Target) -> bool {
    let name = match method {
        _ if method.contains("Station") => &target.station,
        _ if method.contains("Statistic") => &target.statistic,
        _ => &target.article,
    };
    let length = char::from(u8::try_from(name.len()).unwrap());
    holds(answer, &format!("{length}{name}"))
}

/// What an answer to a reader tells of what is hidden: nothing in it may be of that, and a refusal must be as
/// of a record that never was.
async fn leak(
    outcome: &Result<Vec<u8>, Refusal>,
    method: &str,
    reader: &Service,
    state: State,
    at: &str,
) -> Option<String> {
    let refusal = match outcome {
        Ok(answer) => {
            let leaks = holds(answer, HIDDEN);
            return leaks.then(|| format!("{at}: leaks {:?}", String::from_utf8_lossy(answer)));
        }
        Err(refusal) => refusal,
    };
    let never = Target::never();
    let other = call(method, reader, &never, None).await.unwrap_err();
    let told = |refusal: &Refusal, target: &Target| {
        let Target {
            article,
            statistic,
            station,
            ..
        } = target;
        let told = format!("{refusal:?}");
        // The longer name first, of which the other is a part.
        told.replace(statistic, "NAME")
            .replace(article, "NAME")
            .replace(station, "NAME")
    };
    let (hidden, never) = (told(refusal, &Target::of(state)), told(&other, &never));
    (hidden != never).then(|| format!("{at}: {hidden}, but never was: {never}"))
}
