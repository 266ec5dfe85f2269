//! Where the parts of an article stand on its page: proven, or carried over from where they stood before.

use std::collections::HashMap;

use crate::articles::draft::PARAGRAPHS_MAX;
use crate::articles::each_span;
use crate::page::Page;
use crate::pb::{self, Fragment};
use crate::rules::Check;
use crate::span::{Anchor, is_sought};

/// The version a draft replaces, and the page that version was proven against.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    pub article: &'a pb::Article,
    pub page: Option<&'a Page>,
}

/// Where an article comes from.
#[derive(Clone, Copy)]
pub enum Origin<'a> {
    Call(Option<Before<'a>>),
    /// `is_kept`: exactly as a service kept it.
    Import {
        is_kept: bool,
    },
}

/// Proves or carries over paragraphs first, then spans, which are looked up in them.
pub fn anchor(
    check: &mut Check,
    field: &str,
    article: &mut pb::Article,
    page: Option<&Page>,
    origin: Origin<'_>,
) {
    let mut paragraphs = std::mem::take(&mut article.paragraphs);
    let Some(page) = page else {
        refuse_places(check, field, article, &paragraphs);
        article.paragraphs = paragraphs;
        return;
    };
    let (before, is_imported, is_kept) = match origin {
        Origin::Call(before) => (before, false, false),
        Origin::Import { is_kept } => (None, true, is_kept),
    };
    let carried = Carried::of(before);
    let old_page = before.and_then(|before| before.page);
    let is_same_page = old_page.is_some_and(|old| old.sha256() == page.sha256());
    let alone = Anchor {
        page,
        paragraphs: &[],
    };
    for (index, paragraph) in paragraphs.iter_mut().take(PARAGRAPHS_MAX).enumerate() {
        let is_carried = carried
            .paragraphs
            .contains_key(&(paragraph.text.clone(), key(&paragraph.fragments)));
        match old_page {
            Some(_) if is_carried && is_same_page => {}
            Some(old) if is_carried => alone.move_paragraph(old, paragraph),
            _ if is_kept && paragraph.fragments.is_empty() => {}
            _ => alone.prove_paragraph(check, &format!("{field}.paragraphs[{index}]"), paragraph),
        }
    }
    let anchor = Anchor {
        page,
        paragraphs: &paragraphs,
    };
    each_span(article, &mut |path, span| {
        let Some(span) = span else { return };
        let state = carried
            .spans
            .get(&(span.quote.clone(), key(&span.fragments)))
            .filter(|_| !is_sought(span));
        match (old_page, state) {
            (Some(old), Some(state)) => {
                span.prefix.clear();
                span.suffix.clear();
                span.state = *state;
                if !is_same_page {
                    anchor.move_span(old, span);
                }
            }
            _ if is_imported => anchor.prove_imported(check, &format!("{field}.{path}"), span),
            _ => anchor.prove(check, &format!("{field}.{path}"), span),
        }
    });
    article.paragraphs = paragraphs;
}

fn refuse_places(
    check: &mut Check,
    field: &str,
    article: &mut pb::Article,
    paragraphs: &[pb::Paragraph],
) {
    let why = "needs a source: set source_text, or source.sha256 of a page that is kept";
    each_span(article, &mut |path, span| {
        if span.is_some() {
            check.refuse(&format!("{field}.{path}"), why);
        }
    });
    for (index, paragraph) in paragraphs.iter().enumerate() {
        if !paragraph.fragments.is_empty() {
            check.refuse(&format!("{field}.paragraphs[{index}].fragments"), why);
        }
    }
}

type Place = (String, Vec<(i32, i32)>);

/// The spans (with their states) and paragraphs of the version before.
#[derive(Default)]
struct Carried {
    spans: HashMap<Place, i32>,
    paragraphs: HashMap<Place, ()>,
}

impl Carried {
    fn of(before: Option<Before<'_>>) -> Self {
        let mut carried = Self::default();
        let Some(before) = before else { return carried };
        let mut article = before.article.clone();
        each_span(&mut article, &mut |_, span| {
            if let Some(span) = span {
                carried
                    .spans
                    .insert((span.quote.clone(), key(&span.fragments)), span.state);
            }
        });
        for paragraph in article.paragraphs {
            carried
                .paragraphs
                .insert((paragraph.text, key(&paragraph.fragments)), ());
        }
        carried
    }
}

fn key(fragments: &[Fragment]) -> Vec<(i32, i32)> {
    fragments
        .iter()
        .map(|fragment| (fragment.start, fragment.end))
        .collect()
}
