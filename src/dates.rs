//! Dates with unknown parts, and ISO 8601 durations.

use crate::error::Violation;
use crate::pb;

/// Year 0, month 0 and day 0 say that the part is not printed.
pub fn check_date(field: &str, date: &pb::Date) -> Result<(), Violation> {
    let (year, month, day) = (date.year, date.month, date.day);
    let refuse = |allowed: &str| {
        let description = format!("must be {allowed}, got year {year} month {month} day {day}");
        Err(Violation::invalid(field, description))
    };
    if !(0..=9999).contains(&year) || !(0..=12).contains(&month) || !(0..=31).contains(&day) {
        return refuse("a date with year 0 to 9999, month 0 to 12, day 0 to 31");
    }
    if year == 0 && month == 0 {
        return refuse("a date with a year or a month");
    }
    if month == 0 && day != 0 {
        return refuse("a date whose day has a month");
    }
    if month != 0 && day > days_of_month(year, month) {
        return refuse("a day of the calendar");
    }
    Ok(())
}

/// Whether two dates are both whole and the first comes after the second.
pub fn is_after(first: &pb::Date, second: &pb::Date) -> bool {
    let whole = |date: &pb::Date| date.year > 0 && date.month > 0 && date.day > 0;
    let key = |date: &pb::Date| (date.year, date.month, date.day);
    whole(first) && whole(second) && key(first) > key(second)
}

/// The last day of a month; of February of an unknown year, the 29th.
fn days_of_month(year: i32, month: i32) -> i32 {
    let leap = year == 0 || year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether a text is an ISO 8601 duration of whole parts, such as `P3Y` or `PT30M`.
pub fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else {
        return false;
    };
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    let parts = parts_in_order(date, "YMWD");
    match (parts, time.map(|time| parts_in_order(time, "HMS"))) {
        (Some(parts), None) => parts > 0,
        (Some(_), Some(Some(time_parts))) => time_parts > 0,
        _ => false,
    }
}

/// How many `digits + designator` parts a text has, when it has nothing else and keeps the order.
fn parts_in_order(text: &str, designators: &str) -> Option<usize> {
    const DIGITS_MAX: usize = 6;
    let mut rest = text;
    let mut allowed = designators;
    let mut count = 0;
    while !rest.is_empty() {
        let at = rest.find(|c: char| !c.is_ascii_digit())?;
        let designator = rest[at..].chars().next()?;
        let place = allowed.find(designator)?;
        if at == 0 || at > DIGITS_MAX {
            return None;
        }
        allowed = &allowed[place + 1..];
        rest = &rest[at + 1..];
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_may_lack_parts_but_stay_on_the_calendar() {
        let check = |year, month, day| check_date("d", &pb::Date { year, month, day }).is_ok();
        for (year, month, day) in [
            (2020, 6, 11),
            (0, 6, 11),
            (0, 2, 29),
            (2017, 0, 0),
            (2020, 2, 29),
        ] {
            assert!(check(year, month, day), "{year}-{month}-{day}");
        }
        for (year, month, day) in [
            (0, 0, 0),
            (0, 0, 3),
            (2020, 0, 3),
            (2019, 2, 29),
            (2020, 4, 31),
            (0, 13, 1),
            (-1, 1, 1),
        ] {
            assert!(!check(year, month, day), "{year}-{month}-{day}");
        }
    }

    #[test]
    fn only_whole_dates_are_ordered() {
        let date = |year, month, day| pb::Date { year, month, day };
        assert!(is_after(&date(2020, 6, 12), &date(2020, 6, 11)));
        assert!(!is_after(&date(0, 6, 12), &date(0, 6, 11)));
    }

    #[test]
    fn durations_follow_iso_8601() {
        for good in ["P3Y", "P3M", "P1W", "PT30M", "P1Y2M3DT4H5M6S"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in [
            "", "P", "3Y", "P3", "PT", "P1YT", "P1D1Y", "PT1D", "P-1Y", "P1.5Y", "p1y", "P三Y",
        ] {
            assert!(!is_duration(bad), "{bad}");
        }
    }
}
