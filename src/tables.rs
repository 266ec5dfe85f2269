//! The resource tables as the log sees them: one function a kind that writes current rows.

use std::collections::HashMap;
use std::pin::Pin;

use sqlx::PgConnection;

use crate::changes::write::Row;
use crate::names::Kind;

/// A record's newest version, to be written to its table.
#[derive(Clone, Copy, Debug)]
pub struct Current<'a> {
    pub revision: i64,
    pub name: &'a str,
    pub record: &'a [u8],
}

/// Writes current rows of one kind; each name comes once.
pub type Project = for<'a> fn(
    &'a mut PgConnection,
    &'a [Current<'a>],
)
    -> Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'a>>;

/// How records become rows. Composed at the top, since the log knows no resource.
#[derive(Debug)]
pub struct Tables {
    pub sources: Project,
    pub stations: Project,
    pub articles: Project,
    pub statistics: Project,
}

impl Tables {
    /// Writes the last version of every name among consecutive changes.
    pub async fn project(
        &self,
        connection: &mut PgConnection,
        changes: &[(i64, &Row)],
    ) -> Result<(), sqlx::Error> {
        let mut last: HashMap<&str, (Kind, Current<'_>)> = HashMap::new();
        for (revision, row) in changes {
            let current = Current {
                revision: *revision,
                name: &row.name,
                record: &row.record,
            };
            last.insert(&row.name, (row.kind, current));
        }
        for (kind, project) in self.by_kind() {
            let mut rows: Vec<_> = last
                .values()
                .filter(|(row_kind, _)| *row_kind == kind)
                .map(|(_, current)| *current)
                .collect();
            rows.sort_by_key(|current| current.name);
            if !rows.is_empty() {
                project(connection, &rows).await?;
            }
        }
        Ok(())
    }

    pub fn by_kind(&self) -> [(Kind, Project); 4] {
        [
            (Kind::Source, self.sources),
            (Kind::Station, self.stations),
            (Kind::Article, self.articles),
            (Kind::Statistic, self.statistics),
        ]
    }
}
