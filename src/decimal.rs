//! Decimals as the API takes and gives them: exact, bounded, and written one way.

use std::str::FromStr;

use rust_decimal::Decimal;

use crate::error::Violation;
use crate::pb;

const INTEGER_DIGITS_MAX: u32 = 18;
const FRACTION_DIGITS_MAX: u32 = 9;
const TEXT_LENGTH_MAX: usize = 64;

/// Reads a decimal; an exponent is accepted, more digits than are kept are not.
pub fn parse(field: &str, decimal: &pb::Decimal) -> Result<Decimal, Violation> {
    let text = decimal.value.as_str();
    let refused = || {
        let got = Violation::shown(text);
        let form = format!(
            "must be a decimal with at most {INTEGER_DIGITS_MAX} digits before and \
             {FRACTION_DIGITS_MAX} after the point, got {got}"
        );
        Violation::invalid(format!("{field}.value"), form)
    };
    if !is_written_as_decimal(text) {
        return Err(refused());
    }
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let value = if unsigned.contains(['e', 'E']) {
        Decimal::from_scientific(unsigned)
    } else {
        Decimal::from_str_exact(unsigned)
    };
    let mut value = value.map_err(|_| refused())?;
    if value.is_zero() {
        value.set_sign_positive(true);
    }
    let bound = Decimal::from(10_i64.pow(INTEGER_DIGITS_MAX));
    if value.scale() > FRACTION_DIGITS_MAX || value.abs() >= bound {
        return Err(refused());
    }
    Ok(value)
}

/// The way a decimal is kept and served: no exponent, no plus, trailing zeros as written.
pub fn canonical(value: Decimal) -> pb::Decimal {
    pb::Decimal {
        value: value.to_string(),
    }
}

/// A decimal that was served before, hence is well-formed.
pub fn served(decimal: &pb::Decimal) -> Option<Decimal> {
    Decimal::from_str(&decimal.value).ok()
}

/// `[+-]?digits[.digits][(e|E)[+-]?digits]`, the form of google.type.Decimal.
fn is_written_as_decimal(text: &str) -> bool {
    fn digits(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
    }
    fn unsigned(text: &str) -> &str {
        text.strip_prefix(['+', '-']).unwrap_or(text)
    }
    if text.len() > TEXT_LENGTH_MAX {
        return false;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (integer, fraction) = match unsigned(mantissa).split_once('.') {
        Some((integer, fraction)) => (integer, Some(fraction)),
        None => (unsigned(mantissa), None),
    };
    digits(integer)
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| exponent.len() <= 4 && digits(unsigned(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Option<String> {
        let decimal = pb::Decimal {
            value: text.to_owned(),
        };
        parse("quantity.value", &decimal)
            .ok()
            .map(|value| canonical(value).value)
    }

    #[test]
    fn decimals_are_exact_and_written_one_way() {
        for (text, canonical) in [
            ("47500", "47500"),
            ("98.90", "98.90"),
            ("+7", "7"),
            ("-3.5", "-3.5"),
            ("007", "7"),
            ("-0", "0"),
            ("2.5e3", "2500"),
            ("25e-2", "0.25"),
            (
                "999999999999999999.999999999",
                "999999999999999999.999999999",
            ),
        ] {
            assert_eq!(check(text).as_deref(), Some(canonical), "{text}");
        }
    }

    #[test]
    fn what_is_no_bounded_decimal_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "1_000",
            "1,000",
            "NaN",
            "inf",
            "0x10",
            "１２",
            "1e",
            "1e99999",
            "1e40",
            "1000000000000000000",
            "0.0000000001",
            " 1",
            "--1",
            "4.75万",
        ] {
            assert_eq!(check(text), None, "{text}");
        }
    }
}
