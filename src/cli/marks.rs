//! How a terminal shows what was read of a text.

use anstyle::{AnsiColor, Style};

use crate::marks::{Kind, Marks};
use crate::pb::Fragment;

/// What a terminal shows of what was read; the greatest of a place wins.
const SHOWN: [Kind; 3] = [Kind::Statistic, Kind::Unit, Kind::Number];

pub fn style(kind: Option<Kind>) -> Style {
    let color = |color: AnsiColor| color.on_default();
    match kind {
        Some(Kind::Statistic) => Style::new().underline(),
        Some(Kind::Unit) => color(AnsiColor::Cyan),
        Some(Kind::Number) => color(AnsiColor::Yellow).bold(),
        _ => Style::new(),
    }
}

/// A text that stands at these places of the page, each run of one mark in its style.
pub fn styled(marks: &Marks, text: &str, fragments: &[Fragment]) -> String {
    let mut styled = String::new();
    let mut current = Style::new();
    for run in marks.runs(text, fragments) {
        let kinds = run.marks.iter().map(|(kind, _)| *kind);
        let next = style(kinds.filter(|kind| SHOWN.contains(kind)).max());
        if next != current {
            styled.push_str(&format!("{current:#}{next}"));
            current = next;
        }
        styled.push_str(run.text);
    }
    styled.push_str(&format!("{current:#}"));
    styled
}
