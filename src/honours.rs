//! Honours that a station holds, read from the articles that report them.

use crate::articles::fields::{ORDERS, SCHEMA};
use crate::articles::store;
use crate::context::Context;
use crate::edge::list::AskedPage;
use crate::error::{Error, Result};
use crate::filter::check::check;
use crate::filter::order;
use crate::listing::{self, Wanted};
use crate::names::StationName;
use crate::pb::honour::State;
use crate::pb::list_station_honours_response::StationHonour;
use crate::pb::{Article, ListStationHonoursResponse, View};
use crate::reading::Snapshot;
use crate::record::decode;
use crate::sight::Sight;

/// One page: the honours of as many published articles as the page has, newest first.
pub async fn of_station(
    context: &Context,
    station: &StationName,
    sight: Sight,
    page: &AskedPage,
) -> Result<(ListStationHonoursResponse, Snapshot)> {
    let filter =
        format!("honours.recipients:\"{station}\" AND honours.state:AWARDED AND state = PUBLISHED");
    let filter = check(&SCHEMA, &filter).map_err(Error::internal)?;
    let order = order::parse(ORDERS, "publication.publish_date desc").map_err(Error::internal)?;
    let wanted = Wanted {
        article: None,
        filter: filter.as_ref(),
        order,
        after: page.after(),
        size: page.size(),
        show_deleted: false,
        sight,
    };
    let listed = store::listed(View::Full);
    let read = listing::list_records(&context.db, listed, wanted, &page.freshness).await?;
    let mut honours = Vec::new();
    for record in &read.value.records {
        let article: Article = decode(record)?;
        let received = article.honours.into_iter().filter(|honour| {
            honour.state() == State::Awarded
                && honour
                    .recipients
                    .iter()
                    .any(|recipient| recipient == station.as_str())
        });
        honours.extend(received.map(|honour| StationHonour {
            article: article.name.clone(),
            honour: Some(honour),
        }));
    }
    let next_page_token = page.next_token(context, &read.snapshot.token, read.value.next)?;
    let token = read.snapshot.token.to_string();
    Ok((
        ListStationHonoursResponse {
            honours,
            next_page_token,
            token,
        },
        read.snapshot,
    ))
}
