//! Records of all kinds, written as one revision: sources, stations, articles, statistics, in an order
//! in which each finds what it refers to. Records that exist are left alone.

use crate::articles::draft::ArticleDraft;
use crate::articles::station_references;
use crate::changes::view::{Needs, View};
use crate::changes::write::{Decision, Op, Row, Write};
use crate::error::{Error, Result, Violation};
use crate::names::{ArticleName, StationName, StatisticName};
use crate::page::Page;
use crate::pb::record::Record as AnyRecord;
use crate::pb::{Article, Record, SourceText, Station, Statistic, article, station};
use crate::record::{Record as _, Stamp, seal};
use crate::references::check_references;
use crate::stations;
use crate::stations::draft::StationDraft;
use crate::statistics;
use crate::statistics::draft::StatisticDraft;

/// Takes the place of an article's or station's name as the key: a chunk is decided alone.
const KEY: &str = "chunk";

pub struct Chunk {
    pub records: Vec<Record>,
}

impl Write for Chunk {
    fn key(&self) -> &str {
        KEY
    }

    fn is_solitary(&self) -> bool {
        true
    }

    fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        for record in &self.records {
            needs = match &record.record {
                Some(AnyRecord::Source(source)) => needs.and_source(&source.sha256),
                Some(AnyRecord::Station(station)) => {
                    let references = stations::station_references(station);
                    needs
                        .and_record(&station.name)
                        .and_records(references.iter().map(|(_, name)| *name))
                }
                Some(AnyRecord::Article(article)) => {
                    let sha256 = article.source.as_ref().map_or("", |source| &source.sha256);
                    let references = station_references(article);
                    needs
                        .and_record(&article.name)
                        .and_source(sha256)
                        .and_records(references.iter().map(|(_, name)| *name))
                }
                Some(AnyRecord::Statistic(statistic)) => {
                    let references = statistics::references(statistic);
                    needs
                        .and_record(&statistic.name)
                        .and_record(article_of(statistic))
                        .and_records(references.iter().map(|(_, name)| *name))
                }
                None => needs,
            };
        }
        needs
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        if let Some(more) = view.lacks(self.pages_of_kept_articles(view)?) {
            return Ok(Decision::Read(more));
        }
        let mut view = view.clone();
        let mut rows = Vec::new();
        for (index, record) in self.records.iter().enumerate() {
            let field = format!("records[{index}]");
            let row = match &record.record {
                Some(AnyRecord::Source(source)) => self::source(&view, &field, source)?,
                Some(AnyRecord::Station(station)) => self::station(&view, &field, station, stamp)?,
                Some(AnyRecord::Article(article)) => self::article(&view, &field, article, stamp)?,
                Some(AnyRecord::Statistic(statistic)) => {
                    self::statistic(&view, &field, statistic, stamp)?
                }
                None => return Err(Error::invalid(field, "must be a record of a known kind")),
            };
            if let Some(row) = row {
                view.apply(std::slice::from_ref(&row))?;
                rows.push(row);
            }
        }
        let answer = Vec::new();
        if rows.is_empty() {
            return Ok(Decision::Keep { answer });
        }
        Ok(Decision::Write {
            rows,
            answer,
            reason: String::new(),
        })
    }
}

impl Chunk {
    /// Statistics may be of articles that are not in the chunk, and are proven against their pages.
    fn pages_of_kept_articles(&self, view: &View) -> Result<Needs> {
        let mut needs = Needs::default();
        for record in &self.records {
            let Some(AnyRecord::Statistic(statistic)) = &record.record else {
                continue;
            };
            let article = view.record::<Article>(article_of(statistic))?;
            if let Some(source) = article.and_then(|article| article.source) {
                needs = needs.and_source(&source.sha256);
            }
        }
        Ok(needs)
    }
}

fn article_of(statistic: &Statistic) -> &str {
    let article = statistic.name.split("/statistics/").next();
    article.unwrap_or_default()
}

fn source(view: &View, field: &str, source: &SourceText) -> Result<Option<Row>> {
    let page = Page::new(&source.text);
    if page.sha256() != source.sha256 {
        let description = format!("must be {:?}, the hash of the text", page.sha256());
        return Err(Error::invalid(
            format!("{field}.source.sha256"),
            description,
        ));
    }
    match view.source(&source.sha256)? {
        Some(_) => Ok(None),
        None => Ok(Some(Row::of_source(&source.sha256, &source.text))),
    }
}

fn station(view: &View, field: &str, given: &Station, stamp: &Stamp) -> Result<Option<Row>> {
    let field = format!("{field}.station");
    StationName::parse(&format!("{field}.name"), &given.name)?;
    if view.seen::<Station>(&given.name)?.is_some() {
        return Ok(None);
    }
    let mut station = StationDraft::prove(&field, given.clone())?.into_station();
    check_references(view, &field, stations::station_references(&station))?;
    station.set_state(match given.state() {
        station::State::Unspecified => station::State::Active,
        state => state,
    });
    seal(&mut station, stamp);
    Ok(Some(Row::of(Op::Created, &station)))
}

fn article(view: &View, field: &str, given: &Article, stamp: &Stamp) -> Result<Option<Row>> {
    let field = format!("{field}.article");
    ArticleName::parse(&format!("{field}.name"), &given.name)?;
    if view.seen::<Article>(&given.name)?.is_some() {
        return Ok(None);
    }
    let page = page_of(view, given)?;
    let draft = ArticleDraft::prove(&field, given.clone(), page.as_ref(), None)?;
    let mut article = draft.into_article();
    check_references(view, &field, station_references(&article))?;
    article.set_state(match given.state() {
        article::State::Unspecified => article::State::Draft,
        state => state,
    });
    seal(&mut article, stamp);
    Ok(Some(Row::of(Op::Created, &article)))
}

fn statistic(view: &View, field: &str, given: &Statistic, stamp: &Stamp) -> Result<Option<Row>> {
    let field = format!("{field}.statistic");
    let name = StatisticName::parse(&format!("{field}.name"), &given.name)?;
    if view.seen::<Statistic>(&given.name)?.is_some() {
        return Ok(None);
    }
    let article = view.seen::<Article>(name.article().as_str())?;
    let article = article
        .filter(|article| !article.is_deleted())
        .ok_or_else(|| {
            let description = format!("must be of an article that exists, got {:?}", given.name);
            Violation::invalid(format!("{field}.name"), description)
        })?;
    let page = page_of(view, &article)?;
    let draft = StatisticDraft::prove(&field, given.clone(), &article, page.as_ref(), None)?;
    let mut statistic = draft.into_statistic();
    check_references(view, &field, statistics::references(&statistic))?;
    statistic.state = article.state;
    seal(&mut statistic, stamp);
    Ok(Some(Row::of(Op::Created, &statistic)))
}

fn page_of(view: &View, article: &Article) -> Result<Option<Page>> {
    match &article.source {
        Some(source) if !source.sha256.is_empty() => {
            Ok(view.source(&source.sha256)?.map(|text| Page::new(&text)))
        }
        _ => Ok(None),
    }
}
