//! `bulletin doctor`: whether what `serve` would be given works, and what to do where it does not.

use std::fmt::Display;
use std::time::Duration;

use anyhow::bail;
use time::OffsetDateTime;

use crate::changes::reindex::{PROJECTION_VERSION, projection_version};
use crate::changes::standing::{Standing, has};
use crate::changes::verify::fault_of_tip;
use crate::cli::count::counted;
use crate::cli::environment;
use crate::cli::guard::{callers, check_listen, transport};
use crate::config::{DoctorOptions, GuardOptions, Stranger, strangers};
use crate::db::privileges::Privileges;
use crate::db::{Db, Pooler, Settings, Unfit};
use crate::embedded;
use crate::guard::tls::{ENDS_SOON, good_until};

/// Clocks that differ by more than this give tokens and certificates wrong times.
const CLOCK_DIFFERENCE_MAX: Duration = Duration::from_secs(5);

/// How far a standby may be behind before somebody should look.
const BEHIND_MAX: i64 = 1_000;

/// Prints what was looked at; an error is only that something is wrong.
pub async fn run(options: &DoctorOptions) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    match check_listen(&options.serve) {
        Ok(()) => findings.sound("listening", format!("on {}", options.serve.listen)),
        Err(error) => findings.failed("listening", error),
    }
    look_at_environment(&mut findings);
    look_at_guard(&options.serve.guard, &mut findings);
    match &options.serve.database_url {
        Some(url) => look_at_database(options, url, &mut findings).await,
        None => look_at_private(options, &mut findings),
    }
    match findings.faults {
        0 => Ok(()),
        1 => bail!("1 of these keeps the service from working"),
        faults => bail!("{faults} of these keep the service from working"),
    }
}

/// What was found, printed as it is found.
#[derive(Debug, Default)]
struct Findings {
    faults: usize,
}

impl Findings {
    fn sound(&mut self, subject: &str, what: impl Display) {
        println!("ok      {subject}: {what}");
    }

    /// It works, and could be better.
    fn advice(&mut self, subject: &str, what: impl Display) {
        println!("advice  {subject}: {what}");
    }

    fn fault(&mut self, subject: &str, what: impl Display) {
        self.faults += 1;
        println!("fault   {subject}: {what:#}");
    }

    /// It could not be looked at, or is refused: whoever runs this may know what lies under it.
    fn failed(&mut self, subject: &str, error: impl Into<anyhow::Error>) {
        let error: anyhow::Error = error.into();
        self.fault(subject, format_args!("{error:#}"));
    }

    /// Says how it is, or what is wrong; gives it if it is well.
    fn look<T, E: Into<anyhow::Error>>(
        &mut self,
        subject: &str,
        found: Result<T, E>,
        say: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        match found {
            Ok(found) => {
                self.sound(subject, say(&found));
                Some(found)
            }
            Err(error) => {
                self.failed(subject, error);
                None
            }
        }
    }
}

fn look_at_environment(findings: &mut Findings) {
    for Stranger { name, meant } in strangers(environment()) {
        let hint = match meant.as_slice() {
            [] => "unset it".to_owned(),
            meant => format!("is {} meant?", meant.join(" or ")),
        };
        findings.advice(
            "environment",
            format!("{name} is no option and is not read: {hint}"),
        );
    }
}

/// The files that say who may call.
fn look_at_guard(guard: &GuardOptions, findings: &mut Findings) {
    if guard.has_tls() {
        findings.look("TLS", transport(guard), |_| "the files can be used".into());
        look_at_end(guard, findings);
    }
    if guard.policy.is_some() {
        findings.look("callers", callers(guard), |_| {
            "keys and policy can be used".into()
        });
    }
}

/// Of a certificate that cannot be read something else is wrong, which was said.
fn look_at_end(guard: &GuardOptions, findings: &mut Findings) {
    let pem = guard
        .tls_certificate
        .as_ref()
        .and_then(|path| std::fs::read(path).ok());
    let Some(end) = pem.and_then(|pem| good_until(&pem)) else {
        return;
    };
    let (subject, left) = ("certificate", end - now());
    if left.is_negative() {
        findings.fault(
            subject,
            format!("has ended at {end}: no client believes it; replace it"),
        );
    } else if left < ENDS_SOON {
        findings.advice(subject, format!("ends at {end}, within a week: replace it"));
    } else {
        findings.sound(subject, format!("is good until {end}"));
    }
}

fn now() -> OffsetDateTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "this machine's clock is what is looked at, or what others are held to"
    )]
    OffsetDateTime::now_utc()
}

fn look_at_private(options: &DoctorOptions, findings: &mut Findings) {
    let settings = embedded::Options {
        state_dir: options.serve.state_dir.clone(),
        ephemeral: options.serve.ephemeral,
        postgres_bin_dir: options.serve.postgres_bin_dir.clone(),
    };
    findings.look("private PostgreSQL", embedded::look(&settings), |major| {
        format!("PostgreSQL {major} is installed and can be used")
    });
}

async fn look_at_database(options: &DoctorOptions, url: &str, findings: &mut Findings) {
    let settings = options.serve.settings(url.to_owned());
    let connected = Db::connect(&settings).await;
    let Some(db) = findings.look("connection", connected, |_| "the database answers".into()) else {
        return;
    };
    look_at_pooler(&db, settings.pooler, findings).await;
    let server = db.check_server().await;
    findings.look("server", server, |()| {
        "version, encoding and lc_ctype are right".into()
    });
    let schema = db.check_schema().await;
    let is_withheld = matches!(schema, Err(Unfit::Withheld(_)));
    let is_there = findings.look("schema", schema, |()| "this release can serve it".into());
    if is_there.is_some() {
        look_at_columns(&db, findings).await;
        look_at_privileges(&db, findings).await;
        look_at_log(&db, findings).await;
        look_at_replicas(&db, &settings, findings).await;
    } else if is_withheld {
        look_at_privileges(&db, findings).await;
    }
    db.close().await;
}

async fn look_at_pooler(db: &Db, said: Pooler, findings: &mut Findings) {
    match (db.is_pooled().await, said) {
        (Ok(true), Pooler::None) => findings.advice(
            "pooler",
            "there is one in transaction mode: unless it keeps prepared statements, give \
             --database-pooler transaction",
        ),
        (Ok(false), Pooler::Transaction) => findings.advice(
            "pooler",
            "there is none: leave out --database-pooler, which makes reads dearer",
        ),
        (Ok(_), _) => findings.sound("pooler", "is as it was said"),
        (Err(error), _) => findings.failed("pooler", error),
    }
}

async fn look_at_columns(db: &Db, findings: &mut Findings) {
    match projection_version(db).await {
        Ok(found) if found < PROJECTION_VERSION => findings.fault(
            "columns",
            format!("are version {found}, this release needs {PROJECTION_VERSION}; run `bulletin migrate`"),
        ),
        Ok(_) => findings.sound("columns", "are those of this release, or of a newer one"),
        Err(error) => findings.failed("columns", error),
    }
}

async fn look_at_privileges(db: &Db, findings: &mut Findings) {
    let subject = "privileges";
    match Privileges::of(db).await {
        Err(error) => findings.failed(subject, error),
        Ok(found) if !found.missing.is_empty() => {
            let (role, missing) = (found.role, found.missing.join(", "));
            let advice = format!("run `bulletin migrate --grant-to {role}` as the owner");
            findings.fault(subject, format!("{role:?} lacks {missing}: {advice}"));
        }
        Ok(found) if found.is_superuser || found.is_owner || found.may_alter_log => {
            let is = match (found.is_superuser, found.is_owner) {
                (true, _) => "is a superuser",
                (_, true) => "owns the tables",
                _ => "may alter the log",
            };
            let advice = "serve as a role that owns nothing, which `bulletin migrate --grant-to ROLE` \
                          lets do what is needed and no more";
            findings.advice(subject, format!("{:?} {is}: {advice}", found.role));
        }
        Ok(found) => {
            let what = "may add to the log and not alter it";
            findings.sound(subject, format!("{:?} {what}", found.role));
        }
    }
}

async fn look_at_log(db: &Db, findings: &mut Findings) {
    match fault_of_tip(db).await {
        Ok(None) => findings.sound("log", "its newest revision is sound"),
        Ok(Some(fault)) => findings.fault(
            "log",
            format!("{fault}: run `bulletin verify`, and restore a backup"),
        ),
        Err(error) => findings.failed("log", error),
    }
    match Standing::of(db).await {
        Ok(standing) if standing.is_standby => findings.fault(
            "primary",
            "DATABASE_URL leads to a standby, which takes no writes: name the primary",
        ),
        Ok(standing) => {
            findings.sound("primary", format!("is at {}", standing.token));
            look_at_clock(standing.clock, findings);
        }
        Err(error) => findings.failed("primary", error),
    }
}

fn look_at_clock(of_server: OffsetDateTime, findings: &mut Findings) {
    let difference = (now() - of_server).unsigned_abs();
    let said = format!("differs from the server's by {} ms", difference.as_millis());
    match difference > CLOCK_DIFFERENCE_MAX {
        true => findings.fault("clock", format!("{said}: set both by NTP")),
        false => findings.sound("clock", said),
    }
}

async fn look_at_replicas(db: &Db, settings: &Settings, findings: &mut Findings) {
    for (place, url) in settings.replica_urls.iter().enumerate() {
        let subject = format!("standby {}", place + 1);
        match replica(db, url, settings.pooler).await {
            Err(error) => findings.failed(&subject, error),
            Ok(behind) if behind > BEHIND_MAX => findings.advice(
                &subject,
                format!(
                    "is {} behind: reads go to the primary instead",
                    counted(behind, "revision")
                ),
            ),
            Ok(behind) => findings.sound(
                &subject,
                format!("is {} behind", counted(behind, "revision")),
            ),
        }
    }
}

/// How many revisions a standby is behind.
async fn replica(primary: &Db, url: &str, pooler: Pooler) -> anyhow::Result<i64> {
    let settings = Settings {
        pooler,
        ..Settings::direct(url, 1)
    };
    let db = Db::connect(&settings).await?;
    let standing = Standing::of(&db).await;
    db.close().await;
    let standing = standing?;
    if !standing.is_standby {
        bail!("takes writes: name it in DATABASE_URL, or leave it out of DATABASE_REPLICA_URLS");
    }
    if !has(primary, &standing.token).await? {
        bail!("is of another history than the primary: make it anew from the primary");
    }
    Ok(Standing::of(primary).await?.token.revision - standing.token.revision)
}
