//! What every service works with.

use std::sync::Arc;

use crate::changes::committer::Committer;
use crate::db::Db;
use crate::paging::PageTokens;

#[derive(Clone, Debug)]
pub struct Context {
    pub db: Db,
    pub committer: Committer,
    pub page_tokens: Arc<PageTokens>,
}
