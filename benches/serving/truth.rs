//! What the database holds, which every server's replies are compared with once.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use bulletin::pb::{Article, Statistic, View};
use prost::Message;
use sqlx::{PgConnection, Row as _};

use crate::calls::Method;
use crate::expected::{fields, text};

const ARTICLES: &str = "select name, record, basic_length from articles where name = any($1)";
const STATISTICS: &str = "select name, record, 0 from statistics where name = any($1)";

pub struct Truth(pub PgConnection);

impl Truth {
    /// The records of a reply must be those of the database, encoded in whatever way.
    pub async fn check(&mut self, method: Method, view: View, reply: &[u8]) -> Result<()> {
        let records = records(method, reply)?;
        ensure!(!records.is_empty(), "{} has no records", method.path());
        if method == Method::Search {
            return Ok(());
        }
        let names = records.iter().map(|record| text(record, 1));
        let names: Vec<String> = names.collect::<Result<_>>()?;
        let kept = self.kept(method, view, &names).await?;
        for (name, record) in names.iter().zip(records) {
            let kept = kept.get(name);
            let kept = kept.with_context(|| format!("{name:?} is answered, and not there"))?;
            let is_same = record == kept
                || match method {
                    Method::Statistics => is_equal::<Statistic>(record, kept)?,
                    _ => is_equal::<Article>(record, kept)?,
                };
            ensure!(is_same, "{name} is not answered as it is in the database");
        }
        Ok(())
    }

    async fn kept(
        &mut self,
        method: Method,
        view: View,
        names: &[String],
    ) -> Result<HashMap<String, Vec<u8>>> {
        let sql = match method {
            Method::Statistics => STATISTICS,
            _ => ARTICLES,
        };
        let rows = sqlx::query(sql).bind(names).fetch_all(&mut self.0).await?;
        let mut kept = HashMap::new();
        for row in rows {
            let mut record: Vec<u8> = row.try_get(1)?;
            if view == View::Basic {
                record.truncate(usize::try_from(row.try_get::<i32, _>(2)?)?);
            }
            kept.insert(row.try_get(0)?, record);
        }
        Ok(kept)
    }
}

fn records(method: Method, reply: &[u8]) -> Result<Vec<&[u8]>> {
    if method == Method::Get {
        return Ok(vec![reply]);
    }
    let fields = fields(reply)?.into_iter();
    Ok(fields
        .filter(|field| field.tag == 1)
        .map(|field| &reply[field.place])
        .collect())
}

fn is_equal<M: Message + Default + PartialEq>(left: &[u8], right: &[u8]) -> Result<bool> {
    Ok(M::decode(left)? == M::decode(right)?)
}
