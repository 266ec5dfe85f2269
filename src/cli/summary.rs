//! What was read of a page, for a person to check.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::cli::count::counted;
use crate::cli::marks::{style, styled};
use crate::marks::{Kind as MarkKind, Marks};
use crate::pb::ingest_bulletin_response::Warning;
use crate::pb::ingest_bulletin_response::warning::Code;
use crate::pb::paragraph::Kind;
use crate::pb::{Article, IngestBulletinResponse, Statistic};
use crate::statistics::told;

pub const HEADING: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();

/// The page's articles with every number and unit marked, and what they came to.
pub fn summary(name: &str, response: &IngestBulletinResponse) -> String {
    let mut out = String::new();
    let what = if response.created {
        "written"
    } else {
        "not written"
    };
    line(
        &mut out,
        format_args!("{DIM}{name} · {what} · {}{DIM:#}", response.token),
    );
    articles(&mut out, response);
    let unit = style(Some(MarkKind::Unit));
    for station in &response.stations {
        let (shown, kind) = (&station.display_name, station.kind().as_str_name());
        line(
            &mut out,
            format_args!(
                "  proposed {unit}{shown}{unit:#} {DIM}{kind} {}{DIM:#}",
                station.name
            ),
        );
    }
    let warn = AnsiColor::Red.on_default();
    let told = |warning: &&Warning| warning.code() != Code::StationProposed;
    for warning in response.warnings.iter().filter(told) {
        let quote = warning.span.as_ref().map_or("", |span| span.quote.as_str());
        let quote: String = quote.chars().take(30).collect();
        let code = warning.code().as_str_name();
        line(
            &mut out,
            format_args!(
                "  {warn}{code}{warn:#} {} {DIM}{quote}{DIM:#}",
                warning.message
            ),
        );
    }
    out.push('\n');
    out
}

/// Articles with what was read of them marked.
pub fn articles(out: &mut String, response: &IngestBulletinResponse) {
    for article in &response.articles {
        let of_article = format!("{}/", article.name);
        let rows = response.statistics.iter();
        let rows = rows.filter(|statistic| statistic.name.starts_with(&of_article));
        let rows: Vec<&Statistic> = rows.collect();
        let marks = Marks::of(article, &rows);
        head(out, article);
        for paragraph in &article.paragraphs {
            let styled = styled(&marks, &paragraph.text, &paragraph.fragments);
            match paragraph.kind() {
                Kind::Subhead => line(out, format_args!("\n  {HEADING}{styled}{HEADING:#}")),
                _ => line(out, format_args!("\n  {styled}")),
            }
        }
        if !rows.is_empty() {
            line(
                out,
                format_args!("\n  {DIM}{}{DIM:#}", counted(rows.len(), "statistic")),
            );
        }
        for statistic in rows {
            row(out, statistic);
        }
        honours(out, article);
    }
}

pub fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a String takes every write");
}

fn head(out: &mut String, article: &Article) {
    let kicker = &article.kicker;
    if !kicker.is_empty() {
        line(out, format_args!("\n{DIM}{kicker}{DIM:#}"));
    }
    let lead = if kicker.is_empty() { "\n" } else { "" };
    line(
        out,
        format_args!("{lead}{HEADING}{}{HEADING:#}", article.headline),
    );
    let mut facts = vec![
        article.name.clone(),
        article.state().as_str_name().to_owned(),
    ];
    if article.completeness != 0 {
        facts.push(article.completeness().as_str_name().to_owned());
    }
    if let Some(jump) = &article.continuation {
        facts.push(format!("{} {}", jump.direction().as_str_name(), jump.page));
    }
    facts.extend(article.bylines.iter().map(|byline| {
        let role = &byline.role_text;
        let space = if role.is_empty() { "" } else { " " };
        format!("{role}{space}{}", byline.display_name)
    }));
    line(out, format_args!("{DIM}{}{DIM:#}", facts.join(" · ")));
}

fn row(out: &mut String, statistic: &Statistic) {
    let id = statistic.name.rsplit('/').next().unwrap_or_default();
    let number = style(Some(MarkKind::Number));
    let value = statistic.quantity.as_ref().map(told::value);
    let change = statistic.change.as_ref().map(told::change);
    let shown = [change.unwrap_or_default(), told::claim(statistic)];
    let shown: Vec<String> = shown.into_iter().filter(|text| !text.is_empty()).collect();
    line(
        out,
        format_args!(
            "  {DIM}{id}{DIM:#} {number}{}{number:#} {} {DIM}{}{DIM:#}",
            value.unwrap_or_default(),
            statistic.metric,
            shown.join(" ")
        ),
    );
}

fn honours(out: &mut String, article: &Article) {
    for honour in &article.honours {
        let by = if honour.awarding_body.is_empty() {
            honour.awarding_station.as_str()
        } else {
            honour.awarding_body.as_str()
        };
        let count = match honour.recipient_count {
            0 => honour.recipients.len() + honour.other_recipients.len(),
            count => usize::try_from(count).unwrap_or_default(),
        };
        let (id, state) = (&honour.id, honour.state().as_str_name());
        line(
            out,
            format_args!(
                "  {DIM}{id}{DIM:#} {} {DIM}{state} {count} {by}{DIM:#}",
                honour.title
            ),
        );
    }
}
