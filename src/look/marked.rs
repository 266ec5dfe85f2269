//! An article's text with what was read of it marked: each mark leads to its record, and each record back to
//! its first mark.

use std::collections::HashSet;

use maud::{Markup, html};

use super::html::{LANGUAGE, id};
use crate::marks::{Kind, Marks, Run};
use crate::pb::{Article, Fragment, Span, Statistic};

/// How many records the label of a mark names, and how much of what each is.
const LABELLED_MAX: usize = 6;
const LABEL_LENGTH_MAX: usize = 40;

/// How many parts of an article are marked, which no bulletin comes near to.
const MARKED_MAX: usize = 20_000;

/// An article with its statistics, and what of them has been shown in the text so far.
pub struct Marked<'a> {
    pub article: &'a Article,
    pub statistics: &'a [&'a Statistic],
    marks: Marks,
    placed: HashSet<(Kind, usize)>,
    count: usize,
}

impl<'a> Marked<'a> {
    pub fn new(article: &'a Article, statistics: &'a [&'a Statistic]) -> Self {
        Self {
            article,
            statistics,
            marks: Marks::of(article, statistics),
            placed: HashSet::new(),
            count: 0,
        }
    }

    pub fn language(&self) -> &str {
        match self.article.language_code.as_str() {
            "" => LANGUAGE,
            code => code,
        }
    }

    /// A text that stands where its span says.
    pub fn quoted(&mut self, text: &str, span: Option<&Span>) -> Markup {
        let span = span.filter(|span| span.quote == text);
        let fragments = span.map(|span| span.fragments.as_slice());
        self.text(text, fragments.unwrap_or_default())
    }

    pub fn text(&mut self, text: &str, fragments: &[Fragment]) -> Markup {
        let runs = self.marks.runs(text, fragments);
        let runs: Vec<Markup> = runs.iter().map(|run| self.run(run)).collect();
        html! { @for run in runs { (run) } }
    }

    fn run(&mut self, run: &Run<'_>) -> Markup {
        let Some((kind, index)) = run.marks.last().copied() else {
            return html! { (run.text) };
        };
        self.count += 1;
        if self.count > MARKED_MAX {
            return html! { (run.text) };
        }
        let mut new: Vec<String> = Vec::new();
        for (kind, index) in &run.marks {
            // A statistic is at its number, wherever its words begin.
            let is_elsewhere = *kind == Kind::Statistic && self.marks.has(Kind::Number, *index);
            if !is_elsewhere && self.placed.insert((*kind, *index)) {
                new.push(self.place(*kind, *index));
            }
        }
        let is_words = run.marks.iter().any(|(kind, _)| *kind == Kind::Statistic);
        let class = match is_words {
            true => format!("{} words", class(kind)),
            false => class(kind).to_owned(),
        };
        let mut labels: Vec<String> = Vec::new();
        for (kind, index) in run.marks.iter().rev() {
            let label = self.label(*kind, *index);
            let label = label.chars().take(LABEL_LENGTH_MAX).collect();
            // A number and the words around it are of one record.
            if labels.len() < LABELLED_MAX && !labels.contains(&label) {
                labels.push(label);
            }
        }
        let href = format!("#{}", self.record(kind, index));
        // Whoever goes through the links by keyboard stops at each record once.
        let tabindex = new.is_empty().then_some("-1");
        let mut markup = html! {
            a href=(href) title=(labels.join("\n")) tabindex=[tabindex] {
                mark class=(class) { (run.text) }
            }
        };
        for place in new {
            markup = html! { span id=(place) { (markup) } };
        }
        markup
    }

    /// The id of the place of a record in the text, if it has been shown.
    pub fn placed(&self, kind: Kind, index: usize) -> Option<String> {
        let is_placed = |kind| self.placed.contains(&(kind, index));
        let has = match kind {
            Kind::Statistic => is_placed(Kind::Statistic) || is_placed(Kind::Number),
            _ => is_placed(kind),
        };
        has.then(|| self.place(kind, index))
    }

    fn place(&self, kind: Kind, index: usize) -> String {
        match kind {
            // A unit has one record, and stands in several places.
            Kind::Unit => format!("at-unit-{index}"),
            _ => format!("at-{}", self.record(kind, index)),
        }
    }

    /// The id of a record beside the text.
    pub fn record(&self, kind: Kind, index: usize) -> String {
        let of_list = |name: &str| format!("{name}-{index}");
        let article = self.article;
        match kind {
            Kind::Statistic | Kind::Number => {
                format!("statistic-{}", id(&self.statistics[index].name))
            }
            Kind::Unit => format!("unit-{}", id(&article.mentions[index].station)),
            Kind::Person => format!("person-{}", article.people[index].id),
            Kind::Honour => format!("honour-{}", article.honours[index].id),
            Kind::Quotation => of_list("quotation"),
            Kind::Event => of_list("event"),
            Kind::Work => of_list("work"),
            Kind::Byline => of_list("byline"),
        }
    }

    fn label(&self, kind: Kind, index: usize) -> String {
        let article = self.article;
        match kind {
            Kind::Statistic | Kind::Number => {
                let statistic = self.statistics[index];
                format!("{} {}", id(&statistic.name), statistic.metric)
            }
            Kind::Unit => format!("unit {}", id(&article.mentions[index].station)),
            Kind::Person => format!("person {}", article.people[index].display_name),
            Kind::Honour => format!("honour {}", article.honours[index].title),
            Kind::Quotation => format!("quotation {}", index + 1),
            Kind::Event => format!("event {}", article.events[index].display_name),
            Kind::Work => format!("work {}", article.works[index].title),
            Kind::Byline => format!("byline {}", article.bylines[index].display_name),
        }
    }
}

pub fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Statistic => "statistic",
        Kind::Number => "number",
        Kind::Unit => "unit",
        Kind::Person => "person",
        Kind::Honour => "honour",
        Kind::Quotation => "quotation",
        Kind::Event => "event",
        Kind::Work => "work",
        Kind::Byline => "byline",
    }
}
