//! The same as one JSON object.

use serde_json::{Value, json};

use crate::findings::{Curve, Findings, Row};

pub fn object(findings: &Findings) -> Value {
    let bars: Vec<Value> = findings
        .verdicts
        .iter()
        .map(|one| json!({"bar": one.what, "passes": one.passes, "figures": one.figures}))
        .collect();
    json!({
        "rows": findings.rows.iter().map(row).collect::<Vec<_>>(),
        "bars": bars,
        "notes": findings.notes,
        "p99_ms_by_requests_per_s": curves(&findings.latency_by_load),
        "cpu_us_by_articles": curves(&findings.cost_by_size),
    })
}

fn row(row: &Row) -> Value {
    let figures = &row.figures;
    json!({
        "case": row.case,
        "side": row.side,
        "load": row.load,
        "requests_per_s": figures.rate,
        "p50_ms": figures.p50_ms,
        "p99_ms": figures.p99_ms,
        "p999_ms": figures.p999_ms,
        "program_cpu_us": figures.program_us,
        "postgres_cpu_us": figures.postgres_us,
        "client_cpu_us": figures.client_us,
        "resident_mib": figures.resident_mib,
        "ratios": row.ratios.map(|ratios| json!({
            "requests_per_s": ratios.rate,
            "cpu": ratios.cpu,
            "p99": ratios.p99,
        })),
    })
}

fn curves(curves: &[Curve]) -> Vec<Value> {
    let curve = |curve: &Curve| json!({"name": curve.name, "points": curve.points});
    curves.iter().map(curve).collect()
}
