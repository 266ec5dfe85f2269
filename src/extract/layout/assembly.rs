//! Puts lines together to articles.

use std::mem;
use std::ops::Range;

use super::caption::caption;
use super::heading::{LINES_MAX, headings};
use super::jump::{Jump, jumps};
use super::leftover::{Leftover, leftover};
use super::line::Line;
use super::masthead::masthead;
use super::{Layout, LeftOut, authors};
use crate::articles::draft::{PARAGRAPH_LENGTH_MAX, PARAGRAPHS_MAX};
use crate::extract::bylines::{are_common_names, are_names_apart, is_credit};
use crate::extract::passage::Passage;
use crate::extract::story::{Part, Role, Story};
use crate::page::{FRAGMENTS_MAX, Page};
use crate::pb::article::Completeness;
use crate::pb::continuation::Direction;
use crate::pb::ingest_bulletin_response::warning::Code;
use crate::pb::{self, Continuation};

/// Share of a page's lines that must be indented for indentation to begin a paragraph: one in so many.
const INDENTED_SHARE: usize = 4;

pub struct Assembly<'p, 'l> {
    page: &'p Page,
    lines: &'l [Line<'p>],
    /// Whether paragraphs begin with an indentation here.
    is_indented: bool,
    layout: Layout<'p>,
    story: Draft,
    /// Whether the article has ended, so that a headline begins another.
    has_ended: bool,
    is_in_tail: bool,
}

/// An article in the making: ranges of code points.
#[derive(Default)]
struct Draft {
    parts: Vec<(Role, Vec<Range<usize>>)>,
    continuation: Option<Continuation>,
    /// Whether the last line of text ended a sentence.
    is_finished: bool,
}

impl Draft {
    fn has(&self, role: Role) -> bool {
        self.parts.iter().any(|(known, _)| *known == role)
    }
}

impl<'p, 'l> Assembly<'p, 'l> {
    pub fn new(page: &'p Page, lines: &'l [Line<'p>]) -> Self {
        let indented = lines.iter().filter(|line| line.is_indented).count();
        Self {
            page,
            lines,
            is_indented: indented > 1 && indented * INDENTED_SHARE >= lines.len(),
            layout: Layout::default(),
            story: Draft::default(),
            has_ended: false,
            is_in_tail: false,
        }
    }

    pub fn run(mut self) -> Layout<'p> {
        let lines = self.lines;
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            at += self.take(at, line).max(1);
        }
        self.close();
        // A jump of nothing that is here.
        if let Some(jump) = self.story.continuation.take() {
            let fragments = jump.span.into_iter().flat_map(|span| span.fragments);
            let code_point = |at: i32| usize::try_from(at).unwrap_or_default();
            self.unread(fragments.map(|part| code_point(part.start)..code_point(part.end)));
        }
        self.layout
    }

    /// Takes what begins at a line; answers how many lines that was.
    fn take(&mut self, at: usize, line: &Line<'p>) -> usize {
        let is_cut = self.story.has(Role::Body) && !self.story.is_finished;
        if line.is_rule() && !(is_cut && line.is_punctuation()) {
            return 1;
        }
        if let Some(publication) = masthead(line.text()) {
            // A date alone may be what a page break cut off, or when a notice was signed.
            let is_date = publication.page.is_empty() && publication.newspaper.is_empty();
            let is_within = self.story.has(Role::Body) && !self.has_ended;
            if !is_date || !is_within {
                self.note_print(publication);
                return 1;
            }
        }
        if !self.is_in_tail && (self.is_byline(line) || self.opens_with_names(at, line)) {
            self.has_ended |= self.story.has(Role::Body);
            self.story
                .parts
                .push((Role::Byline, vec![line.range.clone()]));
            return 1;
        }
        if self.leave_out(at, line) {
            return 1;
        }
        let found: Vec<Jump> = jumps(line.text()).collect();
        let ranges = outside(line, &found);
        let begins = found
            .iter()
            .any(|jump| jump.direction == Direction::ContinuedFrom);
        if begins && (self.has_ended || self.story.has(Role::Body)) && ranges.is_empty() {
            self.close();
        }
        for jump in found {
            self.jump(line, &jump);
        }
        if ranges.is_empty() {
            return 1;
        }
        let heading = self.heading(at, line);
        if heading > 0 {
            return heading;
        }
        if let Some(found) = caption(line.text()) {
            self.push_within(line, Role::Caption, found.words);
            if let Some(credit) = found.credit {
                self.push_within(line, Role::Credit, credit);
            }
            return 1;
        }
        self.text(at, line, ranges);
        1
    }

    /// Whether a line only names who wrote the article: with roles, or names alone below a headline or
    /// a text that has ended.
    fn is_byline(&self, line: &Line<'p>) -> bool {
        let may_be_bare = match self.story.has(Role::Body) {
            true => self.story.is_finished,
            false => self.story.has(Role::Headline),
        };
        is_credit(line.text()) || may_be_bare && are_names_apart(line.text())
    }

    /// Whether a page begins with the names of its authors, above the text itself.
    fn opens_with_names(&self, at: usize, line: &Line<'p>) -> bool {
        let is_text = |below: &Line<'_>| !below.may_be_headline() && below.is_finished();
        at == 0 && self.lines.get(1).is_some_and(is_text) && are_common_names(line.text())
    }

    fn note_print(&mut self, publication: pb::Publication) {
        match &mut self.layout.publication {
            None => self.layout.publication = Some(publication),
            Some(known) => {
                if known.newspaper.is_empty() {
                    known.newspaper = publication.newspaper;
                }
                if known.page.is_empty() {
                    known.page = publication.page;
                }
                known.publish_date = known.publish_date.or(publication.publish_date);
            }
        }
    }

    /// Whether the line is no part of an article; it is noted then.
    fn leave_out(&mut self, at: usize, line: &Line<'p>) -> bool {
        let code = match leftover(line.text()) {
            Some(Leftover::Advertisement) => Code::Advertisement,
            Some(Leftover::TailLine) => Code::Tail,
            Some(Leftover::TailStart) => {
                self.is_in_tail = true;
                Code::Tail
            }
            None if self.is_in_tail && !self.begins_report(at, line) => Code::Tail,
            None => {
                self.is_in_tail = false;
                return false;
            }
        };
        self.has_ended |= code == Code::Tail && self.story.has(Role::Body);
        let before = at.checked_sub(1).map(|at| self.lines[at].range.end);
        match self.layout.left_out.last_mut() {
            // Lines that follow each other are one thing to look at.
            Some(last) if last.code == code && Some(last.range.end) == before => {
                last.range.end = line.range.end;
            }
            _ => self.layout.left_out.push(LeftOut {
                code,
                range: line.range.clone(),
            }),
        }
        true
    }

    /// Whether an article certainly begins: a dateline, or a headline with one below.
    fn begins_report(&self, at: usize, line: &Line<'p>) -> bool {
        let below = self.lines.get(at + 1);
        line.has_dateline || line.may_be_headline() && below.is_some_and(|below| below.has_dateline)
    }

    fn jump(&mut self, line: &Line<'p>, jump: &Jump) {
        self.has_ended |= jump.direction == Direction::ContinuedOn;
        if self.story.continuation.is_some() {
            return;
        }
        self.story.continuation = Some(Continuation {
            direction: jump.direction.into(),
            page: jump.page.clone(),
            span: Some(line.passage.span(jump.words.clone())),
            ..Continuation::default()
        });
    }

    /// Takes the lines above an article, when they begin one here; answers how many.
    fn heading(&mut self, at: usize, line: &Line<'p>) -> usize {
        let is_start = self.has_ended || self.story.parts.is_empty();
        let is_new = self.story.has(Role::Body) && self.begins_report(at, line);
        if !(is_start || is_new) || !line.may_be_headline() || self.lines.len() == at + 1 && at > 0
        {
            if is_new || self.has_ended && line.has_dateline {
                self.close();
            }
            return 0;
        }
        let above = self.lines[at..].iter().enumerate();
        let is_above = |(place, line): &(usize, &Line<'p>)| {
            (*place == 0 || line.may_be_deck())
                && line.may_be_headline()
                && !line.is_rule()
                && caption(line.text()).is_none()
                && !is_credit(line.text())
                && (*place == 0 || !are_names_apart(line.text()))
                && masthead(line.text()).is_none()
                && leftover(line.text()).is_none()
                && jumps(line.text()).next().is_none()
        };
        let mut count = above.take_while(is_above).take(LINES_MAX + 1).count();
        if count == 0 {
            return 0;
        }
        if count > LINES_MAX {
            count = 1;
        }
        let lines = &self.lines[at..at + count];
        self.close();
        for (line, heading) in lines.iter().zip(headings(lines)) {
            for (role, range) in heading {
                self.push_within(line, role, range);
            }
        }
        count
    }

    fn push_within(&mut self, line: &Line<'p>, role: Role, range: Range<usize>) {
        let range = line.passage.trimmed(range);
        if !range.is_empty() {
            let range = line.passage.place(range.start)..line.passage.place(range.end);
            self.story.parts.push((role, vec![range]));
        }
    }

    /// Takes a line of text: it goes on with the paragraph that a page break cut, or begins one.
    fn text(&mut self, at: usize, line: &Line<'p>, ranges: Vec<Range<usize>>) {
        // Whatever was thought to end the article did not.
        self.has_ended = false;
        let is_subhead = self.is_subhead(at, line);
        let may_go_on = self.may_go_on(line);
        let open = self.story.parts.iter_mut();
        let open = open
            .rev()
            .find(|(role, _)| !matches!(role, Role::Caption | Role::Credit));
        let stands_alone = match open {
            Some((Role::Body, parts))
                if may_go_on && parts.len() + ranges.len() <= FRAGMENTS_MAX / 2 =>
            {
                parts.extend(ranges);
                false
            }
            _ if is_subhead => {
                self.story.parts.push((Role::Subhead, ranges));
                true
            }
            _ => {
                self.story.parts.push((Role::Body, ranges));
                // A row, a signature and a date.
                !may_go_on && line.is_title()
            }
        };
        self.story.is_finished = stands_alone || line.is_finished();
        self.has_ended = authors::ends_with_author(line.text())
            || self.story.continuation.as_ref().is_some_and(|jump| {
                jump.direction() == Direction::ContinuedOn && jumps(line.text()).next().is_some()
            });
    }

    /// Whether a line stands above the paragraphs that follow. One among others like it is a row.
    fn is_subhead(&self, at: usize, line: &Line<'p>) -> bool {
        let is_alone = at == 0 || !self.lines[at - 1].is_title();
        let below = self.lines.get(at + 1);
        let is_above =
            below.is_some_and(|below| !below.is_title() && below.length() > line.length());
        line.is_title() && is_alone && is_above && !line.is_date()
            || below.is_some_and(|below| self.stands_apart(line, below))
    }

    /// Whether blank lines set a short line with a comma apart from the sentence that ended before it.
    fn stands_apart(&self, line: &Line<'p>, below: &Line<'p>) -> bool {
        let is_set_apart = line.follows_blank && below.follows_blank && self.story.is_finished;
        is_set_apart && line.may_be_row() && below.length() > 2 * line.length()
    }

    /// Whether a line goes on with the paragraph before.
    fn may_go_on(&self, line: &Line<'p>) -> bool {
        let begins = self.is_indented && line.is_indented;
        let wrapped = self.is_indented && !line.is_indented && !line.follows_blank;
        line.goes_on() || !begins && !line.is_item() && (!self.story.is_finished || wrapped)
    }

    /// Ends the article. A jump that came before anything else is the next one's.
    fn close(&mut self) {
        self.has_ended = false;
        if self.story.parts.is_empty() {
            return;
        }
        let draft = mem::take(&mut self.story);
        let is_empty = !draft.parts.iter().any(|(role, _)| *role == Role::Body);
        if is_empty && !self.layout.stories.is_empty() {
            self.unread(draft.parts.into_iter().flat_map(|(_, ranges)| ranges));
            return;
        }
        let mut parts = Vec::new();
        for (role, ranges) in draft.parts {
            for ranges in bounded(ranges) {
                let pieces = ranges.into_iter();
                let pieces = pieces.map(|range| (self.passage_at(range.start), range));
                let passage = Passage::joined(self.page, pieces);
                parts.push(Part { role, passage });
            }
        }
        let beyond = parts.split_off(parts.len().min(PARAGRAPHS_MAX));
        self.unread(beyond.iter().map(|part| {
            let text = part.passage.text();
            part.passage.place(0)..part.passage.place(text.len())
        }));
        let completeness = match draft.continuation {
            None if draft.is_finished => Completeness::Complete,
            _ => Completeness::Partial,
        };
        self.layout.stories.push(Story {
            parts,
            continuation: draft.continuation,
            completeness,
        });
    }

    /// The passage of the line that a code point stands in: all ranges of an article are parts of lines.
    fn passage_at(&self, at: usize) -> &'l Passage<'p> {
        let after = self.lines.partition_point(|line| line.range.start <= at);
        &self.lines[after.saturating_sub(1)].passage
    }

    fn unread(&mut self, ranges: impl Iterator<Item = Range<usize>>) {
        for range in ranges {
            match self.layout.left_out.last_mut() {
                Some(last) if last.code == Code::TextUnread => last.range.end = range.end,
                _ => self.layout.left_out.push(LeftOut {
                    code: Code::TextUnread,
                    range,
                }),
            }
        }
    }
}

/// What is left of a line without its jumps, in code points.
fn outside(line: &Line<'_>, jumps: &[Jump]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let end = line.text().len();
    let wholes = jumps.iter().map(|jump| (jump.whole.start, jump.whole.end));
    for (before, behind) in wholes.chain([(end, end)]) {
        let range = line.passage.trimmed(start..before);
        if !range.is_empty() {
            ranges.push(line.passage.place(range.start)..line.passage.place(range.end));
        }
        start = behind;
    }
    ranges
}

/// A paragraph, in pieces none of which is longer than a record takes.
fn bounded(ranges: Vec<Range<usize>>) -> Vec<Vec<Range<usize>>> {
    let mut pieces = vec![Vec::new()];
    let mut room = PARAGRAPH_LENGTH_MAX;
    for mut range in ranges {
        while range.len() > room {
            let cut = range.start + room;
            if room > 0 {
                pieces
                    .last_mut()
                    .expect("there is one")
                    .push(range.start..cut);
            }
            pieces.push(Vec::new());
            range.start = cut;
            room = PARAGRAPH_LENGTH_MAX;
        }
        room -= range.len();
        pieces.last_mut().expect("there is one").push(range);
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}
