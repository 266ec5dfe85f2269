//! Records by name: from memory where that is as fresh as asked, else from the database.

use prost::bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::cache::loads::load;
use crate::cache::{Version, serving};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::reading::{Read, Snapshot, append_source_text, first, read, record_of, source_text_len};
use crate::record::{Body, basic};
use crate::route::{Bound, Freshness};
use crate::sight::Sight;

/// Most bytes of records in one batch; with its names and token it stays under 4 MiB.
pub const BATCH_BYTES_MAX: i64 = 4 * 1024 * 1024 - 64 * 1024;

/// How much of records is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The record as it is kept.
    Whole,
    /// An article's BASIC view.
    Basic,
    /// With the page's text, which is not kept in memory.
    WithText,
}

impl Form {
    /// A whole record in this form; its text must come from elsewhere.
    pub fn of(self, record: impl Into<Body>) -> Body {
        let mut body = record.into();
        if self == Form::Basic {
            body.truncate(basic(&body).len());
        }
        body
    }
}

/// One record by name, `$2`; `$3` says whether it is shown whatever its state.
macro_rules! get_sql {
    ($name:literal, $from:literal, $record:literal, $text:literal) => {
        $crate::reading::snapshot_sql!(
            $name,
            "select tip.*, found.record, found.text
             from tip left join (
               select ",
            $record,
            " as record, ",
            $text,
            " as text from ",
            $from,
            " where name = $2 and ($3 or ",
            $crate::reading::public_sql!(),
            ")) as found on true"
        )
    };
}
pub(crate) use get_sql;

/// Records by names, `$2`, in their order, without those that are at the revisions `$4`; `size` is of
/// all of them, `$3` the most there may be, `$5` whether they are shown whatever their states.
macro_rules! batch_sql {
    ($name:literal, $from:literal, $record:literal, $text:literal) => {
        $crate::reading::snapshot_sql!(
            $name,
            ", batch as (
               select asked.name as asked, asked.place, asked.at_hand, found.*,
                      (sum(octet_length(found.record) + coalesce(octet_length(found.text), 0))
                        over ())::bigint as size
               from unnest($2::text[], $4::bigint[]) with ordinality as asked (name, at_hand, place)
               left join lateral (
                 select revision, ",
            $record,
            " as record, ",
            $text,
            " as text from ",
            $from,
            " where name = asked.name and ($5 or ",
            $crate::reading::public_sql!(),
            ")) as found on true)
             select tip.*, null as asked, null as revision, null as size, null as record, null as text
             from tip
             union all
             select ",
            $crate::reading::no_tip_sql!(),
            ", batch.* from (
               select asked, revision, size,
                      case when size <= $3 and revision <> at_hand then record end as record,
                      case when size <= $3 then text end as text
               from batch order by place) as batch"
        )
    };
}
pub(crate) use batch_sql;

/// A record, by memory, a statement shared with others, or one of its own: a `get_sql!` statement.
pub async fn get(
    db: &Db,
    kind: Kind,
    sql: &'static str,
    name: &str,
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Option<Bytes>>> {
    if let Some(found) = serving::record(db, name, sight, freshness) {
        return Ok(Read {
            snapshot: found.snapshot,
            value: Some(found.value.bytes()),
        });
    }
    if may_be_shared(db, freshness)
        && let Some(found) = load(db, kind, name, freshness).await?
        && has_asked(db, &found.snapshot, freshness)
    {
        // Others may have asked for it who are shown more.
        let shown = found.value.filter(|version| version.is_shown(sight));
        if shown.is_some() || found.snapshot.is_of_primary {
            return Ok(Read {
                snapshot: found.snapshot,
                value: shown.map(|version| version.bytes()),
            });
        }
    }
    get_from_database(db, sql, name, sight, freshness).await
}

/// Whether a snapshot that knows nothing of the call is as fresh as it asks, as far as is known before.
fn may_be_shared(db: &Db, freshness: &Freshness) -> bool {
    let is_held = |asked| db.history().is_some_and(|history| history.holds(asked));
    match freshness.bound {
        Bound::Recent | Bound::Tokens => freshness.asked.iter().all(is_held),
        Bound::Any | Bound::Newest | Bound::Primary => false,
    }
}

/// Whether a snapshot has the revisions that the call names: it is of the history that holds them, and
/// not before them.
fn has_asked(db: &Db, snapshot: &Snapshot, freshness: &Freshness) -> bool {
    let is_ours = || {
        db.history()
            .is_some_and(|history| history.has(&snapshot.token))
    };
    let mut asked = freshness.asked.iter().peekable();
    let names_none = asked.peek().is_none();
    names_none || asked.all(|asked| asked.revision <= snapshot.token.revision) && is_ours()
}

/// Runs a `get_sql!` statement. That there is no record, or none for the caller, is answered by the primary
/// alone.
pub async fn get_from_database(
    db: &Db,
    sql: &'static str,
    name: &str,
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Option<Bytes>>> {
    let statement = |asked: Vec<i64>| {
        let query = sqlx::query(sql).bind(asked).bind(name);
        Ok(query.bind(sight.is_all()))
    };
    let mut found = read(db, freshness, statement).await?;
    if record_of(first(&found.value)?)?.is_none() && !found.snapshot.is_of_primary {
        found = read(db, &freshness.confirmed(), statement).await?;
    }
    Ok(Read {
        snapshot: found.snapshot,
        value: record_of(first(&found.value)?)?.map(Bytes::from),
    })
}

/// Every record as of one snapshot, or the names of those that are missing, or not for the caller: by memory, or a
/// `batch_sql!` statement for all that is not at hand.
pub async fn batch_get(
    db: &Db,
    sql: &'static str,
    form: Form,
    names: &[&str],
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Vec<Body>>> {
    let at_hand = match form {
        Form::WithText => vec![None; names.len()],
        Form::Whole | Form::Basic => {
            if let Some(found) = serving::records(db, names, sight, freshness) {
                return in_form(found, form);
            }
            at_hand(db, names)
        }
    };
    let batch = read_beside(db, sql, names, at_hand, sight, freshness).await?;
    let (batch, at_hand) = batch;
    let mut records = Vec::with_capacity(names.len());
    for ((row, name), at_hand) in batch.value.iter().zip(names).zip(at_hand) {
        let revision: i64 = row.try_get("revision")?;
        records.push(match (record_of(row)?, at_hand) {
            (Some(record), _) => {
                let record = Bytes::from(record);
                if form == Form::Whole {
                    offer(db, &batch.snapshot, name, revision, &record);
                }
                record.into()
            }
            (None, Some(version)) if version.revision == revision => form.of(version.record),
            (None, _) => return Err(too_large(row)),
        });
    }
    Ok(Read {
        snapshot: batch.snapshot,
        value: records,
    })
}

fn in_form(found: Read<Vec<Version>>, form: Form) -> Result<Read<Vec<Body>>> {
    let records = found.value.into_iter();
    let records: Vec<Body> = records.map(|version| form.of(version.record)).collect();
    check_size("a batch", records.iter().map(|record| record.len()).sum())?;
    Ok(Read {
        snapshot: found.snapshot,
        value: records,
    })
}

/// Reads what is not at hand, or all where the snapshot is not of what was seen: the same revision may be of
/// another history then.
async fn read_beside(
    db: &Db,
    sql: &'static str,
    names: &[&str],
    at_hand: Vec<Option<Version>>,
    sight: Sight,
    freshness: &Freshness,
) -> Result<(Read<Vec<PgRow>>, Vec<Option<Version>>)> {
    let batch = batch_from_database(db, sql, names, &at_hand, sight, freshness).await?;
    let uses_memory = at_hand.iter().any(Option::is_some);
    let is_seen = || {
        db.history()
            .is_some_and(|history| history.has(&batch.snapshot.token))
    };
    if !uses_memory || is_seen() {
        return Ok((batch, at_hand));
    }
    let nothing = vec![None; names.len()];
    let batch = batch_from_database(db, sql, names, &nothing, sight, freshness).await?;
    Ok((batch, nothing))
}

async fn batch_from_database(
    db: &Db,
    sql: &'static str,
    names: &[&str],
    at_hand: &[Option<Version>],
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Vec<PgRow>>> {
    let revisions = at_hand.iter();
    let revisions =
        revisions.map(|version| version.as_ref().map_or(-1, |version| version.revision));
    let revisions: Vec<i64> = revisions.collect();
    let statement = |asked: Vec<i64>| {
        Ok(sqlx::query(sql)
            .bind(asked)
            .bind(names)
            .bind(BATCH_BYTES_MAX)
            .bind(revisions.clone())
            .bind(sight.is_all()))
    };
    let mut found = read(db, freshness, statement).await?;
    let mut rows = found.value.split_off(1);
    let mut missing = missing(&rows)?;
    if !missing.is_empty() && !found.snapshot.is_of_primary {
        found = read(db, &freshness.confirmed(), statement).await?;
        rows = found.value.split_off(1);
        missing = self::missing(&rows)?;
    }
    match missing.is_empty() {
        true => Ok(Read {
            snapshot: found.snapshot,
            value: rows,
        }),
        false => Err(Error::Missing(missing)),
    }
}

/// What memory has of these records, however old it is: the statement tells what is still the newest.
fn at_hand(db: &Db, names: &[&str]) -> Vec<Option<Version>> {
    let cache = db.history().map(|history| history.cache());
    let versions = names.iter().map(|name| cache?.version(name));
    versions.collect()
}

/// Offers a record as a snapshot shows it to those who read it next.
pub(crate) fn offer(db: &Db, snapshot: &Snapshot, name: &str, revision: i64, record: &[u8]) {
    if let Some(history) = db.history() {
        let version = Version::new(Kind::of(name), revision, record.into());
        history.offer(&snapshot.token, name, version);
    }
}

/// Records as a list's response has them: its field 1, encoded.
pub fn as_field(records: &[Bytes]) -> Bytes {
    with_texts_as_field(records.iter().map(|record| (&**record, None)))
}

/// The same of records whose pages' texts come from elsewhere.
pub fn with_texts_as_field<'a>(
    records: impl Iterator<Item = (&'a [u8], Option<&'a str>)> + Clone,
) -> Bytes {
    const RECORDS: u32 = 1;
    let length = |record: &[u8], text: Option<&str>| record.len() + text.map_or(0, source_text_len);
    let total = records.clone().map(|(record, text)| {
        let length = length(record, text);
        key_len(RECORDS) + encoded_len_varint(length as u64) + length
    });
    let mut field = Vec::with_capacity(total.sum());
    for (record, text) in records {
        encode_key(RECORDS, WireType::LengthDelimited, &mut field);
        encode_varint(length(record, text) as u64, &mut field);
        field.extend_from_slice(record);
        if let Some(text) = text {
            append_source_text(&mut field, text);
        }
    }
    field.into()
}

/// The names of a batch that have no record, each once.
fn missing(rows: &[PgRow]) -> Result<Vec<String>> {
    let mut missing: Vec<String> = Vec::new();
    for row in rows {
        let name = row.try_get("asked")?;
        let revision: Option<i64> = row.try_get("revision")?;
        if revision.is_none() && !missing.contains(&name) {
            missing.push(name);
        }
    }
    Ok(missing)
}

/// Refuses an answer of more bytes of records than a message takes.
pub fn check_size(what: &'static str, size: usize) -> Result<()> {
    let limit = usize::try_from(BATCH_BYTES_MAX).unwrap_or(usize::MAX);
    match size <= limit {
        true => Ok(()),
        false => Err(Error::TooLarge { what, size, limit }),
    }
}

fn too_large(row: &PgRow) -> Error {
    let to_size = |bytes: i64| usize::try_from(bytes).unwrap_or(usize::MAX);
    match row.try_get::<i64, _>("size") {
        Ok(size) => Error::TooLarge {
            what: "a batch",
            size: to_size(size),
            limit: to_size(BATCH_BYTES_MAX),
        },
        Err(error) => error.into(),
    }
}
