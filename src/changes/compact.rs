//! `bulletin compact`: empties records of the log that nobody needs any more, and keeps their digests.
//!
//! The horizon comes first, as a logged revision: whoever sees an empty record sees the horizon that
//! explains it. What is emptied follows from the horizon alone, so a run that was interrupted is
//! finished by any later one.

use prost::Message as _;
use sqlx::{PgConnection, Row as _};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, UtcOffset};

use crate::changes::log::{self, Revision, Tip};
use crate::changes::write::{Op, Row};
use crate::db::Db;
use crate::db::forks::fork;
use crate::error::{Error, Result, Violation};
use crate::pb;
use crate::token::{AskedToken, Token};

/// Most bytes one transaction empties, and at least one record: each must end well within its bounds.
const BATCH_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// How many changes one transaction looks at.
const CHANGES_AT_ONCE: i64 = 1_000;

const OPTION: &str = "--before";

/// Up to where versions that were superseded are given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    Revision(AskedToken),
    /// The last revision that was committed before it.
    Time(OffsetDateTime),
}

impl Before {
    pub fn parse(text: &str) -> Result<Self, Violation> {
        if let Ok(asked) = AskedToken::parse(OPTION, text) {
            return Ok(Self::Revision(asked));
        }
        let day = Date::parse(text, format_description!("[year]-[month]-[day]"));
        let time = day.map(|day| day.midnight().assume_utc());
        let time = time.or_else(|_| OffsetDateTime::parse(text, &Rfc3339));
        time.map(Self::Time).map_err(|_| {
            let got = Violation::shown(text);
            let description = format!(
                "must be a revision or its token, or a date or time of RFC 3339 such as 2026-01-31 or \
                 2026-01-31T08:00:00+08:00, got {got}"
            );
            Violation::invalid(OPTION, description)
        })
    }
}

/// What a run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The oldest revision that can be read; all before it may be compacted.
    pub horizon: Token,
    pub is_moved: bool,
    pub records: u64,
    pub bytes: u64,
}

/// A run, which may end after any batch.
#[derive(Debug)]
pub struct Compaction {
    db: Db,
    /// Revision and ordinal of the last change that was looked at.
    reached: (i64, i32),
    report: Report,
}

/// A change that is looked at.
struct Candidate {
    place: (i64, i32),
    size: i64,
    is_superseded: bool,
}

impl Compaction {
    /// Moves the horizon, unless it is there or further already: it never moves back.
    pub async fn begin(db: &Db, before: &Before) -> Result<Self> {
        let mut tx = db.begin(log::BEGIN_WRITE).await?;
        log::lock_head(&mut tx).await?;
        let tip = log::read_tip(&mut tx).await?;
        let asked = resolve(&mut tx, &tip, before).await?;
        let known = horizon(&mut tx).await?;
        let is_moved = asked.revision > known;
        let horizon = match is_moved {
            true => asked,
            false => token_at(&mut tx, known).await?,
        };
        if is_moved {
            move_horizon(&mut tx, &tip, &horizon).await?;
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        Ok(Self {
            db: db.clone(),
            reached: (0, 0),
            report: Report {
                horizon,
                is_moved,
                records: 0,
                bytes: 0,
            },
        })
    }

    pub fn report(&self) -> Report {
        self.report
    }

    /// Empties all that is left.
    pub async fn finish(&mut self) -> Result<()> {
        while self.empty_batch(CHANGES_AT_ONCE).await? {}
        Ok(())
    }

    /// Looks at this many changes, and empties those that are superseded, in a transaction of its own.
    /// Returns whether there are more.
    pub async fn empty_batch(&mut self, changes_max: i64) -> Result<bool> {
        let mut tx = self.db.begin(log::BEGIN_WRITE).await?;
        let candidates = self.candidates(&mut tx, changes_max).await?;
        if candidates.is_empty() {
            tx.rollback().await?;
            return Ok(false);
        }
        let (mut reached, mut size) = (self.reached, 0);
        let mut due = Vec::new();
        for candidate in candidates {
            if candidate.is_superseded {
                if !due.is_empty() && size + candidate.size > BATCH_BYTES_MAX {
                    break;
                }
                size += candidate.size;
                due.push(candidate.place);
            }
            reached = candidate.place;
        }
        let (records, bytes) = empty(&mut tx, &due).await?;
        tx.commit().await?;
        self.reached = reached;
        self.report.records += records;
        self.report.bytes += bytes;
        Ok(true)
    }

    /// The next changes, and whether a newer version makes each superfluous. What the log says of itself
    /// is never superseded, and neither is a page, which has one version.
    async fn candidates(
        &self,
        connection: &mut PgConnection,
        changes_max: i64,
    ) -> Result<Vec<Candidate>> {
        // A lookup a change: a join might read the whole log for every batch.
        let sql = "-- compact.candidates
            select revision, ordinal, coalesce(octet_length(record), 0)::bigint as size,
                   kind not in ('SOURCE', 'LOG') and record is not null and (
                     select true from changes newer
                     where newer.name = c.name and newer.revision > c.revision and newer.revision <= $3
                     limit 1) is true as is_superseded
            from changes c
            where (revision, ordinal) > ($1, $2) and revision <= $3
            order by revision, ordinal limit $4";
        let rows = sqlx::query(sql)
            .persistent(false)
            .bind(self.reached.0)
            .bind(self.reached.1)
            .bind(self.report.horizon.revision)
            .bind(changes_max)
            .fetch_all(connection)
            .await?;
        let candidates: Result<Vec<Candidate>, sqlx::Error> = rows
            .iter()
            .map(|row| {
                Ok(Candidate {
                    place: (row.try_get("revision")?, row.try_get("ordinal")?),
                    size: row.try_get("size")?,
                    is_superseded: row.try_get("is_superseded")?,
                })
            })
            .collect();
        Ok(candidates?)
    }
}

/// Empties records that are not empty yet, and returns how many, with their bytes.
///
/// Rows are locked in their order, so that two runs at once do not wait for each other.
async fn empty(connection: &mut PgConnection, due: &[(i64, i32)]) -> Result<(u64, u64)> {
    if due.is_empty() {
        return Ok((0, 0));
    }
    let sql = "-- compact.empty
        with due as (
          select revision, ordinal, octet_length(record) as size
          from changes join unnest($1::bigint[], $2::integer[]) as d (revision, ordinal)
            using (revision, ordinal)
          where record is not null
          order by revision, ordinal for update of changes),
        emptied as (
          update changes c set record = null from due
          where c.revision = due.revision and c.ordinal = due.ordinal returning size)
        select count(*) as records, coalesce(sum(size), 0)::bigint as bytes from emptied";
    let (revisions, ordinals): (Vec<i64>, Vec<i32>) = due.iter().copied().unzip();
    let row = sqlx::query(sql)
        .persistent(false)
        .bind(revisions)
        .bind(ordinals)
        .fetch_one(connection)
        .await?;
    let count = |column: &str| -> Result<u64> {
        u64::try_from(row.try_get::<i64, _>(column)?).map_err(Error::internal)
    };
    Ok((count("records")?, count("bytes")?))
}

/// The horizon in the connection's snapshot; 0 when nothing was ever compacted.
pub async fn horizon(connection: &mut PgConnection) -> Result<i64> {
    let sql = "-- compact.horizon
        select revision from horizon";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}

/// The horizon that a COMPACTED change says.
pub fn logged_horizon(record: &[u8]) -> Option<i64> {
    pb::Head::decode(record).ok().map(|head| head.horizon)
}

async fn move_horizon(connection: &mut PgConnection, tip: &Tip, horizon: &Token) -> Result<()> {
    let sql = "-- compact.move_horizon
        update horizon set revision = $1";
    sqlx::query(sql)
        .bind(horizon.revision)
        .execute(&mut *connection)
        .await?;
    let said = pb::Head {
        horizon: horizon.revision,
        ..pb::Head::default()
    };
    let row = Row::of_log(Op::Compacted, said.encode_to_vec());
    let revision = Revision {
        actor: "",
        reason: &format!("compact: superseded records up to {horizon}"),
        rows: &[row],
    };
    log::append(connection, tip, &[revision]).await?;
    Ok(())
}

async fn resolve(connection: &mut PgConnection, tip: &Tip, before: &Before) -> Result<Token> {
    match before {
        Before::Time(time) => last_before(connection, tip, *time).await,
        Before::Revision(asked) if asked.revision > tip.token.revision => {
            Err(Error::RevisionAhead {
                revision: asked.revision,
                newest: tip.token.revision,
            })
        }
        Before::Revision(asked) => {
            let token = token_at(connection, asked.revision).await?;
            if asked.names(&token.chain) {
                return Ok(token);
            }
            Err(fork(asked, None))
        }
    }
}

/// The last revision that was committed before a time, else revision 0. Commit times never run
/// backwards, and have no index.
async fn last_before(
    connection: &mut PgConnection,
    tip: &Tip,
    time: OffsetDateTime,
) -> Result<Token> {
    if time > tip.now {
        let now = tip.now.to_offset(UtcOffset::UTC);
        let shown = |time: OffsetDateTime| time.format(&Rfc3339).map_err(Error::internal);
        let (time, now) = (shown(time)?, shown(now)?);
        let description = format!("must not lie ahead of the database's clock ({now}), got {time}");
        return Err(Error::invalid(OPTION, description));
    }
    let sql = "-- compact.was_before
        select commit_time < $2 from revisions where revision = $1";
    let (mut found, mut after) = (0, tip.token.revision + 1);
    while found + 1 < after {
        let middle = found + (after - found) / 2;
        let was_before: bool = sqlx::query_scalar(sql)
            .bind(middle)
            .bind(time)
            .fetch_one(&mut *connection)
            .await?;
        match was_before {
            true => found = middle,
            false => after = middle,
        }
    }
    token_at(connection, found).await
}

async fn token_at(connection: &mut PgConnection, revision: i64) -> Result<Token> {
    let sql = "-- compact.token_at
        select revision, chain from revisions where revision = $1";
    let row = sqlx::query(sql)
        .bind(revision)
        .fetch_one(connection)
        .await?;
    Ok(log::token_of(&row)?)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn revisions_tokens_dates_and_times_are_told_apart() {
        let revision = |text| Before::Revision(AskedToken::parse(OPTION, text).expect("a token"));
        for (text, before) in [
            ("42", revision("42")),
            ("20260131", revision("20260131")),
            ("42-0123456789abcdef", revision("42-0123456789abcdef")),
            ("2026-01-31", Before::Time(datetime!(2026-01-31 0:00 UTC))),
            (
                "2026-01-31T08:00:00+08:00",
                Before::Time(datetime!(2026-01-31 0:00 UTC)),
            ),
            (
                "2026-01-31T00:00:00.5Z",
                Before::Time(datetime!(2026-01-31 0:00:00.5 UTC)),
            ),
        ] {
            assert_eq!(Before::parse(text), Ok(before), "{text}");
        }
        for bad in [
            "",
            "-1",
            "2026-02-30",
            "2026-1-1",
            "31.1.2026",
            "yesterday",
            "2026-01-31T08:00",
        ] {
            let refused = Before::parse(bad).expect_err(bad);
            assert!(
                refused
                    .to_string()
                    .starts_with("--before must be a revision"),
                "{refused}"
            );
        }
    }
}
