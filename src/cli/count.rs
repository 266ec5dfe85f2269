//! Counts as people read them.

use std::fmt::Display;

/// `1 record`, `2 records`.
pub fn counted(count: impl Display, noun: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        let told = [0, 1, 2, 21].map(|count| counted(count, "record"));
        assert_eq!(told, ["0 records", "1 record", "2 records", "21 records"]);
    }
}
