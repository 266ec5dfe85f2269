//! `bulletin show`.

use anyhow::{Context as _, bail};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tonic::Status;

use crate::cli::client::{Channel, MESSAGE_BYTES, Retry, channel, print};
use crate::cli::json;
use crate::cli::summary::{DIM, HEADING, articles, line};
use crate::config::{Output, ShowOptions};
use crate::names::Kind;
use crate::pb::article_service_client::ArticleServiceClient;
use crate::pb::change_service_client::ChangeServiceClient;
use crate::pb::record::Record as AnyRecord;
use crate::pb::station_service_client::StationServiceClient;
use crate::pb::statistic_service_client::StatisticServiceClient;
use crate::pb::{
    Article, Fragment, GetArticleRequest, GetStationRequest, GetStatisticRequest,
    IngestBulletinResponse, ListRevisionsRequest, ListStationHonoursRequest, ListStatisticsRequest,
    Record, Revision, Station, Statistic, View,
};

const MESSAGE: &str = "bulletin.v1.Record";

/// How much of what happened to a record is shown.
const REVISIONS: i32 = 10;

/// How many honours of a station.
const HONOURS: i32 = 50;

pub async fn run(options: ShowOptions) -> anyhow::Result<()> {
    let known = ["articles/", "stations/"];
    if !known.iter().any(|kind| options.name.starts_with(kind)) {
        bail!(
            "name must be articles/{{article}}, articles/{{article}}/statistics/{{statistic}} or \
             stations/{{station}}, got {:?}",
            options.name
        );
    }
    let shown = Shown {
        channel: channel(&options.client)?,
        options,
    };
    let bytes = match shown.options.output {
        Output::Json => json::line(MESSAGE, &shown.record().await?)?,
        Output::Text => shown.text().await?.into_bytes(),
    };
    print(&bytes).map(drop)
}

struct Shown {
    channel: Channel,
    options: ShowOptions,
}

/// A client of a service, which takes messages as long as they come.
macro_rules! client {
    ($shown:ident, $client:ident) => {
        $client::new($shown.channel.clone()).max_decoding_message_size(MESSAGE_BYTES)
    };
}

impl Shown {
    fn name(&self) -> String {
        self.options.name.clone()
    }

    /// Calls until it is answered, or there is no point in it.
    async fn answer<T>(
        &self,
        call: impl AsyncFn() -> Result<tonic::Response<T>, Status>,
    ) -> anyhow::Result<T> {
        let mut retry = Retry::new(&self.options.client);
        loop {
            match call().await {
                Ok(response) => return Ok(response.into_inner()),
                Err(status) => retry.after(status).await?,
            }
        }
    }

    async fn record(&self) -> anyhow::Result<Record> {
        let record = match Kind::of(&self.options.name) {
            Kind::Station => AnyRecord::Station(self.station().await?),
            Kind::Statistic => AnyRecord::Statistic(self.statistic().await?),
            _ => AnyRecord::Article(self.article(self.name()).await?),
        };
        Ok(Record {
            record: Some(record),
        })
    }

    async fn text(&self) -> anyhow::Result<String> {
        let mut out = String::new();
        match Kind::of(&self.options.name) {
            Kind::Station => {
                let station = self.station().await?;
                describe(&mut out, &station);
                self.describe_honours(&mut out).await?;
            }
            Kind::Statistic => {
                let statistic = self.statistic().await?;
                let (article, _) = statistic
                    .name
                    .split_once("/statistics/")
                    .unwrap_or_default();
                let article = self.article(article.to_owned()).await?;
                describe_statistic(&mut out, article, statistic);
            }
            _ => {
                let article = self.article(self.name()).await?;
                let read = IngestBulletinResponse {
                    articles: vec![article],
                    statistics: self.statistics().await?,
                    ..IngestBulletinResponse::default()
                };
                articles(&mut out, &read);
            }
        }
        self.describe_revisions(&mut out).await?;
        out.push('\n');
        Ok(out)
    }

    async fn article(&self, name: String) -> anyhow::Result<Article> {
        let request = GetArticleRequest {
            name,
            view: View::Full.into(),
            ..GetArticleRequest::default()
        };
        let client = client!(self, ArticleServiceClient);
        self.answer(async || client.clone().get_article(request.clone()).await)
            .await
    }

    async fn station(&self) -> anyhow::Result<Station> {
        let request = GetStationRequest {
            name: self.name(),
            ..GetStationRequest::default()
        };
        let client = client!(self, StationServiceClient);
        self.answer(async || client.clone().get_station(request.clone()).await)
            .await
    }

    async fn statistic(&self) -> anyhow::Result<Statistic> {
        let request = GetStatisticRequest {
            name: self.name(),
            ..GetStatisticRequest::default()
        };
        let client = client!(self, StatisticServiceClient);
        self.answer(async || client.clone().get_statistic(request.clone()).await)
            .await
    }

    /// All statistics of the article.
    async fn statistics(&self) -> anyhow::Result<Vec<Statistic>> {
        let client = client!(self, StatisticServiceClient);
        let mut request = ListStatisticsRequest {
            parent: self.name(),
            page_size: 1_000,
            ..ListStatisticsRequest::default()
        };
        let mut all = Vec::new();
        loop {
            let page = self
                .answer(async || client.clone().list_statistics(request.clone()).await)
                .await?;
            all.extend(page.statistics);
            if page.next_page_token.is_empty() {
                return Ok(all);
            }
            request.page_token = page.next_page_token;
        }
    }

    async fn describe_honours(&self, out: &mut String) -> anyhow::Result<()> {
        let request = ListStationHonoursRequest {
            parent: self.name(),
            page_size: HONOURS,
            ..ListStationHonoursRequest::default()
        };
        let client = client!(self, StationServiceClient);
        let found = self
            .answer(async || client.clone().list_station_honours(request.clone()).await)
            .await?;
        for found in found.honours {
            let honour = found.honour.unwrap_or_default();
            let (title, article) = (honour.title, found.article);
            line(out, format_args!("  {title} {DIM}{article}{DIM:#}"));
        }
        if !found.next_page_token.is_empty() {
            line(out, format_args!("  {DIM}and more{DIM:#}"));
        }
        Ok(())
    }

    async fn describe_revisions(&self, out: &mut String) -> anyhow::Result<()> {
        let request = ListRevisionsRequest {
            name: self.name(),
            page_size: REVISIONS,
            ..ListRevisionsRequest::default()
        };
        let client = client!(self, ChangeServiceClient);
        let found = self
            .answer(async || client.clone().list_revisions(request.clone()).await)
            .await?;
        out.push('\n');
        for revision in &found.revisions {
            describe_revision(out, revision)?;
        }
        if !found.next_page_token.is_empty() {
            line(out, format_args!("  {DIM}and earlier ones{DIM:#}"));
        }
        Ok(())
    }
}

/// A station in a few lines.
fn describe(out: &mut String, station: &Station) {
    let Station {
        name,
        display_name,
        full_name,
        parent,
        merged_into,
        aliases,
        ..
    } = station;
    line(
        out,
        format_args!("\n{HEADING}{display_name}{HEADING:#} {full_name}"),
    );
    let mut facts = vec![
        name.clone(),
        station.kind().as_str_name().to_owned(),
        station.state().as_str_name().to_owned(),
    ];
    let named = [("below", parent), ("merged into", merged_into)];
    let named = named.into_iter().filter(|(_, name)| !name.is_empty());
    facts.extend(named.map(|(how, name)| format!("{how} {name}")));
    facts.extend(aliases.iter().cloned());
    line(out, format_args!("{DIM}{}{DIM:#}", facts.join(" · ")));
}

/// A statistic below its article's headline, and the paragraphs that it stands in.
fn describe_statistic(out: &mut String, mut article: Article, statistic: Statistic) {
    let span = statistic.span.clone().unwrap_or_default();
    article
        .paragraphs
        .retain(|paragraph| overlap(&paragraph.fragments, &span.fragments));
    article.honours.clear();
    let read = IngestBulletinResponse {
        articles: vec![article],
        statistics: vec![statistic],
        ..IngestBulletinResponse::default()
    };
    articles(out, &read);
}

/// `12  2020-06-12T08:00:00Z  CORRECTED  why  who`
fn describe_revision(out: &mut String, revision: &Revision) -> anyhow::Result<()> {
    let time = revision.time.unwrap_or_default();
    let time = OffsetDateTime::from_unix_timestamp(time.seconds)?;
    let time = time.format(&Rfc3339).context("a time has a form")?;
    let (number, what) = (revision.revision, revision.r#type().as_str_name());
    let (reason, actor) = (&revision.reason, &revision.actor);
    let told = format!("{number}  {time}  {what}  {reason}  {actor}");
    line(out, format_args!("  {DIM}{}{DIM:#}", told.trim_end()));
    Ok(())
}

/// Whether two places of a text have a part in common.
fn overlap(here: &[Fragment], there: &[Fragment]) -> bool {
    let meets = |one: &Fragment| {
        let mut there = there.iter();
        there.any(|other| one.start < other.end && other.start < one.end)
    };
    here.iter().any(meets)
}
