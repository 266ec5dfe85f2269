//! A page's articles and statistics as records, once its units have names.

use std::mem;

use super::figures::Figure;
use super::honours::Honour;
use super::passage::Passage;
use super::people::{self, Person};
use super::reading::{Reading, Report};
use super::story::{Place, Role, Story, clauses};
use super::units::Found;
use crate::articles::draft::{BYLINES_MAX, CAPTIONS_MAX, MENTIONS_MAX, QUOTATIONS_MAX};
use crate::fold::simplified;
use crate::page::Page;
use crate::pb::{self, Article, Statistic, paragraph};
use crate::statistics::STATISTICS_MAX;

/// Shortest and longest headline that is made of the text's first words, in characters.
const OPENING_LENGTH_MIN: usize = 10;
const OPENING_LENGTH_MAX: usize = 60;

/// What is counted where no words say it.
const UNNAMED: &str = "数值";

/// One article in so many characters must be Traditional for the text to be.
const TRADITIONAL_SHARE: usize = 20;

/// An article with its statistics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    pub article: Article,
    pub statistics: Vec<Statistic>,
    /// Numbers beyond what an article may have.
    pub left_out: Vec<Place>,
}

/// What a page's articles are called: `p`, ten digits of the page's hash, a number from 1.
pub fn article_name(page: &Page, index: usize) -> String {
    format!("{}-{}", page_name(page.sha256()), index + 1)
}

/// What the names of a page's articles begin with, up to the hyphen.
pub fn page_name(sha256: &str) -> String {
    format!("articles/p{}", &sha256[..10])
}

/// The records of every article, made of what the reports hold; of these the stories stay. `stations`
/// are the names of the units, by their indices.
pub fn records(page: &Page, reading: &mut Reading<'_>, stations: &[String]) -> Vec<Records> {
    let language = language(page);
    let (units, publication) = (&reading.units, &reading.publication);
    let reports = reading.reports.iter_mut().enumerate();
    reports
        .map(|(index, report)| {
            let figures = mem::take(&mut report.figures);
            let beyond = figures.iter().skip(STATISTICS_MAX);
            let left_out = beyond.map(|figure| figure.number.clone()).collect();
            let name = article_name(page, index);
            let statistics = statistics(report, figures, &name, stations);
            let mut article = article(page, report, stations);
            language.clone_into(&mut article.language_code);
            article.name = name;
            article.publication.clone_from(publication);
            article.mentions = mentions(&report.story, units.of(index), stations);
            Records {
                article,
                statistics,
                left_out,
            }
        })
        .collect()
}

fn article(page: &Page, report: &mut Report<'_>, stations: &[String]) -> Article {
    let story = &report.story;
    let mut article = Article {
        continuation: story.continuation.clone(),
        source: Some(page.source()),
        paragraphs: paragraphs(story),
        captions: captions(story),
        ..Article::default()
    };
    article.set_completeness(story.completeness);
    head(story, &mut article);
    let people = mem::take(&mut report.people);
    let known = |name: &str| {
        let person = people::named(&people, name);
        person.map_or_else(String::new, |person| person.person.id.clone())
    };
    let bylines = report.bylines.drain(..).take(BYLINES_MAX);
    article.bylines = bylines
        .map(|byline| pb::Byline {
            person: known(&byline.byline.display_name),
            span: Some(story.span(&byline.place)),
            ..byline.byline
        })
        .collect();
    article.people = named_people(story, people, stations);
    let quotations = report.quotations.drain(..).take(QUOTATIONS_MAX);
    article.quotations = quotations
        .map(|quotation| pb::Quotation {
            span: Some(story.span(&quotation.place)),
            ..quotation.quotation
        })
        .collect();
    let honours = mem::take(&mut report.honours);
    article.honours = named_honours(story, honours, stations);
    let events = report.events.drain(..);
    article.events = events
        .map(|event| pb::Event {
            organizer_stations: named(&event.organizers, stations),
            span: Some(story.span(&event.place)),
            ..event.event
        })
        .collect();
    let works = report.works.drain(..);
    article.works = works
        .map(|work| pb::Work {
            span: Some(story.span(&work.place)),
            ..work.work
        })
        .collect();
    article
}

/// Names of units, each once.
fn named(units: &[usize], stations: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in units.iter().filter_map(|unit| stations.get(*unit)) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// What stands above the text. A headline that is not printed is the text's first words.
fn head(story: &Story<'_>, article: &mut Article) {
    let first = |role| story.of(role).next().map(|(_, passage)| passage);
    let whole = |passage: &Passage<'_>| {
        let words = passage.printed(passage.whole());
        (words, Some(passage.span(passage.whole())))
    };
    if let Some(passage) = first(Role::Kicker) {
        (article.kicker, article.kicker_span) = whole(passage);
    }
    if let Some(passage) = first(Role::Deck) {
        (article.deck, article.deck_span) = whole(passage);
    }
    if let Some(passage) = first(Role::Headline) {
        (article.headline, article.headline_span) = whole(passage);
        // One printed line was taken apart, which the layout would have told and the text does not.
        if !article.kicker.is_empty() && is_one_line(story) {
            article.inferred = vec!["headline".to_owned(), "kicker".to_owned()];
        }
        return;
    }
    let opening = story.body().next().or_else(|| {
        let parts = story.parts.iter().enumerate();
        parts.map(|(index, part)| (index, &part.passage)).next()
    });
    let Some((_, passage)) = opening else {
        return;
    };
    let range = opening_words(passage);
    article.headline = passage.printed(range.clone());
    article.headline_span = Some(passage.span(range));
    article.inferred = vec!["headline".to_owned()];
}

fn is_one_line(story: &Story<'_>) -> bool {
    let end = |(_, passage): (usize, &Passage<'_>)| passage.place(passage.text().len());
    let start = |(_, passage): (usize, &Passage<'_>)| passage.place(0);
    let kicker = story.of(Role::Kicker).next().map(end);
    let headline = story.of(Role::Headline).next().map(start);
    kicker
        .zip(headline)
        .is_some_and(|(end, start)| start == end + 1)
}

/// The first clauses, as many as say something, from the first character on that is printed.
fn opening_words(passage: &Passage<'_>) -> std::ops::Range<usize> {
    let is_printed = |char: char| !char.is_control() && !char.is_whitespace();
    let start = passage.text().find(is_printed).unwrap_or(0);
    let text = &passage.text()[start..];
    let at = |length: usize| {
        text.char_indices()
            .nth(length)
            .map_or(text.len(), |(at, _)| at)
    };
    let (enough, most) = (at(OPENING_LENGTH_MIN), at(OPENING_LENGTH_MAX));
    let clause = clauses(text).find(|clause| clause.end > enough);
    let end = clause.map_or(text.len(), |clause| clause.end).min(most);
    let words = text[..end].trim_end_matches([',', '。', ';', ':', '!', '?', ' ']);
    let length = match words.contains(is_printed) {
        true => words.len(),
        false => end,
    };
    passage.trimmed(start..start + length)
}

/// Traditional when enough of the characters are such.
fn language(page: &Page) -> &'static str {
    let is_han = |char: &char| matches!(char, '\u{3400}'..='\u{9fff}');
    let (mut all, mut traditional) = (0, 0);
    for char in page.text().chars().filter(is_han) {
        all += 1;
        traditional += usize::from(simplified(char) != char);
    }
    match (all, traditional) {
        (0, _) => "",
        _ if traditional * TRADITIONAL_SHARE > all => "zh-Hant",
        _ => "zh-Hans-CN",
    }
}

fn paragraphs(story: &Story<'_>) -> Vec<pb::Paragraph> {
    let parts = story.parts.iter();
    parts
        .filter_map(|part| {
            let kind = match part.role {
                Role::Body => paragraph::Kind::Body,
                Role::Subhead => paragraph::Kind::Subhead,
                _ => return None,
            };
            let span = part.passage.span(part.passage.whole());
            Some(pb::Paragraph {
                text: span.quote,
                kind: kind.into(),
                fragments: span.fragments,
            })
        })
        .collect()
}

fn captions(story: &Story<'_>) -> Vec<pb::Caption> {
    let mut captions: Vec<pb::Caption> = Vec::new();
    let mut paragraphs = 0;
    for part in &story.parts {
        let printed = || part.passage.printed(part.passage.whole());
        match part.role {
            Role::Body => paragraphs += 1,
            Role::Caption => captions.push(pb::Caption {
                text: printed(),
                after_paragraph: paragraphs,
                span: Some(part.passage.span(part.passage.whole())),
                ..pb::Caption::default()
            }),
            Role::Credit => match captions.last_mut() {
                Some(caption) if caption.credit.is_empty() => caption.credit = printed(),
                _ => {}
            },
            _ => {}
        }
    }
    captions.truncate(CAPTIONS_MAX);
    captions
}

fn named_people(story: &Story<'_>, people: Vec<Person>, stations: &[String]) -> Vec<pb::Person> {
    let people = people.into_iter();
    people
        .map(|found| {
            let mut person = found.person;
            for (office, unit) in person.offices.iter_mut().zip(&found.units) {
                if let Some(name) = unit.and_then(|unit| stations.get(unit)) {
                    office.station.clone_from(name);
                }
            }
            if person.span.is_none() {
                person.span = Some(story.span(&found.place));
            }
            person
        })
        .collect()
}

fn named_honours(story: &Story<'_>, honours: Vec<Honour>, stations: &[String]) -> Vec<pb::Honour> {
    let honours = honours.into_iter();
    honours
        .map(|found| {
            let awarding = found.awarding.and_then(|unit| stations.get(unit));
            pb::Honour {
                recipients: named(&found.recipients, stations),
                awarding_station: awarding.cloned().unwrap_or_default(),
                span: Some(story.span(&found.place)),
                ..found.honour
            }
        })
        .collect()
}

fn mentions(story: &Story<'_>, found: &[Found], stations: &[String]) -> Vec<pb::Mention> {
    let found = found.iter().take(MENTIONS_MAX);
    found
        .map(|found| pb::Mention {
            station: stations[found.unit].clone(),
            surface: story.printed(&found.place),
            span: Some(story.span(&found.place)),
        })
        .collect()
}

fn statistics(
    report: &Report<'_>,
    figures: Vec<Figure>,
    article: &str,
    stations: &[String],
) -> Vec<Statistic> {
    let name = |index: usize| format!("{article}/statistics/s{:03}", index + 1);
    let figures = figures.into_iter().zip(&report.links).enumerate();
    figures
        .take(STATISTICS_MAX)
        .map(|(index, (figure, link))| {
            let parent = figure.parent.filter(|parent| *parent < STATISTICS_MAX);
            let mut statistic = figure.statistic;
            let metric = statistic.metric.trim();
            if metric.len() < statistic.metric.len() || metric.is_empty() {
                statistic.metric = if metric.is_empty() { UNNAMED } else { metric }.to_owned();
            }
            statistic.name = name(index);
            statistic.stations = named(&link.stations, stations);
            statistic.speaker.clone_from(&link.speaker);
            statistic.honour.clone_from(&link.honour);
            statistic.parent_statistic = parent.map(name).unwrap_or_default();
            statistic.span = Some(report.story.span(&figure.place));
            statistic
        })
        .collect()
}
