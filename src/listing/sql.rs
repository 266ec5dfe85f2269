//! The statements of lists.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

use crate::error::Result;
use crate::filter::order::AskedOrder;
use crate::filter::sql::{lower, planned_with_values};
use crate::listing::{Listed, PAGE_BYTES_MAX, Wanted};
use crate::reading::{no_tip_sql, public_sql, tip_sql};
use crate::sight::Sight;

/// How many times its bytes a page may read at first.
const BYTES_FACTOR: i64 = 4;

/// Which records a page's statement gives with its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// Those that are no longer than their share of what a page may read.
    Short,
    All,
    /// None: the records are in memory, or in the log.
    Left,
}

impl Bodies {
    /// How many bytes a record may have to be given, among so many.
    pub fn length_max(self, size: usize) -> i64 {
        match self {
            Self::Short => {
                let rows = i64::try_from(size + 1).unwrap_or(i64::MAX);
                BYTES_FACTOR * PAGE_BYTES_MAX / rows
            }
            Self::All | Self::Left => i64::MAX,
        }
    }
}

/// Parameters that come before those of the filter.
const PARAMETERS: usize = 6;

/// The parameter that is 0.
const ZERO: usize = 6;

/// The statement that reads a page's rows and one more, after `before`. Each says how many bytes its record has.
/// Where the page ends its reader finds out: sums over the rows would cost the database more than finding them.
pub fn page_query<'q>(
    listed: Listed,
    wanted: &Wanted<'q>,
    asked_revisions: Vec<i64>,
    bodies: Bodies,
    before: &str,
) -> Result<Query<'q, Postgres, PgArguments>> {
    let filter = lower(wanted.filter, PARAMETERS);
    let sql = page_sql(listed, wanted, bodies, &filter.sql);
    let query = sqlx::query(AssertSqlSafe(format!("{before}{sql}")))
        .bind(asked_revisions)
        .bind(wanted.show_deleted)
        .bind(wanted.after.unwrap_or_default())
        .bind(wanted.article)
        .bind(bodies.length_max(wanted.size))
        .bind(0_i64)
        // What is read a second time is of any size.
        .persistent(bodies != Bodies::All);
    Ok(filter.bind(query))
}

fn page_sql(listed: Listed, wanted: &Wanted<'_>, bodies: Bodies, filter: &str) -> String {
    let Listed {
        name,
        kind: _,
        form: _,
        table,
        record,
        text,
    } = listed;
    let conditions = conditions(wanted, filter);
    let order = order_sql(wanted.order);
    let keys = wanted.order.order.keys;
    let columns: String = keys
        .iter()
        .map(|key| format!("{}, ", key.column()))
        .collect();
    let (mut texts, mut no_texts) = (String::new(), String::new());
    for (at, key) in keys.iter().enumerate() {
        let (name, column) = (key_column(at), key.column());
        texts.push_str(&format!("{column}::text as {name}, "));
        no_texts.push_str(&format!("null as {name}, "));
    }
    // Written out: with a parameter the planner would not know how few rows are wanted, and hence would
    // plan each call anew.
    let limit = wanted.size + 1;
    let branch = |start: &str| {
        format!(
            "(select name, revision, {columns}{record} as record, {text} as text
              from {table} where {start} and {conditions}
              order by {order} limit {limit})"
        )
    };
    let branches: Vec<String> = starts(wanted).iter().map(|start| branch(start)).collect();
    let branches = branches.join("\nunion all\n");
    let (tip, no_tip) = (tip_sql!(), no_tip_sql!());
    // All parameters are always used, so that their types are known.
    let given = match bodies {
        Bodies::Short | Bodies::All => {
            "case when bytes <= $5 then record end as record, case when bytes <= $5 then text end as text"
        }
        Bodies::Left => "revision, $5 as length_max",
    };
    let not_given = match bodies {
        Bodies::Short | Bodies::All => "null as record, null as text",
        Bodies::Left => "null as revision, null as length_max",
    };
    let planned = match wanted.filter {
        Some(_) => planned_with_values(ZERO),
        None => format!("${ZERO}::bigint = 0"),
    };
    format!(
        "-- {name}
        {tip}
        select tip.*, null as name, {no_texts}null as bytes, {not_given} from tip where {planned}
        union all
        select {no_tip}, page.* from (
          select name, {texts}bytes, {given}
          from (
            select *, (octet_length(record) + coalesce(octet_length(text), 0))::bigint as bytes
            from ({branches}) as found) as found
          order by {order} limit {limit}) as page"
    )
}

/// What a row calls the text of one of its order's keys.
pub fn key_column(at: usize) -> String {
    format!("key_{at}")
}

/// What every row must fulfil.
fn conditions(wanted: &Wanted<'_>, filter: &str) -> String {
    let of_article = match wanted.article {
        Some(_) => "article = $4",
        None => "$4::text is null",
    };
    let shown = shown_sql(wanted.sight);
    format!("{shown} and $3::text[] is not null and {of_article} and {filter}")
}

/// What the caller is shown: by `$2`, which is always used, with deleted records or without.
fn shown_sql(sight: Sight) -> &'static str {
    match sight {
        Sight::All => "($2 or not is_deleted)",
        Sight::Public => concat!("$2::boolean is not null and ", public_sql!()),
    }
}

/// `name` comes first to last where the columns come last to first, and the other way round: one
/// index serves both directions.
fn order_sql(asked: AskedOrder) -> String {
    let keys = asked.order.keys;
    let direction = if asked.is_descending { "desc" } else { "asc" };
    let mut parts: Vec<String> = keys
        .iter()
        .map(|key| format!("{} {direction}", key.column()))
        .collect();
    parts.push(format!(
        "name {}",
        if names_descend(asked) { "desc" } else { "asc" }
    ));
    parts.join(", ")
}

fn names_descend(asked: AskedOrder) -> bool {
    asked.is_descending == asked.order.keys.is_empty()
}

/// The ranges of the index that come after the last record, in order: equal in all columns but the
/// name, in all but one, and so on. Each is one range scan, however many records are equal.
fn starts(wanted: &Wanted<'_>) -> Vec<String> {
    let keys = wanted.order.order.keys;
    if wanted.after.is_none() {
        return vec!["true".to_owned()];
    }
    // `= any` keeps the first column in the order that the index must give. With `=` the planner
    // knows it constant, and may walk all names for the equal ones instead.
    let equal = |count: usize| -> String {
        let parts = keys.iter().take(count).enumerate();
        parts
            .map(|(at, key)| {
                let (column, cast, place) = (key.column(), key.cast(), at + 1);
                match at {
                    0 => format!("{column} = any(array[$3[{place}]::{cast}]) and "),
                    _ => format!("{column} = $3[{place}]::{cast} and "),
                }
            })
            .collect()
    };
    let operator = |is_descending: bool| if is_descending { "<" } else { ">" };
    let name_place = keys.len() + 1;
    let by_name = operator(names_descend(wanted.order));
    let mut starts = vec![format!(
        "{}name {by_name} $3[{name_place}] collate \"C\"",
        equal(keys.len())
    )];
    for (at, key) in keys.iter().enumerate().rev() {
        let by = operator(wanted.order.is_descending);
        let (column, cast) = (key.column(), key.cast());
        starts.push(format!("{}{column} {by} $3[{}]::{cast}", equal(at), at + 1));
    }
    starts
}

/// The statement that counts a list's records, or has the planner say how many it expects.
pub fn total_statement<'q>(
    listed: Listed,
    wanted: &Wanted<'q>,
    is_exact: bool,
    asked_revisions: Vec<i64>,
) -> Query<'q, Postgres, PgArguments> {
    let filter = lower(wanted.filter, PARAMETERS);
    let table = listed.table;
    let of_article = match wanted.article {
        Some(_) => "article = $4",
        None => "$4::text is null",
    };
    let shown = shown_sql(wanted.sight);
    let from = format!(
        "from {table} where {shown} and {of_article} and {}
           and $1::bigint[] is not null and $3::text[] is not null
           and $5::bigint is not null and $6::bigint = 0",
        filter.sql
    );
    let sql = match is_exact {
        true => {
            let tip = tip_sql!();
            format!(
                "-- {table}.count\n{tip}\nselect tip.*, (select count(*) {from}) as count from tip"
            )
        }
        false => format!("-- {table}.estimate\nexplain (format json) select name {from}"),
    };
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(asked_revisions)
        .bind(wanted.show_deleted)
        .bind(Vec::<String>::new())
        .bind(wanted.article)
        .bind(0_i64)
        .bind(0_i64)
        .persistent(false);
    filter.bind(query)
}
