//! All that a page says, before anything is named: units and people still as indices.

use super::bylines::{self, Byline};
use super::events::{self, Event};
use super::figures::{self, Figure};
use super::honours::{self, Honour};
use super::layout::{LeftOut, lay_out};
use super::links::{self, Link};
use super::people::{self, Person};
use super::quotations::{self, Quotation};
use super::story::Story;
use super::units::{self, Units};
use super::works::{self, Work};
use crate::page::Page;
use crate::pb;

/// A page as it was read.
#[derive(Clone, Debug, Default)]
pub struct Reading<'p> {
    /// In the order of the page.
    pub reports: Vec<Report<'p>>,
    pub units: Units,
    pub left_out: Vec<LeftOut>,
    /// What the page says of the print.
    pub publication: Option<pb::Publication>,
}

/// An article with all that was read from it.
#[derive(Clone, Debug, Default)]
pub struct Report<'p> {
    pub story: Story<'p>,
    pub bylines: Vec<Byline>,
    pub people: Vec<Person>,
    pub quotations: Vec<Quotation>,
    pub honours: Vec<Honour>,
    pub works: Vec<Work>,
    pub events: Vec<Event>,
    pub figures: Vec<Figure>,
    /// Of each figure, what it is of.
    pub links: Vec<Link>,
}

/// Reads a page.
pub fn read(page: &Page) -> Reading<'_> {
    let layout = lay_out(page);
    let units = units::find(&layout.stories);
    let stories = layout.stories.into_iter().enumerate();
    let reports = stories
        .map(|(index, story)| report(story, index, &units))
        .collect();
    Reading {
        reports,
        units,
        left_out: layout.left_out,
        publication: layout.publication,
    }
}

fn report<'p>(story: Story<'p>, index: usize, units: &Units) -> Report<'p> {
    let bylines = bylines::find(&story);
    let people = people::find(&story, index, units, &bylines);
    let quotations = quotations::find(&story, &people);
    let mut report = Report {
        bylines,
        honours: honours::find(&story, index, units),
        works: works::works(&story),
        events: events::find(&story, index, units),
        figures: figures::find(&story),
        people,
        quotations,
        links: Vec::new(),
        story,
    };
    report.links = links::find(&report, index, units);
    report
}
