//! Writes what was found into the documentation: the table between two marks, the plots beside it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::svg::Plot;
use super::table;
use crate::findings::{Curve, Findings};

const BEGIN: &str = "<!-- begin of what a run of `serving` found -->";
const END: &str = "<!-- end of what a run of `serving` found -->";

pub fn write(findings: &Findings, command: &str) -> Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let plots = docs.join("performance");
    fs::create_dir_all(&plots)?;
    let latency = Plot {
        title: "Latency against offered load: get",
        across: "calls arriving a second",
        up: "p99 ms",
        curves: &findings.latency_by_load,
    };
    let cost = Plot {
        title: "Cost against data size, from Postgres",
        across: "articles",
        up: "CPU µs",
        curves: &findings.cost_by_size,
    };
    let mut found = format!("{BEGIN}\n\nMade by `{command}` on {}.\n\n", machine());
    found += &format!("```text\n{}\n```\n\n", table::text(findings).trim_end());
    for (plot, name) in [(&latency, "latency.svg"), (&cost, "cost.svg")] {
        if has_points(plot.curves) {
            fs::write(plots.join(name), plot.svg())?;
            found += &format!("![{}](performance/{name})\n\n", plot.title);
        }
    }
    let page = docs.join("performance.md");
    let text = fs::read_to_string(&page)?;
    let (before, rest) = text
        .split_once(BEGIN)
        .context("the page has no first mark")?;
    let (_, after) = rest.split_once(END).context("the page has no last mark")?;
    Ok(fs::write(page, format!("{before}{found}{END}{after}"))?)
}

fn has_points(curves: &[Curve]) -> bool {
    curves.iter().any(|curve| !curve.points.is_empty())
}

/// What kind of machine this is.
fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let count = cpus.matches("processor\t").count();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map(|rest| rest.trim_start_matches([' ', '\t', ':']));
    format!(
        "{count} cores of {}",
        model.unwrap_or("an unknown processor")
    )
}
