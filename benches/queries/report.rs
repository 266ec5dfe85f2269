//! Prints what was measured: an aligned table and the bars, or one JSON object.

use serde_json::{Value, json};

use crate::bars::Verdict;
use crate::measure::{Cost, Measured};

const HEADINGS: [&str; 11] = [
    "case",
    "rows",
    "p50 ms",
    "p99 ms",
    "service µs",
    "postgres µs",
    "raw p50",
    "raw p99",
    "raw pg µs",
    "× p50",
    "× pg",
];

pub fn table(measured: &[Measured], verdicts: &[Verdict]) {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(measured.iter().map(cells));
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| {
            lines
                .iter()
                .map(|line| width(&line[column]))
                .max()
                .unwrap_or(0)
        })
        .collect();
    for line in &lines {
        let mut text = String::new();
        for (column, (cell, width_max)) in line.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width_max - width(cell));
            text += &match column {
                0 => format!("{cell}{padding}"),
                _ => format!("  {padding}{cell}"),
            };
        }
        println!("{}", text.trim_end());
    }
    println!();
    for verdict in verdicts {
        let word = if verdict.passes { "PASS" } else { "FAIL" };
        println!("{word}  {}  ({})", verdict.what, verdict.figures);
    }
}

fn cells(one: &Measured) -> [String; 11] {
    let of = |cost: &Option<Cost>, figure: &dyn Fn(&Cost) -> String| {
        cost.as_ref().map_or_else(|| "-".to_owned(), figure)
    };
    let ms = |percent| move |cost: &Cost| format!("{:.2}", cost.percentile(percent));
    let us = |figure: fn(&Cost) -> f64| move |cost: &Cost| format!("{:.0}", figure(cost));
    let ratio = |figure: &dyn Fn(&Cost) -> f64| match (&one.served, &one.raw) {
        (Some(served), Some(raw)) => format!("{:.2}", figure(served) / figure(raw)),
        _ => "-".to_owned(),
    };
    let first = match (&one.served, &one.case.call) {
        (None, Some(_)) => "not served".to_owned(),
        _ => of(&one.served, &ms(50)),
    };
    [
        one.case.name.clone(),
        one.rows.to_string(),
        first,
        of(&one.served, &ms(99)),
        of(&one.served, &us(Cost::service_us)),
        of(&one.served, &us(Cost::postgres_us)),
        of(&one.raw, &ms(50)),
        of(&one.raw, &ms(99)),
        of(&one.raw, &us(Cost::postgres_us)),
        ratio(&|cost| cost.percentile(50)),
        ratio(&Cost::postgres_us),
    ]
}

/// On a terminal, where Chinese characters take two places.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| if c >= '\u{2e80}' { 2 } else { 1 })
        .sum()
}

pub fn json(measured: &[Measured], verdicts: &[Verdict]) {
    let cost = |cost: &Option<Cost>| {
        cost.as_ref().map(|cost| {
            json!({
                "calls": cost.calls(),
                "p50_ms": cost.percentile(50),
                "p99_ms": cost.percentile(99),
                "service_cpu_us": cost.service_us(),
                "postgres_cpu_us": cost.postgres_us(),
            })
        })
    };
    let cases: Vec<Value> = measured
        .iter()
        .map(|one| {
            json!({
                "name": one.case.name,
                "rows": one.rows,
                "served": cost(&one.served),
                "raw": cost(&one.raw),
            })
        })
        .collect();
    let bars: Vec<Value> = verdicts
        .iter()
        .map(|one| json!({"bar": one.what, "passes": one.passes, "figures": one.figures}))
        .collect();
    println!("{:#}", json!({"cases": cases, "bars": bars}));
}
