//! The bytes of records whose newest revisions a snapshot told: from memory at exactly that revision, all
//! others with one statement from the log, where a version never changes.

use prost::bytes::Bytes;
use sqlx::Row as _;

use crate::db::Db;
use crate::error::Result;
use crate::reading::{Snapshot, no_tip_sql, read, snapshot_sql};
use crate::records::offer;
use crate::route::Freshness;

/// The records of (name, revision), in order; nothing when one is gone, since it was superseded and
/// compacted meanwhile.
pub async fn bodies(
    db: &Db,
    wanted: &[(String, i64)],
    snapshot: &Snapshot,
    freshness: &Freshness,
) -> Result<Option<Vec<Bytes>>> {
    // Where the snapshot is not of what was seen, the same revision may be of another history.
    let history = db.history().filter(|history| history.has(&snapshot.token));
    let cache = history.map(|history| history.cache());
    let at_hand = |(name, revision): &(String, i64)| {
        let version = cache?.version(name)?;
        (version.revision == *revision).then(|| version.bytes())
    };
    let mut bodies: Vec<Option<Bytes>> = wanted.iter().map(at_hand).collect();
    let missing = bodies.iter().enumerate();
    let missing = missing.filter_map(|(place, body)| body.is_none().then_some(place));
    let missing: Vec<usize> = missing.collect();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|at| wanted[*at].0.as_str()).collect();
        let revisions: Vec<i64> = missing.iter().map(|at| wanted[*at].1).collect();
        let sql = snapshot_sql!(
            "changes.versions_at",
            "select tip.*, null as place, null as record from tip
             union all
             select ",
            no_tip_sql!(),
            ", asked.place, c.record
             from unnest($2::text[], $3::bigint[]) with ordinality as asked (name, revision, place)
             left join changes c on c.name = asked.name and c.revision = asked.revision"
        );
        let statement =
            |asked: Vec<i64>| Ok(sqlx::query(sql).bind(asked).bind(&names).bind(&revisions));
        let after = Freshness::after(snapshot, freshness.deadline);
        for row in read(db, &after, statement).await?.value.iter().skip(1) {
            let place = usize::try_from(row.try_get::<i64, _>("place")? - 1).unwrap_or(usize::MAX);
            let record: Option<Vec<u8>> = row.try_get("record")?;
            let (Some(record), Some(place)) = (record, missing.get(place)) else {
                continue;
            };
            let (name, revision) = &wanted[*place];
            let record = Bytes::from(record);
            offer(db, snapshot, name, *revision, &record);
            bodies[*place] = Some(record);
        }
    }
    Ok(bodies.into_iter().collect())
}
