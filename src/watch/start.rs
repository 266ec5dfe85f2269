//! Where a watch begins.

use std::pin::Pin;

use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::changes::since::position;
use crate::context::Context;
use crate::edge::reply::{Reply, reply};
use crate::edge::wire::WatchChangesResponse;
use crate::error::{Reason, Result, Violation};
use crate::pb::WatchChangesRequest;
use crate::pb::watch_changes_request::Start;
use crate::reading;
use crate::route::{Bound, Freshness};
use crate::sight::Sight;
use crate::token::{AskedToken, Token};
use crate::watch::filter::Filter;
use crate::watch::snapshot::Place;
use crate::watch::stream::{Sources, Watch};

pub type Responses = Pin<Box<dyn Stream<Item = Result<WatchChangesResponse, Status>> + Send>>;

/// Messages that wait for a reader beside those of its connection; the rest waits in the log.
const WAITING_MAX: usize = 2;

pub async fn watch(
    context: &Context,
    request: WatchChangesRequest,
    sight: Sight,
) -> Reply<Responses> {
    let filter = Filter::parse(&request, sight)?;
    let sources = Sources::of(context, &filter)?;
    let (position, snapshot) = start(context, &filter, request.start).await?;
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let watch = Watch::new(context, filter, sources, position, sender);
    tokio::spawn(watch.run(snapshot));
    let responses: Responses = Box::pin(ReceiverStream::new(receiver));
    Ok(reply(responses, position)?)
}

/// The revision after which changes are sent, and where in its snapshot to begin.
async fn start(
    context: &Context,
    filter: &Filter,
    asked: Option<Start>,
) -> Result<(Token, Option<Place>)> {
    match asked {
        // Asked for with `false`, a snapshot is not asked for.
        None | Some(Start::Snapshot(false)) => Ok((newest(context).await?, None)),
        Some(Start::Snapshot(true)) => Ok((newest(context).await?, Some(Place::default()))),
        Some(Start::Token(token)) => {
            let asked = AskedToken::parse("token", &token)?;
            Ok((position(&context.db, &asked).await?, None))
        }
        Some(Start::Cursor(cursor)) => {
            let cursor = context.page_tokens.resume(&filter.scope(), &cursor)?;
            let cursor = cursor.ok_or_else(|| {
                let problem = "must be the cursor of a message, got \"\"";
                Violation::new(Reason::TokenInvalid, "cursor", problem)
            })?;
            let position = position(&context.db, &cursor.history).await?;
            Ok((position, Some(Place::of(&cursor)?)))
        }
    }
}

async fn newest(context: &Context) -> Result<Token> {
    let newest = Freshness::of(Bound::Primary);
    Ok(reading::snapshot(&context.db, &newest).await?.token)
}
