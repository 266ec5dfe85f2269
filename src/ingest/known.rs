//! What is kept of a page that was read before.

use prost::Message;

use crate::articles::store::{OfPage, of_page};
use crate::db::Db;
use crate::error::Result;
use crate::extract::records::page_name;
use crate::ingest::write::ANSWER;
use crate::pb::IngestBulletinResponse;
use crate::reading::Snapshot;
use crate::record::decode;
use crate::records::check_size;
use crate::route::Freshness;

/// The articles of the page with this hash, deleted and corrected ones too, with their statistics and
/// the stations they name that are only proposed; without articles when none is of it.
pub async fn kept(
    db: &Db,
    sha256: &str,
    freshness: &Freshness,
) -> Result<(IngestBulletinResponse, Snapshot)> {
    let read = of_page(db, sha256, &page_name(sha256), freshness).await?;
    let OfPage {
        articles,
        statistics,
        proposed,
    } = &read.value;
    let records = [articles, statistics, proposed].into_iter().flatten();
    check_size(ANSWER, records.map(Vec::len).sum())?;
    let response = IngestBulletinResponse {
        articles: decoded(articles)?,
        statistics: decoded(statistics)?,
        stations: decoded(proposed)?,
        token: read.snapshot.token.to_string(),
        ..IngestBulletinResponse::default()
    };
    Ok((response, read.snapshot))
}

fn decoded<M: Message + Default>(records: &[Vec<u8>]) -> Result<Vec<M>> {
    records.iter().map(|record| decode(record)).collect()
}
