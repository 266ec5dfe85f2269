//! Reads what writes need to be decided, in one statement.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::changes::log::{Tip, token};
use crate::changes::view::{Needs, View};
use crate::db::{BEGIN_READ, Db};
use crate::error::Result;
use crate::names::Kind;

/// How many things a read may name and still keep the plan of the reads before.
const LONG: usize = 100;

/// Reads what a write will need without the lock, which may have changed by the time it is needed.
pub async fn peek(db: &Db, needs: &Needs, view: &mut View) -> Result<()> {
    loop {
        let mut reader = db.bulk().reader().await?;
        let peeked = peek_on(db, reader.connection(), needs, view);
        let peeked = db.read_in_time(peeked).await;
        if let Some(peeked) = db.bulk().ended(reader, peeked) {
            return peeked;
        }
    }
}

async fn peek_on(
    db: &Db,
    connection: &mut PgConnection,
    needs: &Needs,
    view: &mut View,
) -> Result<()> {
    let mut tx = connection.begin_with(db.pooler().begin(BEGIN_READ)).await?;
    read_view(&mut tx, needs, view).await?;
    Ok(tx.commit().await?)
}

/// What may be looked up: nothing has a name that Postgres cannot hold.
fn texts(names: &BTreeSet<String>) -> Vec<&str> {
    let names = names.iter().map(String::as_str);
    names.filter(|name| !name.contains('\0')).collect()
}

/// The newest revision, and the time of the next.
const TIP: &str = "-- changes.read_view
    select 'TIP' as what, '' as name, '' as owner, chain as record, revision as number,
           greatest(date_trunc('microseconds', clock_timestamp()), commit_time) as now
      from (select * from revisions order by revision desc limit 1) as tip";

/// What else may be read, each by a list of names. A part that is not asked for is left out: all of them take
/// Postgres longer to begin than most writes need to be read.
const PARTS: [&str; 8] = [
    "select 'RECORD', name, '', record, 0, null from stations where name = any($n)",
    "select 'RECORD', name, '', record, 0, null from articles where name = any($n)",
    "select 'RECORD', name, '', record, 0, null from statistics where name = any($n)",
    "select 'STATISTIC', name, article, record, 0, null from statistics where article = any($n)",
    "select 'COUNT', '', article, null, count(*), null from statistics where article = any($n)
       group by article",
    "select 'REFERRER', r.name, asked, null, 0, null
       from unnest($n::text[]) as asked, lateral (
         (select name from stations
           where parent = asked and parent <> '' and not is_deleted limit 501)
         union all
         (select name from stations
           where merged_into = asked and merged_into <> '' and not is_deleted limit 501)
         union all
         (select name from articles where stations @> array[asked] and not is_deleted limit 501)
         union all
         (select name from statistics where stations @> array[asked] and not is_deleted limit 501)
         union all
         (select name from statistics
           where asked like '%/statistics/%' and article = split_part(asked, '/statistics/', 1)
             and parent_statistic = asked and not is_deleted limit 501)
         limit 501) as r",
    "select 'SOURCE', sha256, '', convert_to(text, 'UTF8'), 0, null
       from sources where sha256 = any($n)",
    "select 'PAGE', sha256, '', null, 0, null from sources where sha256 = any($n)",
];

/// Reads the newest revision, and what writes need into the view, in one statement: of referrers as many as
/// `REFERRERS_MAX` says.
pub async fn read_view(
    connection: &mut PgConnection,
    needs: &Needs,
    view: &mut View,
) -> Result<Tip, sqlx::Error> {
    let of_kind = |kind: Kind| -> Vec<&str> {
        let names = texts(&needs.records).into_iter();
        names.filter(|name| Kind::of(name) == kind).collect()
    };
    let asked: [Vec<&str>; PARTS.len()] = [
        of_kind(Kind::Station),
        of_kind(Kind::Article),
        of_kind(Kind::Statistic),
        texts(&needs.statistics_of),
        texts(&needs.counts_of),
        texts(&needs.referrers_of),
        texts(&needs.sources),
        texts(&needs.pages),
    ];
    let parts = PARTS.iter().zip(asked);
    let parts: Vec<_> = parts.filter(|(_, asked)| !asked.is_empty()).collect();
    let mut sql = TIP.to_owned();
    for (place, (part, _)) in (1..).zip(&parts) {
        sql += " union all ";
        sql += &part.replace("$n", &format!("${place}"));
    }
    let query = sqlx::query(AssertSqlSafe(sql))
        // Planned anew, a long list is worth it: a plan made while the tables were small, as when an
        // import fills them, would go on to read them whole.
        .persistent(needs.len() < LONG);
    let query = parts
        .into_iter()
        .fold(query, |query, (_, asked)| query.bind(asked));
    let rows = query.fetch_all(connection).await?;
    view.expect(needs);
    let mut tip = Err(sqlx::Error::RowNotFound);
    for row in rows {
        let name: String = row.try_get("name")?;
        match row.try_get("what")? {
            "TIP" => {
                let token = token(row.try_get("number")?, row.try_get("record")?)?;
                let now = row.try_get("now")?;
                tip = Ok(Tip { token, now });
            }
            "RECORD" => view.found_record(name, row.try_get("record")?),
            "STATISTIC" => {
                view.found_statistic(row.try_get("owner")?, name, row.try_get("record")?)
            }
            "COUNT" => {
                let count: i64 = row.try_get("number")?;
                view.found_count(
                    row.try_get("owner")?,
                    usize::try_from(count).unwrap_or(usize::MAX),
                );
            }
            "PAGE" => view.found_page(name),
            "REFERRER" => view.found_referrer(row.try_get("owner")?, name),
            _ => {
                let text = String::from_utf8(row.try_get("record")?);
                let text = text.map_err(|error| sqlx::Error::Decode(error.into()))?;
                view.found_source(name, text);
            }
        }
    }
    tip
}
