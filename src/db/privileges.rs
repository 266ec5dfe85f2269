//! What a role may do: the service needs to add to the log, never to change it.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};

use crate::db::Db;
use crate::error::{Error, Result};

/// What the service does, by table. It locks `head`, which takes the right to update it.
const NEEDED: [(&str, &[&str]); 12] = [
    ("head", &["select", "update"]),
    ("revisions", &["select", "insert"]),
    ("changes", &["select", "insert"]),
    ("sources", &["select", "insert"]),
    ("stations", &["select", "insert", "update"]),
    ("articles", &["select", "insert", "update"]),
    ("statistics", &["select", "insert", "update"]),
    ("horizon", &["select"]),
    ("keys", &["select"]),
    ("projection", &["select"]),
    ("schema_floor", &["select"]),
    ("_sqlx_migrations", &["select"]),
];

/// The role that a process connects as.
#[derive(Clone, Debug)]
pub struct Privileges {
    pub role: String,
    pub is_superuser: bool,
    /// Whether it owns a table, and hence may do anything to it.
    pub is_owner: bool,
    /// Whether it may change or remove what was logged.
    pub may_alter_log: bool,
    /// What it lacks, such as `insert on changes`.
    pub missing: Vec<String>,
}

impl Privileges {
    /// Of the role that is connected.
    pub async fn of(db: &Db) -> Result<Self> {
        let sql = "-- db.role
            select current_user::text as role, rolsuper,
                   exists (select from pg_tables
                           where tablename in ('changes', 'revisions', 'articles')
                             and schemaname = current_schema() and tableowner = current_user) as is_owner,
                   has_table_privilege('changes', 'update, delete, truncate')
                     or has_table_privilege('revisions', 'update, delete, truncate') as may_alter_log
            from pg_roles where rolname = current_user";
        let row = db.fetch_one(|| Ok(sqlx::query(sql))).await?;
        let (tables, privileges) = needed();
        let sql = "-- db.missing_privileges
            select privilege || ' on ' || name as missing
            from unnest($1::text[], $2::text[]) with ordinality as needed (name, privilege, place)
            where not has_table_privilege(name, privilege) order by place";
        let missing = db.fetch_all(|| Ok(sqlx::query(sql).bind(&tables).bind(&privileges)));
        let missing = missing.await?;
        let missing = missing.iter().map(|row| row.try_get("missing"));
        Ok(Self {
            role: row.try_get("role")?,
            is_superuser: row.try_get("rolsuper")?,
            is_owner: row.try_get("is_owner")?,
            may_alter_log: row.try_get("may_alter_log")?,
            missing: missing.collect::<Result<_, _>>()?,
        })
    }
}

fn needed() -> (Vec<&'static str>, Vec<&'static str>) {
    let pairs = NEEDED
        .into_iter()
        .flat_map(|(table, all)| all.iter().map(move |privilege| (table, *privilege)));
    pairs.unzip()
}

/// Lets a role serve the database, and no more: it may not alter the log.
pub async fn grant(db: &Db, role: &str) -> Result<()> {
    let mut connection = db.dedicated().await?;
    let mut tx = connection.begin().await?;
    let sql = "-- db.role_exists
        select quote_ident(rolname) as role, quote_ident(current_schema()) as schema
        from pg_roles where rolname = $1";
    let found = sqlx::query(sql).bind(role).fetch_optional(&mut *tx).await?;
    let Some(found) = found else {
        return Err(Error::invalid(
            "--grant-to",
            format!("{role:?} is no role of this server"),
        ));
    };
    let (role, schema): (String, String) = (found.try_get("role")?, found.try_get("schema")?);
    let on_tables = NEEDED.into_iter().map(|(table, privileges)| {
        format!("grant {} on {table} to {role};", privileges.join(", "))
    });
    let sql = format!(
        "grant usage on schema {schema} to {role}; {}",
        on_tables.collect::<String>()
    );
    tx.execute(AssertSqlSafe(sql)).await?;
    Ok(tx.commit().await?)
}
