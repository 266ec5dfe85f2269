//! What one term of a filter asks of a field, and whether what the field holds answers it.

use super::reading::Held;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Has,
}

impl By {
    pub const ALL: [Self; 7] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Has,
    ];

    pub fn written(self) -> &'static str {
        ["=", "!=", "<", "<=", ">", ">=", ":"][self as usize]
    }

    /// Whether the first range of values stands so to the second: certain of all in the first.
    fn holds<T: Ord>(self, (first, last): (T, T), (least, greatest): (T, T)) -> bool {
        match self {
            Self::Equal | Self::Has => first >= least && last <= greatest,
            Self::NotEqual => !(first >= least && last <= greatest),
            Self::Less => last < least,
            Self::LessOrEqual => last <= greatest,
            Self::Greater => first > greatest,
            Self::GreaterOrEqual => first >= least,
        }
    }
}

/// The right side of a term.
#[derive(Clone, Debug)]
pub enum Asked {
    /// `*`
    Star,
    /// The texts between wildcards.
    Pattern(Vec<String>),
    Word(String),
    Bool(bool),
    /// In billionths.
    Number(i128),
    /// In nanoseconds since 1970.
    Time(i128),
    /// Year, month, day; 0 for what is left out.
    Date([i32; 3]),
}

pub fn answers(held: &Held, by: By, asked: &Asked) -> bool {
    let is_not = by == By::NotEqual;
    match (held, asked) {
        (held, Asked::Star) => is_set(held) != is_not,
        (Held::Text(text), Asked::Pattern(pieces)) if by == By::Has => contains(text, pieces),
        (Held::Text(text), Asked::Pattern(pieces)) => matches(text, pieces) != is_not,
        (Held::Texts(texts), Asked::Pattern(pieces)) => {
            texts.iter().any(|text| matches(text, pieces))
        }
        (Held::Word(held), Asked::Word(word)) => (held == word) != is_not,
        (Held::Words(held), Asked::Word(word)) => held.contains(word),
        (Held::Bool(held), Asked::Bool(value)) => (held == value) != is_not,
        (Held::Number(held), Asked::Number(number)) => {
            compared(*held, by, (*number, *number), |held| (held, held))
        }
        (Held::Time(held), Asked::Time(time)) => {
            compared(*held, by, (*time, *time), |held| (held, held))
        }
        (Held::Time(held), Asked::Date(date)) => {
            let (first, last) = bounds(*date);
            let range = (days(first) * DAY, (days(last) + 1) * DAY - 1);
            compared(*held, by, range, |held| (held, held))
        }
        (Held::Date(held), Asked::Date([0, month, day])) => {
            held.is_some_and(|[_, m, d]| (m, d) == (*month, *day)) != is_not
        }
        (Held::Date(held), Asked::Date(date)) => {
            let known = held.filter(|[year, ..]| *year > 0);
            compared(known, by, bounds(*date), bounds)
        }
        (held, asked) => panic!("{held:?} cannot be asked {asked:?}"),
    }
}

/// What is not known is neither equal, less, nor greater.
fn compared<H, T: Ord>(
    held: Option<H>,
    by: By,
    asked: (T, T),
    range: impl Fn(H) -> (T, T),
) -> bool {
    match held {
        Some(held) => by.holds(range(held), asked),
        None => by == By::NotEqual,
    }
}

fn is_set(held: &Held) -> bool {
    match held {
        Held::Text(text) | Held::Word(text) => !text.is_empty(),
        Held::Texts(texts) | Held::Words(texts) => !texts.is_empty(),
        Held::Number(number) => number.is_some(),
        Held::Bool(value) => *value,
        Held::Time(time) => time.is_some(),
        Held::Date(date) => date.is_some(),
    }
}

/// Whether the text is the first piece, anything, the next piece, and so on to the end.
pub fn matches(text: &str, pieces: &[String]) -> bool {
    match pieces {
        [] => text.is_empty(),
        [only] => text == only,
        [first, rest @ ..] => text.strip_prefix(first.as_str()).is_some_and(|left| {
            let starts = left.char_indices().map(|(at, _)| at).chain([left.len()]);
            starts.into_iter().any(|at| matches(&left[at..], rest))
        }),
    }
}

pub fn contains(text: &str, pieces: &[String]) -> bool {
    let mut around = vec![String::new()];
    around.extend_from_slice(pieces);
    around.push(String::new());
    matches(text, &around)
}

const DAY: i128 = 86_400_000_000_000;

/// The first and the last day of a date.
fn bounds([year, month, day]: [i32; 3]) -> ([i32; 3], [i32; 3]) {
    let first = [year, month.max(1), day.max(1)];
    let last_month = if month == 0 { 12 } else { month };
    let last_day = if day == 0 {
        length(year, last_month)
    } else {
        day
    };
    (first, [year, last_month, last_day])
}

fn length(year: i32, month: i32) -> i32 {
    let start = |year, month| days([year, month, 1]);
    let next = match month {
        12 => start(year + 1, 1),
        month => start(year, month + 1),
    };
    i32::try_from(next - start(year, month)).unwrap()
}

/// Days since 1970 of a day of the calendar.
fn days([year, month, day]: [i32; 3]) -> i128 {
    // Years begin in March, so that the leap day is their last.
    let year = i128::from(if month > 2 { year } else { year - 1 });
    let month = i128::from((month + 9) % 12);
    let of_year = (153 * month + 2) / 5 + i128::from(day) - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}
