//! Answers with bytes that are in memory: what a call costs that has nothing to find out.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, bail};
use bulletin::edge::wire::Record;
use bulletin::pb::{
    BatchGetArticlesRequest, GetArticleRequest, ListArticlesRequest, ListStatisticsRequest,
};
use tonic::Status;

use super::dispatch::{Answer, Handlers};
use super::replies::Kept;
use crate::calls::{BATCH, GET, LIST, STATISTICS};

/// A spoiled echo answers one call in so many with a wrong byte.
const SPOILED_EVERY: u64 = 500;

/// Replies by what their request is known by. The codec writes a whole response as it writes a record:
/// its bytes, as they are.
#[derive(Clone, Default)]
pub struct Echo(Arc<Replies>);

#[derive(Default)]
struct Replies {
    get: HashMap<String, Record>,
    list: HashMap<String, Record>,
    batch: HashMap<String, Record>,
    statistics: HashMap<String, Record>,
    is_spoiled: bool,
    served: AtomicU64,
}

impl Echo {
    pub fn new(kept: Vec<Kept>, is_spoiled: bool) -> Result<Self> {
        let mut replies = Replies {
            is_spoiled,
            ..Replies::default()
        };
        for Kept { path, key, reply } in kept {
            let replies = match path.as_str() {
                GET => &mut replies.get,
                LIST => &mut replies.list,
                BATCH => &mut replies.batch,
                STATISTICS => &mut replies.statistics,
                path => bail!("{path} has no echo"),
            };
            replies.insert(key, Record(reply.into()));
        }
        Ok(Self(Arc::new(replies)))
    }

    fn answer(&self, replies: &HashMap<String, Record>, key: &str) -> Answer<Record> {
        let reply = replies.get(key);
        let mut reply = reply.cloned().ok_or_else(|| Status::not_found(key))?;
        if self.0.is_spoiled {
            let number = self.0.served.fetch_add(1, Ordering::Relaxed);
            let mut bytes = reply.0.to_vec();
            if let (0, Some(byte)) = (number % SPOILED_EVERY, bytes.first_mut()) {
                *byte ^= 1;
            }
            reply = Record(bytes.into());
        }
        Ok(reply)
    }
}

impl Handlers for Echo {
    type One = Record;
    type Page = Record;

    async fn get(&self, request: GetArticleRequest) -> Answer<Record> {
        self.answer(&self.0.get, &request.name)
    }

    async fn list(&self, request: ListArticlesRequest) -> Answer<Record> {
        self.answer(&self.0.list, &request.page_token)
    }

    async fn batch(&self, request: BatchGetArticlesRequest) -> Answer<Record> {
        let first = request.names.first().map_or("", String::as_str);
        self.answer(&self.0.batch, first)
    }

    async fn statistics(&self, request: ListStatisticsRequest) -> Answer<Record> {
        self.answer(&self.0.statistics, &request.page_token)
    }
}
