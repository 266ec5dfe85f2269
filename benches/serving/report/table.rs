//! An aligned table, and the bars.

use std::fmt::Write as _;

use crate::findings::{Findings, Ratios, Row};

const HEADINGS: [&str; 13] = [
    "case",
    "side",
    "load",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "CPU µs",
    "postgres µs",
    "memory MiB",
    "× requests/s",
    "× CPU",
    "× p99",
];
/// Columns of words, which stand to the left.
const WORDS: usize = 2;

pub fn text(findings: &Findings) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(findings.rows.iter().map(cells));
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| {
            let widths = lines.iter().map(|line| line[column].chars().count());
            widths.max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for line in &lines {
        let mut row = String::new();
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            if column > 0 {
                row += "  ";
            }
            row += &match column < WORDS {
                true => format!("{cell:<width$}"),
                false => format!("{cell:>width$}"),
            };
        }
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{}", row.trim_end());
    }
    for line in bars(findings) {
        let _ = write!(text, "\n{line}");
    }
    text
}

/// Verdicts and notes, a line each.
pub fn bars(findings: &Findings) -> Vec<String> {
    let verdict = |one: &crate::findings::Verdict| {
        let word = if one.passes { "PASS" } else { "FAIL" };
        format!("{word}  {}  ({})", one.what, one.figures)
    };
    let notes = findings.notes.iter().map(|note| format!("note  {note}"));
    findings.verdicts.iter().map(verdict).chain(notes).collect()
}

fn cells(row: &Row) -> [String; 13] {
    let figures = &row.figures;
    let ratio = |of: fn(&Ratios) -> f64| match &row.ratios {
        Some(ratios) => format!("{:.2}", of(ratios)),
        None => String::new(),
    };
    [
        row.case.clone(),
        row.side.clone(),
        row.load.clone(),
        format!("{:.0}", figures.rate),
        format!("{:.2}", figures.p50_ms),
        format!("{:.2}", figures.p99_ms),
        format!("{:.2}", figures.p999_ms),
        format!("{:.0}", figures.program_us),
        format!("{:.0}", figures.postgres_us),
        format!("{:.0}", figures.resident_mib),
        ratio(|ratios| ratios.rate),
        ratio(|ratios| ratios.cpu),
        ratio(|ratios| ratios.p99),
    ]
}
