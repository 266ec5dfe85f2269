//! The proofs of a chunk's records, made before the transaction, each with what it was made against.

use std::collections::HashMap;
use std::sync::Arc;

use crate::articles::draft::ArticleDraft;
use crate::articles::write::source_sha256;
use crate::changes::view::View;
use crate::error::{Error, Result, Violation};
use crate::names::{ArticleName, StationName, StatisticName};
use crate::page::Page;
use crate::pb::record::Record as AnyRecord;
use crate::pb::{Article, SourceText, Station, Statistic};
use crate::rules::Check;
use crate::stations::draft::StationDraft;
use crate::statistics::draft::StatisticDraft;
use crate::transfer::chunk::Item;

/// What a record was found to be, and on what that depends.
#[derive(Clone)]
pub struct Proof {
    pub against: Against,
    pub outcome: Result<Draft, Vec<Violation>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    Nothing,
    /// The page with this hash; empty when the article has none.
    Page(String),
    /// The article as it is since this revision.
    Kept(i64),
    /// The article that the chunk has at this place.
    Given(usize),
}

#[derive(Clone)]
pub enum Draft {
    Source,
    Station(Station),
    Article(Article),
    Statistic(Statistic),
}

impl Proof {
    /// Of a rule that can only be broken by the record itself; other errors prove nothing.
    pub fn of(against: Against, outcome: Result<Draft>) -> Option<Self> {
        let outcome = match outcome {
            Ok(draft) => Ok(draft),
            Err(Error::Invalid(violations)) => Err(violations),
            Err(_) => return None,
        };
        Some(Self { against, outcome })
    }
}

pub fn source(field: &str, given: &SourceText) -> Result<Page> {
    let mut check = Check::default();
    check.source_text(&format!("{field}.text"), &given.text);
    check.finish()?;
    let page = Page::new(&given.text);
    if page.sha256() != given.sha256 || page.text().len() != given.text.len() {
        let description = format!("must be {:?}, the hash of the text", page.sha256());
        return Err(Error::invalid(format!("{field}.sha256"), description));
    }
    Ok(page)
}

pub fn station(field: &str, given: &Station) -> Result<Station> {
    StationName::parse(&format!("{field}.name"), &given.name)?;
    Ok(StationDraft::prove(field, given.clone())?.into_station())
}

pub fn article(field: &str, given: &Article, page: Option<&Page>) -> Result<Article> {
    ArticleName::parse(&format!("{field}.name"), &given.name)?;
    if !given.source_text.is_empty() {
        let description = "must be unset here: a page comes before its articles, as a source";
        return Err(Error::invalid(format!("{field}.source_text"), description));
    }
    Ok(ArticleDraft::prove_imported(field, given.clone(), page)?.into_article())
}

pub fn statistic(
    field: &str,
    given: &Statistic,
    article: &Article,
    page: Option<&Page>,
) -> Result<Statistic> {
    StatisticName::parse(&format!("{field}.name"), &given.name)?;
    let draft = StatisticDraft::prove_imported(field, given.clone(), article, page)?;
    Ok(draft.into_statistic())
}

/// The article that a statistic's name says it is of.
pub fn article_of(statistic: &str) -> &str {
    let article = statistic.split("/statistics/").next();
    article.unwrap_or_default()
}

/// The hash of the page an article is to have: the given one, else that which it has.
pub fn sha256_of<'a>(given: &'a Article, current: Option<&'a Article>) -> &'a str {
    match source_sha256(given) {
        "" => current.map_or("", source_sha256),
        given => given,
    }
}

/// Proves records one after the other.
pub struct Prover {
    /// The records of the chunk, and the articles of its statistics, as they are kept.
    view: View,
    /// Those that are held at the moment; nothing for one that there is not.
    pages: HashMap<String, Option<Arc<Page>>>,
    articles: HashMap<String, Option<(Against, Arc<Article>)>>,
}

impl Prover {
    pub fn of(view: View) -> Self {
        Self {
            view,
            pages: HashMap::new(),
            articles: HashMap::new(),
        }
    }

    /// Holds these pages, and those before no longer.
    pub fn take_pages<'a>(&mut self, view: &View, sha256s: impl IntoIterator<Item = &'a String>) {
        self.pages.clear();
        for sha256 in sha256s {
            let text = view.source(sha256).ok().flatten();
            let page = text.map(|text| Arc::new(Page::new(&text)));
            self.pages.insert(sha256.clone(), page);
        }
    }

    /// The page that must be read before the record is proven.
    pub fn lacks(&mut self, item: &Item) -> Option<String> {
        let sha256 = self.page_of(item)?;
        let is_lacking = !sha256.is_empty() && !self.pages.contains_key(&sha256);
        is_lacking.then_some(sha256)
    }

    /// The hash of the page that a record is proven against; nothing when that needs no page.
    fn page_of(&mut self, item: &Item) -> Option<String> {
        match &item.given {
            _ if self.is_same(item) => None,
            Some(AnyRecord::Article(given)) => {
                let current = self.view.seen::<Article>(&given.name).ok().flatten();
                Some(sha256_of(given, current.as_ref()).to_owned())
            }
            Some(AnyRecord::Statistic(given)) => {
                let (_, article) = self.article(article_of(&given.name))?;
                Some(source_sha256(&article).to_owned())
            }
            _ => None,
        }
    }

    /// Whether the content is what is kept already.
    pub fn is_same(&self, item: &Item) -> bool {
        let kept = self.view.heading(&item.name).ok().flatten();
        !item.etag.is_empty() && kept.is_some_and(|kept| item.is_kept_as(&kept))
    }

    fn article(&mut self, name: &str) -> Option<(Against, Arc<Article>)> {
        if let Some(known) = self.articles.get(name) {
            return known.clone();
        }
        let kept = self.view.seen::<Article>(name).ok().flatten();
        let kept = kept.map(|kept| (Against::Kept(kept.revision), Arc::new(kept)));
        self.articles.insert(name.to_owned(), kept.clone());
        kept
    }

    /// Proves the record at this place, as far as what it takes is there.
    pub fn prove(&mut self, item: &Item, place: usize) -> Option<Proof> {
        if self.is_same(item) {
            return None;
        }
        let field = item.path();
        match item.given.as_ref()? {
            AnyRecord::Source(given) => {
                let page = source(&field, given);
                if let Ok(page) = &page {
                    let page = Arc::new(page.clone());
                    self.pages.insert(given.sha256.clone(), Some(page));
                }
                Proof::of(Against::Nothing, page.map(|_| Draft::Source))
            }
            AnyRecord::Station(given) => {
                let station = station(&field, given);
                Proof::of(Against::Nothing, station.map(Draft::Station))
            }
            AnyRecord::Article(given) => {
                let sha256 = self.page_of(item)?;
                let page = self.page(&sha256)?;
                let article = article(&field, given, page.as_deref());
                if let Ok(article) = &article {
                    let given = (Against::Given(place), Arc::new(article.clone()));
                    self.articles.insert(article.name.clone(), Some(given));
                }
                Proof::of(Against::Page(sha256), article.map(Draft::Article))
            }
            AnyRecord::Statistic(given) => {
                let (against, article) = self.article(article_of(&given.name))?;
                let page = self.page(source_sha256(&article))?;
                let statistic = statistic(&field, given, &article, page.as_deref());
                Proof::of(against, statistic.map(Draft::Statistic))
            }
        }
    }

    /// A page that is held, or that there need not be one.
    fn page(&self, sha256: &str) -> Option<Option<Arc<Page>>> {
        match sha256 {
            "" => Some(None),
            _ => self.pages.get(sha256)?.clone().map(Some),
        }
    }
}
