//! Numbers as they are written: digits, full-width digits, Chinese numerals, and mixtures of them.

/// A whole number in digits or Chinese numerals up to ninety-nine.
pub fn whole_number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let digit = |char: char| {
        "〇一二三四五六七八九"
            .chars()
            .position(|known| known == char)
    };
    let mut value = 0;
    let mut last = None;
    for char in text.chars() {
        match digit(char) {
            Some(digit) => last = Some(digit as u64),
            None if char == '十' => value += 10 * last.take().unwrap_or(1),
            None => return None,
        }
    }
    Some(value + last.unwrap_or(0))
}
