//! What a run finds: rows of the table, verdicts on the bars, curves of the plots.

use crate::rounds::Round;

/// What is compared of a side with its reference: medians over the rounds, each with the one beside it.
#[derive(Clone, Copy, Debug)]
pub struct Ratios {
    pub rate: f64,
    /// CPU a call, of the program and of Postgres.
    pub cpu: f64,
    pub p99: f64,
}

#[derive(Clone, Debug)]
pub struct Row {
    pub case: String,
    pub side: String,
    /// Calls at once, or the rate they arrive at.
    pub load: String,
    /// The medians of its rounds.
    pub figures: Round,
    pub ratios: Option<Ratios>,
}

#[derive(Clone, Debug)]
pub struct Verdict {
    pub what: String,
    pub passes: bool,
    pub figures: String,
}

/// A line of a plot.
#[derive(Clone, Debug)]
pub struct Curve {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

#[derive(Debug, Default)]
pub struct Findings {
    pub rows: Vec<Row>,
    pub verdicts: Vec<Verdict>,
    /// p99 in milliseconds by calls a second.
    pub latency_by_load: Vec<Curve>,
    /// CPU in microseconds a call by articles.
    pub cost_by_size: Vec<Curve>,
    /// What has no row: a line of text each.
    pub notes: Vec<String>,
}

impl Findings {
    pub fn hold(&mut self, what: impl Into<String>, passes: bool, figures: String) {
        self.verdicts.push(Verdict {
            what: what.into(),
            passes,
            figures,
        });
    }

    pub fn hold_at_most(&mut self, what: &str, found: f64, most: f64) {
        let what = format!("{what} ≤ {most}×");
        self.hold(what, found <= most, format!("{found:.2}×"));
    }

    pub fn hold_at_least(&mut self, what: &str, found: f64, least: f64) {
        let what = format!("{what} ≥ {least}×");
        self.hold(what, found >= least, format!("{found:.2}×"));
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len().is_multiple_of(2)) {
        (None, _) => 0.0,
        (Some(high), true) => (values[middle - 1] + high) / 2.0,
        (Some(middle), false) => *middle,
    }
}
