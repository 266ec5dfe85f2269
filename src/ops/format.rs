//! How metrics are written down: a descriptor, then a value for each set of labels.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;

use crate::tally::Found;

/// A page of metrics as it is written.
pub struct Page<'a>(pub DescriptorEncoder<'a>);

/// Labels with their values.
pub type Labels<'a, const COUNT: usize> = [(&'static str, &'a str); COUNT];

const NO_EXEMPLAR: Option<&Exemplar<NoLabelSet, f64>> = None;

/// Values of a spread are written in its unit divided by this.
pub const US_PER_S: f64 = 1_000_000.0;

impl Page<'_> {
    pub fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let mut metric = self.describe(name, help, MetricType::Counter)?;
        metric.encode_counter(&value, NO_EXEMPLAR)
    }

    pub fn seconds_counter(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let mut metric = self.describe(name, help, MetricType::Counter)?;
        metric.encode_counter(&value, NO_EXEMPLAR)
    }

    pub fn gauge(&mut self, name: &str, help: &str, value: i64) -> fmt::Result {
        self.describe(name, help, MetricType::Gauge)?
            .encode_gauge(&value)
    }

    pub fn float_gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.describe(name, help, MetricType::Gauge)?
            .encode_gauge(&value)
    }

    pub fn info<const COUNT: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: Labels<'_, COUNT>,
    ) -> fmt::Result {
        self.describe(name, help, MetricType::Info)?
            .encode_info(&labels)
    }

    pub fn counters<'a, const COUNT: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (Labels<'a, COUNT>, u64)>,
    ) -> fmt::Result {
        let mut metric = self.describe(name, help, MetricType::Counter)?;
        for (labels, value) in values {
            metric
                .encode_family(&labels)?
                .encode_counter(&value, NO_EXEMPLAR)?;
        }
        Ok(())
    }

    pub fn gauges<'a, const COUNT: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (Labels<'a, COUNT>, i64)>,
    ) -> fmt::Result {
        let mut metric = self.describe(name, help, MetricType::Gauge)?;
        for (labels, value) in values {
            metric.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    pub fn histogram(&mut self, name: &str, help: &str, found: &Found, unit: f64) -> fmt::Result {
        let metric = self.describe(name, help, MetricType::Histogram)?;
        write_histogram(metric, found, unit)
    }

    pub fn histograms<'a, const COUNT: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (Labels<'a, COUNT>, Found)>,
        unit: f64,
    ) -> fmt::Result {
        let mut metric = self.describe(name, help, MetricType::Histogram)?;
        for (labels, found) in values {
            write_histogram(metric.encode_family(&labels)?, &found, unit)?;
        }
        Ok(())
    }

    fn describe<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }
}

fn write_histogram(mut metric: MetricEncoder<'_>, found: &Found, unit: f64) -> fmt::Result {
    let bounds = found.counts.iter();
    let mut buckets: Vec<(f64, u64)> = bounds
        .map(|(bound, count)| (*bound as f64 / unit, *count))
        .collect();
    buckets.push((f64::INFINITY, found.beyond));
    let sum = found.sum as f64 / unit;
    metric.encode_histogram::<NoLabelSet>(sum, found.count(), &buckets, None)
}
