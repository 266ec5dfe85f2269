//! Rules that fields share: lengths, characters, counts, enums. Collects every violation.

use crate::error::{Error, Reason, Result, Violation};
use crate::names::is_inner_id;
use crate::page::PAGE_BYTES_MAX;

/// Collects what is wrong with a message, all of it, under the path of its fields.
#[derive(Debug, Default)]
pub struct Check {
    violations: Vec<Violation>,
}

/// Most violations one answer lists; a caller repairs these and asks again.
const VIOLATIONS_MAX: usize = 100;

impl Check {
    pub fn push(&mut self, violation: Violation) {
        if !self.is_full() {
            self.violations.push(violation);
        }
    }

    pub fn refuse(&mut self, field: &str, description: impl Into<String>) {
        self.push(Violation::invalid(field, description));
    }

    pub fn refuse_for(&mut self, reason: Reason, field: &str, description: impl Into<String>) {
        self.push(Violation::new(reason, field, description));
    }

    /// Keeps the value of a rule that may fail, and the violation of one that does.
    pub fn take<T>(&mut self, outcome: Result<T, Violation>) -> Option<T> {
        outcome.map_err(|violation| self.push(violation)).ok()
    }

    /// A text of one line, which may be empty.
    pub fn line(&mut self, field: &str, text: &str, length_max: usize) {
        self.length(field, text, length_max);
        if let Some(bad) = text
            .chars()
            .find(|c| c.is_control() || is_line_separator(*c))
        {
            self.refuse(
                field,
                format!("must have no control character, got U+{:04X}", bad as u32),
            );
        }
    }

    /// A text of one line, which must say something.
    pub fn required_line(&mut self, field: &str, text: &str, length_max: usize) {
        if text.trim().is_empty() {
            return self.refuse(
                field,
                format!("must have 1 to {length_max} code points, got none"),
            );
        }
        self.line(field, text, length_max);
    }

    /// A text cut from a page: it may hold what a page may hold.
    pub fn page_text(&mut self, field: &str, text: &str, length_max: usize) {
        self.length(field, text, length_max);
        if let Some(bad) = text.chars().find(|c| is_barred_from_pages(*c)) {
            let allowed = "tab, line feed, line tabulation, form feed and carriage return";
            let got = bad as u32;
            self.refuse(
                field,
                format!("must have no control character but {allowed}, got U+{got:04X}"),
            );
        }
    }

    /// The same, which must say something.
    pub fn required_page_text(&mut self, field: &str, text: &str, length_max: usize) {
        if text.is_empty() {
            let allowed = format!("must have 1 to {length_max} code points, got none");
            return self.refuse(field, allowed);
        }
        self.page_text(field, text, length_max);
    }

    /// The whole text of a page.
    pub fn source_text(&mut self, field: &str, text: &str) {
        self.page_text(field, text, PAGE_BYTES_MAX);
        if text.len() > PAGE_BYTES_MAX {
            let got = text.len();
            let allowed = format!("must have at most {PAGE_BYTES_MAX} bytes, got {got}");
            self.refuse(field, allowed);
        }
    }

    fn length(&mut self, field: &str, text: &str, length_max: usize) {
        // Bytes bound code points from above, and are known without counting.
        if text.len() > length_max {
            let length = text.chars().count();
            if length > length_max {
                self.refuse(
                    field,
                    format!("must have at most {length_max} code points, got {length}"),
                );
            }
        }
    }

    /// A list of at most so many.
    pub fn count(&mut self, field: &str, count: usize, count_max: usize) {
        if count > count_max {
            self.refuse(
                field,
                format!("must have at most {count_max} items, got {count}"),
            );
        }
    }

    /// A list of texts of one line, each saying something.
    pub fn lines(&mut self, field: &str, texts: &[String], count_max: usize, length_max: usize) {
        self.count(field, texts.len(), count_max);
        for (index, text) in texts.iter().take(count_max).enumerate() {
            self.required_line(&format!("{field}[{index}]"), text, length_max);
        }
    }

    /// Each item once.
    pub fn distinct<'a>(&mut self, field: &str, items: impl IntoIterator<Item = &'a str>) {
        let mut seen = std::collections::HashSet::new();
        for (index, item) in items.into_iter().enumerate() {
            if self.is_full() {
                return;
            }
            if !seen.insert(item) {
                let got = Violation::shown(item);
                self.refuse(
                    &format!("{field}[{index}]"),
                    format!("must not repeat, got {got} twice"),
                );
            }
        }
    }

    /// An enum that may be unset.
    pub fn optional_enum<E: TryFrom<i32>>(&mut self, field: &str, number: i32) {
        if E::try_from(number).is_err() {
            self.refuse(
                field,
                format!("must be a value this service knows, got {number}"),
            );
        }
    }

    /// An enum that must be set.
    pub fn required_enum<E: TryFrom<i32>>(&mut self, field: &str, number: i32) {
        if number == 0 {
            return self.refuse(field, "must be set, got the UNSPECIFIED value");
        }
        self.optional_enum::<E>(field, number);
    }

    /// A list of enums that are set, each once.
    pub fn distinct_enums<E: TryFrom<i32>>(&mut self, field: &str, numbers: &[i32]) {
        let mut seen = std::collections::HashSet::new();
        for (index, number) in numbers.iter().enumerate() {
            // There are few values, so that a long list fills up with those that repeat.
            if self.is_full() {
                return;
            }
            let field = format!("{field}[{index}]");
            self.required_enum::<E>(&field, *number);
            if !seen.insert(number) {
                self.refuse(&field, format!("must not repeat, got \"{number}\" twice"));
            }
        }
    }

    /// An id within a record.
    pub fn inner_id(&mut self, field: &str, id: &str) {
        if !is_inner_id(id) {
            let got = Violation::shown(id);
            self.refuse(
                field,
                format!("must match [a-z][a-z0-9-]{{0,62}}, got {got}"),
            );
        }
    }

    /// Whether what is wrong beside would not be listed: a list of millions need not be looked through.
    pub fn is_full(&self) -> bool {
        self.violations.len() >= VIOLATIONS_MAX
    }

    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    pub fn finish(self) -> Result<()> {
        if self.violations.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.violations))
        }
    }
}

/// Line and paragraph separators end a line as a line feed does.
fn is_line_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_barred_from_pages(c: char) -> bool {
    c < ' ' && !('\t'..='\r').contains(&c) || c == '\u{7f}'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(rule: impl FnOnce(&mut Check)) -> Vec<String> {
        let mut check = Check::default();
        rule(&mut check);
        check.violations.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lengths_count_code_points_and_name_the_limit() {
        assert!(violations(|check| check.line("x", "所所所", 3)).is_empty());
        assert_eq!(
            violations(|check| check.line("x", "所所所所", 3)),
            ["x must have at most 3 code points, got 4"]
        );
    }

    #[test]
    fn a_line_has_no_control_character_but_a_page_has_lines() {
        assert_eq!(violations(|check| check.line("x", "a\nb", 9)).len(), 1);
        assert_eq!(
            violations(|check| check.line("x", "a\u{2028}b", 9)).len(),
            1
        );
        assert!(violations(|check| check.page_text("x", "a\r\n\tb\u{c}", 9)).is_empty());
        assert_eq!(violations(|check| check.page_text("x", "a\0b", 9)).len(), 1);
    }

    #[test]
    fn every_violation_is_kept_with_its_path() {
        let found = violations(|check| {
            check.required_line("a", " ", 5);
            check.lines("b", &["x".into(), String::new()], 1, 5);
            check.distinct("c", ["x", "x"]);
        });
        assert_eq!(found.len(), 3);
        assert!(found[1].starts_with("b must have at most 1 items"));
        assert!(found[2].starts_with("c[1] must not repeat"));
    }
}
