//! Finds the articles of a page: which lines are headline, text, caption, byline; where a page break cut
//! a paragraph; what is no article at all.

use super::passage::Passage;
use super::story::{Part, Role, Story};
use crate::page::Page;

/// The articles of a page, in its order.
pub fn stories(page: &Page) -> Vec<Story<'_>> {
    let mut parts = Vec::new();
    let mut at = 0;
    for line in page.text().split('\n') {
        let length = line.chars().count();
        let passage = Passage::new(page, &[at..at + length]);
        at += length + 1;
        let trimmed = passage.trimmed(passage.whole());
        if trimmed.is_empty() {
            continue;
        }
        let start = passage.place(trimmed.start);
        let end = passage.place(trimmed.end);
        let passage = Passage::new(page, &[start..end]);
        let is_headline = parts.is_empty()
            && passage.text().chars().count() < 40
            && !passage.text().ends_with('。');
        let role = if is_headline {
            Role::Headline
        } else {
            Role::Body
        };
        parts.push(Part { role, passage });
    }
    vec![Story {
        parts,
        ..Story::default()
    }]
}
