//! What was read of a page, for a person to check.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::cli::marks::{Mark, Marks};
use crate::pb::ingest_bulletin_response::Warning;
use crate::pb::ingest_bulletin_response::warning::Code;
use crate::pb::paragraph::Kind;
use crate::pb::{Article, Comparison, IngestBulletinResponse, Statistic, comparison::Direction};

pub const HEADING: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();

/// The page's articles with every number and unit marked, and what they came to.
pub fn summary(name: &str, text: &str, response: &IngestBulletinResponse) -> String {
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
    articles(&mut out, text, response);
    let unit = Mark::Unit.style();
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
pub fn articles(out: &mut String, text: &str, response: &IngestBulletinResponse) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let chars: Vec<char> = text.chars().collect();
    let marks = Marks::of(chars.len(), response);
    for article in &response.articles {
        head(out, article);
        for paragraph in &article.paragraphs {
            let styled = marks.styled(&chars, &paragraph.fragments);
            match paragraph.kind() {
                Kind::Subhead => line(out, format_args!("\n  {HEADING}{styled}{HEADING:#}")),
                _ => line(out, format_args!("\n  {styled}")),
            }
        }
        let of_article = format!("{}/", article.name);
        let mut statistics = response.statistics.iter();
        let statistics = statistics
            .by_ref()
            .filter(|statistic| statistic.name.starts_with(&of_article));
        let rows: Vec<&Statistic> = statistics.collect();
        if !rows.is_empty() {
            line(
                out,
                format_args!("\n  {DIM}{} statistics{DIM:#}", rows.len()),
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
    let number = Mark::Number.style();
    let quantity = statistic.quantity.clone().unwrap_or_default();
    let text = |decimal: &Option<crate::pb::Decimal>| {
        decimal
            .as_ref()
            .map(|decimal| decimal.value.clone())
            .unwrap_or_default()
    };
    let mut value = text(&quantity.value);
    if quantity.value_max.is_some() {
        value = format!("{value}–{}", text(&quantity.value_max));
    }
    let per: String = quantity.per.iter().map(|per| format!("/{per}")).collect();
    let mut words = vec![
        statistic.assertion().as_str_name(),
        statistic.qualifier().as_str_name(),
    ];
    words.retain(|word| !matches!(*word, "REPORTED" | "EXACT"));
    let change = statistic.change.as_ref().map(change).unwrap_or_default();
    let words = words.join(" ");
    let shown = [change, words].into_iter().filter(|text| !text.is_empty());
    let shown: Vec<String> = shown.collect();
    line(
        out,
        format_args!(
            "  {DIM}{id}{DIM:#} {number}{value}{}{per}{number:#} {} {DIM}{}{DIM:#}",
            quantity.unit,
            statistic.metric,
            shown.join(" ")
        ),
    );
}

/// `↑12.5% 同比`
fn change(change: &Comparison) -> String {
    let sign = match change.direction() {
        Direction::Up => "↑",
        Direction::Down => "↓",
        _ => "→",
    };
    let delta = change
        .delta
        .as_ref()
        .map_or("", |delta| delta.value.as_str());
    let from = change.previous_value.as_ref();
    let from = from
        .map(|from| format!(" from {}", from.value))
        .unwrap_or_default();
    format!("{sign}{delta}{}{from} {}", change.delta_unit, change.basis)
        .trim_end()
        .to_owned()
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
