//! Requests with the replies they must get. Each reply was given once by the server that is to be
//! measured, and its records were found to be those of the database.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use bulletin::pb::View;
use prost::bytes::Bytes;
use tonic::transport::Channel;

use crate::calls::{self, Method};
use crate::city::draw::Draw;
use crate::city::{City, article_name};
use crate::expected::{Expected, fields, text};
use crate::raw;
use crate::truth::Truth;

const STREAM: u64 = 3_000;
const PAGE_SIZE_MAX: usize = 1_000;
/// Pages that a list is walked over to find where others may begin.
const WALKED_MAX: usize = 200;

#[derive(Clone, Debug)]
pub struct Exchange {
    /// What the echo knows the request by.
    pub key: String,
    pub request: Bytes,
    pub expected: Expected,
}

#[derive(Clone, Debug)]
pub struct Prepared {
    pub method: Method,
    pub exchanges: Vec<Exchange>,
}

/// A list that is called for: how many records a page has, and the request for one.
pub struct Pages<'a> {
    pub method: Method,
    pub view: View,
    pub size: usize,
    /// Of records that are listed.
    pub total: usize,
    pub request: &'a dyn Fn(&str, i32) -> Bytes,
}

/// Asks a server.
pub struct Preparing<'a> {
    pub channel: Channel,
    pub truth: &'a mut Truth,
    pub city: City,
}

impl Preparing<'_> {
    /// Names of articles, each once, drawn from all.
    pub fn names(&self, count: usize) -> Vec<String> {
        let mut draw = Draw::new(self.city.seed, STREAM, 0);
        let mut drawn = BTreeSet::new();
        while drawn.len() < count.min(self.city.articles) {
            drawn.insert(draw.below(self.city.articles));
        }
        drawn.into_iter().map(article_name).collect()
    }

    pub async fn gets(&mut self, count: usize) -> Result<Prepared> {
        let mut requests = Vec::new();
        for name in self.names(count) {
            let request = calls::get(&name);
            requests.push((name, request));
        }
        self.all(Method::Get, View::Full, requests).await
    }

    pub async fn batches(&mut self, size: usize, count: usize) -> Result<Prepared> {
        let names = self.names(PAGE_SIZE_MAX.max(size * count));
        let mut draw = Draw::new(self.city.seed, STREAM, 1);
        let mut requests = Vec::new();
        for first in names.iter().take(count) {
            let mut batch = vec![first.clone()];
            batch.extend((1..size).map(|_| names[draw.below(names.len())].clone()));
            requests.push((first.clone(), calls::batch(batch)));
        }
        self.all(Method::Batch, View::Full, requests).await
    }

    /// Pages that begin anywhere in a list, in its first 200,000 records if it is longer.
    pub async fn pages(&mut self, pages: &Pages<'_>, count: usize) -> Result<Prepared> {
        let step = (pages.total / WALKED_MAX).clamp(pages.size, PAGE_SIZE_MAX.max(pages.size));
        let mut starts = Vec::new();
        let mut token = String::new();
        while starts.len() < WALKED_MAX {
            let request = (pages.request)(&token, i32::try_from(step)?);
            let reply = raw::call(&self.channel, &pages.method.path(), request).await?;
            let records = fields(&reply)?
                .iter()
                .filter(|field| field.tag == 1)
                .count();
            if records >= pages.size {
                starts.push(token);
            }
            token = text(&reply, 2)?;
            if token.is_empty() {
                break;
            }
        }
        let mut draw = Draw::new(self.city.seed, STREAM, 2);
        while starts.len() > count {
            starts.swap_remove(draw.below(starts.len()));
        }
        let mut requests = Vec::new();
        for token in starts {
            let request = (pages.request)(&token, i32::try_from(pages.size)?);
            requests.push((token, request));
        }
        self.all(pages.method, pages.view, requests).await
    }

    /// Sends each request once, and keeps what it must be answered with.
    pub async fn all(
        &mut self,
        method: Method,
        view: View,
        requests: Vec<(String, Bytes)>,
    ) -> Result<Prepared> {
        let path = method.path();
        let mut exchanges = Vec::with_capacity(requests.len());
        for (key, request) in requests {
            let reply = raw::call(&self.channel, &path, request.clone()).await;
            let reply = reply.with_context(|| format!("{path} failed"))?;
            self.truth.check(method, view, &reply).await?;
            exchanges.push(Exchange {
                key,
                request,
                expected: Expected::of(method, reply)?,
            });
        }
        ensure!(!exchanges.is_empty(), "{path} has nothing to answer");
        Ok(Prepared { method, exchanges })
    }
}
