//! Draws curves on axes that both count in powers of ten.

use std::fmt::Write as _;

use crate::findings::Curve;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
/// Nothing that is drawn is less.
const LEAST: f64 = 1e-4;
const COLOURS: [&str; 5] = ["#1f5fa8", "#c4532a", "#2f8048", "#7d4ca0", "#8a6d1a"];

pub struct Plot<'a> {
    pub title: &'a str,
    pub across: &'a str,
    pub up: &'a str,
    pub curves: &'a [Curve],
}

/// Counts in powers of ten, from one of the marks 1, 2 and 5 of a power to another.
struct Axis {
    marks: Vec<f64>,
}

impl Axis {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min).max(LEAST);
        let most = values.fold(least, f64::max);
        let powers = (LEAST.log10() as i32)..9;
        let marks = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|step| step * 10_f64.powi(power)));
        let marks: Vec<f64> = marks.collect();
        let first = marks.partition_point(|mark| *mark <= least).max(1) - 1;
        let last = marks.partition_point(|mark| *mark < most);
        let last = last.clamp(first + 1, marks.len() - 1);
        Self {
            marks: marks[first..=last].to_vec(),
        }
    }

    /// From 0 to 1.
    fn share(&self, value: f64) -> f64 {
        let (first, last) = (
            self.marks[0].log10(),
            self.marks[self.marks.len() - 1].log10(),
        );
        (value.max(LEAST).log10() - first) / (last - first)
    }
}

impl Plot<'_> {
    pub fn svg(&self) -> String {
        let points = || self.curves.iter().flat_map(|curve| curve.points.iter());
        let across = Axis::of(points().map(|(x, _)| *x));
        let up = Axis::of(points().map(|(_, y)| *y));
        let x = |value: f64| LEFT + across.share(value) * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| HEIGHT - BOTTOM - up.share(value) * (HEIGHT - TOP - BOTTOM);
        let mut svg = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
"##
        );
        let (middle, foot) = ((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 12.0);
        label(&mut svg, LEFT, 22.0, "start", self.title);
        label(&mut svg, middle, foot, "middle", self.across);
        label(&mut svg, LEFT - 6.0, TOP - 14.0, "end", self.up);
        for &mark in &across.marks {
            let at = x(mark);
            line(&mut svg, [at, TOP, at, HEIGHT - BOTTOM]);
            label(
                &mut svg,
                at,
                HEIGHT - BOTTOM + 16.0,
                "middle",
                &number(mark),
            );
        }
        for &mark in &up.marks {
            let at = y(mark);
            line(&mut svg, [LEFT, at, WIDTH - RIGHT, at]);
            label(&mut svg, LEFT - 6.0, at + 4.0, "end", &number(mark));
        }
        for (at, (curve, colour)) in self.curves.iter().zip(COLOURS.iter().cycle()).enumerate() {
            let places = curve.points.iter().map(|point| (x(point.0), y(point.1)));
            curve_of(&mut svg, places, colour);
            let (key, beside) = (TOP + 20.0 * at as f64 + 8.0, WIDTH - RIGHT + 12.0);
            // Writing to a text cannot fail.
            let _ = writeln!(
                svg,
                r#"<circle cx="{beside}" cy="{key}" r="4" fill="{colour}"/>"#
            );
            label(&mut svg, beside + 10.0, key + 4.0, "start", &curve.name);
        }
        svg + "</svg>\n"
    }
}

fn curve_of(svg: &mut String, places: impl Iterator<Item = (f64, f64)> + Clone, colour: &str) {
    let path: Vec<String> = places
        .clone()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let path = path.join(" ");
    let _ = writeln!(
        svg,
        r#"<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>"#
    );
    for (x, y) in places {
        let _ = writeln!(
            svg,
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{colour}"/>"#
        );
    }
}

fn line(svg: &mut String, [x1, y1, x2, y2]: [f64; 4]) {
    let _ = writeln!(
        svg,
        r##"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="#ddd"/>"##
    );
}

fn label(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
    );
}

fn number(mark: f64) -> String {
    match mark {
        1e6.. => format!("{}M", mark / 1e6),
        1e3.. => format!("{}k", mark / 1e3),
        // Powers of ten are not exact.
        _ => format!("{}", (mark * 1e4).round() / 1e4),
    }
}
