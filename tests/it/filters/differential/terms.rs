//! Random terms over every field of an allow-list, as a filter writes them and as they are asked.

use bulletin::filter::check::Schema;

use super::asks::{Asked, By, answers, contains};
use super::random::Random;
use super::reading::{Held, Read, words};

/// What is filtered: its message, its allow-list, its records as they were served.
pub struct Ground {
    pub kind: &'static str,
    pub schema: &'static Schema,
    pub records: Vec<Read>,
}

/// `field = value`, or a value that stands alone.
#[derive(Clone, Debug)]
pub struct Term {
    /// The field, by its place in the allow-list, and the comparator.
    pub field: Option<(usize, By)>,
    asked: Asked,
    /// What stands before the value, and the value.
    pub before: String,
    pub value: String,
}

impl Term {
    pub fn draw(random: &mut Random, ground: &Ground) -> Self {
        if random.one_in(12) {
            return Self::bare(random, ground);
        }
        let field = random.below(ground.schema.fields.len());
        let by = drawn_by(random, &ground.records[0].held[field]);
        Self::of(random, ground, field, by)
    }

    /// A term that asks the same field in the same way.
    pub fn of(random: &mut Random, ground: &Ground, field: usize, by: By) -> Self {
        let path = ground.schema.fields[field].path;
        let space = random.of(&["", " ", " ", "  "]);
        let (asked, value) = value(random, ground, field, by);
        Self {
            field: Some((field, by)),
            asked,
            before: format!("{path}{space}{}{space}", by.written()),
            value,
        }
    }

    fn bare(random: &mut Random, ground: &Ground) -> Self {
        let paths = ground.schema.fields.iter().enumerate();
        let bare = paths.filter(|(_, spec)| ground.schema.bare.contains(&spec.path));
        let fields: Vec<usize> = bare.map(|(at, _)| at).collect();
        let field = random.of(&fields);
        let held = model(random, ground, field);
        let (asked, value) = pattern(random, &held);
        Self {
            field: None,
            asked,
            before: String::new(),
            value,
        }
    }

    pub fn holds(&self, ground: &Ground, record: &Read) -> bool {
        if let Some((field, by)) = self.field {
            return answers(&record.held[field], by, &self.asked);
        }
        let specs = ground.schema.fields.iter().zip(&record.held);
        let mut bare = specs.filter(|(spec, _)| ground.schema.bare.contains(&spec.path));
        bare.any(|(_, held)| match (held, &self.asked) {
            (Held::Text(text), Asked::Star) => !text.is_empty(),
            (Held::Texts(texts), Asked::Star) => !texts.is_empty(),
            (Held::Text(text), Asked::Pattern(pieces)) => contains(text, pieces),
            (Held::Texts(texts), Asked::Pattern(pieces)) => {
                texts.iter().any(|text| contains(text, pieces))
            }
            (held, asked) => panic!("{asked:?} stands alone, and {held:?} is no text"),
        })
    }
}

/// A comparator that the type takes.
pub fn drawn_by(random: &mut Random, held: &Held) -> By {
    match held {
        Held::Texts(_) | Held::Words(_) => By::Has,
        Held::Text(_) | Held::Word(_) | Held::Bool(_) => {
            random.of(&[By::Equal, By::NotEqual, By::Has])
        }
        Held::Number(_) | Held::Time(_) | Held::Date(_) => random.of(&By::ALL),
    }
}

/// What a random record holds in the field.
fn model(random: &mut Random, ground: &Ground, field: usize) -> Held {
    let record = random.below(ground.records.len());
    ground.records[record].held[field].clone()
}

fn value(random: &mut Random, ground: &Ground, field: usize, by: By) -> (Asked, String) {
    let is_order = !matches!(by, By::Equal | By::NotEqual | By::Has);
    if !is_order && random.one_in(8) {
        return (
            Asked::Star,
            random.of(&["*", "*", "\"*\"", "'*'"]).to_owned(),
        );
    }
    let held = model(random, ground, field);
    match &held {
        Held::Text(_) | Held::Texts(_) => pattern(random, &held),
        Held::Word(_) | Held::Words(_) => {
            let word = random.of(&words(ground.kind, ground.schema.fields[field].path));
            let written = perhaps_quoted(random, &word);
            (Asked::Word(word), written)
        }
        Held::Bool(_) => {
            let value = random.one_in(2);
            (
                Asked::Bool(value),
                perhaps_quoted(random, &value.to_string()),
            )
        }
        Held::Number(number) => {
            let near = random.of(&[0, 0, 0, 1, -1, 1_000_000_000]);
            let number = number.unwrap_or_default() + near;
            let is_bounded = number.abs() < 1_000_000_000_000_000_000_000_000_000;
            let number = if is_bounded { number } else { 0 };
            (Asked::Number(number), written_number(random, number))
        }
        Held::Time(time) => {
            if random.one_in(2) {
                let date = drawn_date(random, Some([2020, 6, 11]));
                return (Asked::Date(date), written_date(random, date));
            }
            let near = [0, 0, 0, 1, -1, 999, 1_000, -1_000, 1_000_000, -1_000_000];
            let time = time.unwrap_or_default() + random.of(&near);
            (Asked::Time(time), written_time(random, time))
        }
        Held::Date(date) => {
            let date = drawn_date(random, *date);
            let of_any_year = !is_order && date[2] > 0 && random.one_in(3);
            let date = if of_any_year {
                [0, date[1], date[2]]
            } else {
                date
            };
            (Asked::Date(date), written_date(random, date))
        }
    }
}

/// The date, one near it, or another; without day or month at times.
fn drawn_date(random: &mut Random, held: Option<[i32; 3]>) -> [i32; 3] {
    let others = [
        [2017, 2, 28],
        [2020, 2, 29],
        [9999, 12, 31],
        [1, 1, 1],
        [2026, 1, 1],
    ];
    let [year, month, day] = match held {
        Some(held) if !random.one_in(4) => held,
        _ => random.of(&others),
    };
    let year = match year {
        0 => 2020,
        year => (year + random.of(&[0, 0, 0, 1, -1])).clamp(1, 9_999),
    };
    let month = if month == 0 {
        random.of(&[1, 6, 12])
    } else {
        month
    };
    let day = match day {
        0 => random.of(&[1, 28]),
        day => day.min(28),
    };
    random.of(&[
        [year, month, day],
        [year, month, day],
        [year, month, 0],
        [year, 0, 0],
    ])
}

fn written_date(random: &mut Random, [year, month, day]: [i32; 3]) -> String {
    let written = match (year, month, day) {
        (0, month, day) => format!("--{month:02}-{day:02}"),
        (year, 0, 0) => format!("{year:04}"),
        (year, month, 0) => format!("{year:04}-{month:02}"),
        (year, month, day) => format!("{year:04}-{month:02}-{day:02}"),
    };
    perhaps_quoted(random, &written)
}

/// An instant in RFC 3339, in some offset.
fn written_time(random: &mut Random, time: i128) -> String {
    let (hours, minutes): (i32, i32) = random.of(&[(0, 0), (8, 0), (-5, 30), (23, 59)]);
    let minutes = if hours < 0 { -minutes } else { minutes };
    let local = time + i128::from(hours * 60 + minutes) * 60_000_000_000;
    let (seconds, nanos) = (
        local.div_euclid(1_000_000_000),
        local.rem_euclid(1_000_000_000),
    );
    let local = time::OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).unwrap()).unwrap();
    let (date, clock) = (local.date(), local.time().as_hms());
    let zone = match (hours, minutes) {
        (0, 0) => "Z".to_owned(),
        (hours, minutes) => {
            let sign = if hours < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", hours.abs(), minutes.abs())
        }
    };
    let (hour, minute, second) = clock;
    format!("\"{date}T{hour:02}:{minute:02}:{second:02}.{nanos:09}{zone}\"")
}

fn written_number(random: &mut Random, number: i128) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let (whole, fraction) = (number.abs() / 1_000_000_000, number.abs() % 1_000_000_000);
    let fraction = format!("{fraction:09}");
    let fraction = fraction.trim_end_matches('0');
    let plain = match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    };
    let digits = format!("{whole}{fraction}");
    let exponent = fraction.len();
    let scientific = format!("{sign}{digits}e-{exponent}");
    let written = match random.below(4) {
        0 if !fraction.is_empty() && fraction.len() < 9 => format!("{plain}0"),
        1 if digits.len() < 18 => scientific,
        _ => plain,
    };
    perhaps_quoted(random, &written)
}

fn perhaps_quoted(random: &mut Random, written: &str) -> String {
    match random.below(4) {
        0 => format!("\"{written}\""),
        1 => format!("'{written}'"),
        _ => written.to_owned(),
    }
}

/// A text of the field: whole, a part, with wildcards for parts, in another case, or none.
fn pattern(random: &mut Random, held: &Held) -> (Asked, String) {
    let text = match held {
        Held::Text(text) => text.clone(),
        Held::Texts(texts) if !texts.is_empty() => random.of(texts),
        _ => String::new(),
    };
    let chars: Vec<char> = text.chars().collect();
    let mut place = || random.below(chars.len() + 1);
    let (one, other) = (place(), place());
    let (start, end) = (one.min(other), one.max(other));
    let part = |from: usize, to: usize| chars[from..to].iter().collect::<String>();
    let none = String::new;
    let pieces = match random.below(10) {
        0 => vec![none(), part(start, chars.len())],
        1 => vec![part(0, end), none()],
        2 => vec![none(), part(start, end), none()],
        3 => vec![part(0, start), part(end, chars.len())],
        4 => vec![part(0, start), none(), part(end, chars.len())],
        5 | 6 => vec![part(start, end)],
        7 => vec![text.to_uppercase()],
        _ => vec![text],
    };
    let written = written_pattern(random, &pieces);
    if pieces.len() > 1 && pieces.iter().all(String::is_empty) {
        return (Asked::Star, written);
    }
    (Asked::Pattern(pieces), written)
}

fn written_pattern(random: &mut Random, pieces: &[String]) -> String {
    let bare = pieces.join("*");
    let is_word = !bare.is_empty()
        && !bare.starts_with('-')
        && !["AND", "OR", "NOT"].contains(&bare.as_str())
        && !pieces.iter().any(|piece| piece.contains('*'))
        && !bare.contains(|c: char| c.is_whitespace() || "()\",':=<>!.".contains(c));
    if is_word && !random.one_in(3) {
        return bare;
    }
    let quote = random.of(&['"', '\'']);
    let escaped = |piece: &String| -> String {
        let escape = |c: char| match c == '\\' || c == '*' || c == quote {
            true => vec!['\\', c],
            false => vec![c],
        };
        piece.chars().flat_map(escape).collect()
    };
    let pieces: Vec<String> = pieces.iter().map(escaped).collect();
    format!("{quote}{}{quote}", pieces.join("*"))
}
