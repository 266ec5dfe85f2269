//! A page's text with what was read from it marked.

use anstyle::{AnsiColor, Style};

use crate::fragments::within;
use crate::pb::{Fragment, IngestBulletinResponse, Span, Statistic};

/// What a character was read as; the greater wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    #[default]
    Plain,
    /// The words of a statistic.
    Quote,
    Unit,
    Number,
}

impl Mark {
    pub fn style(self) -> Style {
        let color = |color: AnsiColor| color.on_default();
        match self {
            Self::Plain => Style::new(),
            Self::Quote => Style::new().underline(),
            Self::Unit => color(AnsiColor::Cyan),
            Self::Number => color(AnsiColor::Yellow).bold(),
        }
    }
}

/// The mark of each code point of a page.
pub struct Marks(Vec<Mark>);

impl Marks {
    pub fn of(length: usize, response: &IngestBulletinResponse) -> Self {
        let mut marks = Self(vec![Mark::Plain; length]);
        for statistic in &response.statistics {
            marks.statistic(statistic);
        }
        let mentions = response
            .articles
            .iter()
            .flat_map(|article| &article.mentions);
        for span in mentions.filter_map(|mention| mention.span.as_ref()) {
            marks.put(&span.fragments, Mark::Unit);
        }
        marks
    }

    fn statistic(&mut self, statistic: &Statistic) {
        let Some(span) = &statistic.span else {
            return;
        };
        self.put(&span.fragments, Mark::Quote);
        let written = statistic
            .quantity
            .as_ref()
            .map_or("", |quantity| &quantity.as_written);
        if let Some(fragments) = part(span, written) {
            self.put(&fragments, Mark::Number);
        }
    }

    fn put(&mut self, fragments: &[Fragment], mark: Mark) {
        for fragment in fragments {
            let start = usize::try_from(fragment.start).unwrap_or(usize::MAX);
            let end = usize::try_from(fragment.end).unwrap_or(0);
            for place in self.0.get_mut(start..end).unwrap_or_default() {
                *place = (*place).max(mark);
            }
        }
    }

    /// The text of some fragments, each run of one mark in its style.
    pub fn styled(&self, chars: &[char], fragments: &[Fragment]) -> String {
        let mut styled = String::new();
        let mut current = Mark::Plain;
        let places = fragments
            .iter()
            .flat_map(|fragment| fragment.start..fragment.end);
        for place in places.filter_map(|place| usize::try_from(place).ok()) {
            let (Some(char), Some(mark)) = (chars.get(place), self.0.get(place)) else {
                continue;
            };
            if *mark != current {
                styled.push_str(&format!("{:#}{}", current.style(), mark.style()));
                current = *mark;
            }
            styled.push(*char);
        }
        styled.push_str(&format!("{:#}", current.style()));
        styled
    }
}

/// Where a part of a quote stands.
fn part(span: &Span, part: &str) -> Option<Vec<Fragment>> {
    if part.is_empty() {
        return None;
    }
    let at = span.quote.find(part)?;
    let start = span.quote[..at].chars().count();
    Some(within(&span.fragments, start, part.chars().count()))
}
