//! Splits a filter into tokens, each with its column.

use crate::filter::Fault;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    LeftParenthesis,
    RightParenthesis,
    Comma,
    Dot,
    /// `-` right before a term.
    Minus,
    Comparator(Comparator),
    And,
    Or,
    Not,
    /// A bare word: a field, a number, a date, an enum value, or text.
    Text(String),
    /// A quoted text, escapes resolved.
    Quoted(Pattern),
}

impl Token {
    /// As it was written; of a word or a text, what it is.
    pub fn shown(&self) -> &'static str {
        match self {
            Self::LeftParenthesis => "(",
            Self::RightParenthesis => ")",
            Self::Comma => ",",
            Self::Dot => ".",
            Self::Minus => "-",
            Self::Comparator(comparator) => comparator.as_str(),
            Self::And => "AND",
            Self::Or => "OR",
            Self::Not => "NOT",
            Self::Text(_) => "a word",
            Self::Quoted(_) => "a quoted text",
        }
    }
}

/// A text with unescaped `*`, as the pieces between them: one piece has no wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub pieces: Vec<String>,
}

impl Pattern {
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            pieces: vec![text.into()],
        }
    }

    /// The text, when it has no wildcard.
    pub fn exact(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether it is nothing but wildcards: any text at all, but an unset one.
    pub fn is_star(&self) -> bool {
        self.pieces.len() > 1 && self.pieces.iter().all(String::is_empty)
    }

    /// As it may be shown: the text, with its wildcards.
    pub fn text(&self) -> String {
        self.pieces.join("*")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Has,
}

impl Comparator {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Has => ":",
        }
    }
}

/// A token, where it begins, and whether white space stands before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned {
    pub token: Token,
    pub column: usize,
    pub is_spaced: bool,
}

/// All tokens of a filter.
pub fn lex(filter: &str) -> Result<Vec<Spanned>, Fault> {
    // Postgres keeps no NUL, so that no record has one.
    if let Some(at) = filter.chars().position(|c| c == '\0') {
        return Err(Fault::new(at + 1, "a NUL stands in no text"));
    }
    let mut lexer = Lexer {
        chars: filter.chars().collect(),
        at: 0,
    };
    let mut tokens = Vec::new();
    loop {
        let before = lexer.at;
        lexer.skip_space();
        let is_spaced = lexer.at > before || before == 0;
        let column = lexer.at + 1;
        let last = tokens.last().map(|last: &Spanned| &last.token);
        let begins = match last {
            Some(Token::LeftParenthesis) => true,
            Some(Token::Comparator(_)) => false,
            _ => is_spaced,
        };
        match lexer.token(begins)? {
            Some(token) => tokens.push(Spanned {
                token,
                column,
                is_spaced,
            }),
            None => return Ok(tokens),
        }
    }
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
}

impl Lexer {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Takes the next character if it is this one.
    fn take(&mut self, expected: char) -> bool {
        let is_next = self.peek() == Some(expected);
        self.at += usize::from(is_next);
        is_next
    }

    /// `begins`: where a term may begin, after white space or a parenthesis but not a comparator.
    fn token(&mut self, begins: bool) -> Result<Option<Token>, Fault> {
        let Some(first) = self.peek() else {
            return Ok(None);
        };
        let single = |token| Ok(Some(token));
        match first {
            '"' | '\'' => self.quoted(first).map(Some),
            '(' | ')' | ',' | '.' | ':' | '=' | '<' | '>' | '!' => {
                self.at += 1;
                self.symbol(first).map(Some)
            }
            // A minus begins a term; inside a word, and at the head of a number or of a date without a
            // year, it belongs to the word.
            '-' if begins && !self.begins_value() => {
                self.at += 1;
                single(Token::Minus)
            }
            _ => single(self.word()),
        }
    }

    /// Whether the minus is the first of `-5` or `--06-11`.
    fn begins_value(&self) -> bool {
        self.digit_follows() || self.chars.get(self.at + 1) == Some(&'-')
    }

    fn digit_follows(&self) -> bool {
        self.chars
            .get(self.at + 1)
            .is_some_and(char::is_ascii_digit)
    }

    fn symbol(&mut self, symbol: char) -> Result<Token, Fault> {
        let or_equal = |lexer: &mut Self, plain, with_equal| {
            Token::Comparator(if lexer.take('=') { with_equal } else { plain })
        };
        Ok(match symbol {
            '(' => Token::LeftParenthesis,
            ')' => Token::RightParenthesis,
            ',' => Token::Comma,
            '.' => Token::Dot,
            ':' => Token::Comparator(Comparator::Has),
            '=' => Token::Comparator(Comparator::Equal),
            '<' => or_equal(self, Comparator::Less, Comparator::LessOrEqual),
            '>' => or_equal(self, Comparator::Greater, Comparator::GreaterOrEqual),
            _ if self.take('=') => Token::Comparator(Comparator::NotEqual),
            _ => return Err(Fault::new(self.at, "\"!\" is no operator; write != or NOT")),
        })
    }

    /// A word: up to white space or a character that means something.
    fn word(&mut self) -> Token {
        let start = self.at;
        while let Some(next) = self.peek() {
            let ends = next.is_whitespace() || "()\",':=<>!".contains(next);
            // A dot separates fields, but belongs to a number: 36.6
            let is_field_dot = next == '.' && !self.is_within_number(start);
            if ends || is_field_dot {
                break;
            }
            self.at += 1;
        }
        let text: String = self.chars[start..self.at].iter().collect();
        match text.as_str() {
            "AND" => Token::And,
            "OR" => Token::Or,
            "NOT" => Token::Not,
            _ => Token::Text(text),
        }
    }

    /// Whether everything of the word so far, and what follows the dot, are digits.
    fn is_within_number(&self, start: usize) -> bool {
        let so_far = &self.chars[start..self.at];
        let digits = so_far.strip_prefix(&['-']).unwrap_or(so_far);
        !digits.is_empty() && digits.iter().all(char::is_ascii_digit) && self.digit_follows()
    }

    fn quoted(&mut self, quote: char) -> Result<Token, Fault> {
        let start = self.at + 1;
        self.at += 1;
        let mut pieces = vec![String::new()];
        let push = |pieces: &mut Vec<String>, c: char| {
            if let Some(last) = pieces.last_mut() {
                last.push(c);
            }
        };
        loop {
            let next = self.peek();
            self.at += 1;
            match next {
                None => return Err(Fault::new(start, "the quotation mark is never closed")),
                Some(end) if end == quote => return Ok(Token::Quoted(Pattern { pieces })),
                Some('*') => pieces.push(String::new()),
                Some('\\') => match self.peek() {
                    Some(escaped @ ('\\' | '"' | '\'' | '*')) => {
                        self.at += 1;
                        push(&mut pieces, escaped);
                    }
                    Some('n') => {
                        self.at += 1;
                        push(&mut pieces, '\n');
                    }
                    _ => {
                        let allowed = r#"a backslash stands before \, ", ', * or n only"#;
                        return Err(Fault::new(self.at, allowed));
                    }
                },
                Some(plain) => push(&mut pieces, plain),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(filter: &str) -> Vec<Token> {
        lex(filter)
            .expect("it lexes")
            .into_iter()
            .map(|spanned| spanned.token)
            .collect()
    }

    fn text(text: &str) -> Token {
        Token::Text(text.to_owned())
    }

    #[test]
    fn words_numbers_and_fields_are_told_apart() {
        assert_eq!(
            tokens("quantity.value >= 36.6"),
            [
                text("quantity"),
                Token::Dot,
                text("value"),
                Token::Comparator(Comparator::GreaterOrEqual),
                text("36.6")
            ]
        );
        assert_eq!(
            tokens("-a -5 x=-5.5")[..3],
            [Token::Minus, text("a"), text("-5")]
        );
        assert_eq!(tokens("(-a")[1..], [Token::Minus, text("a")]);
        assert_eq!(tokens("2020-06-11"), [text("2020-06-11")]);
        assert_eq!(
            tokens("NOT x OR notx"),
            [Token::Not, text("x"), Token::Or, text("notx")]
        );
    }

    #[test]
    fn quotes_keep_chinese_and_know_their_wildcards() {
        let Token::Quoted(pattern) = tokens(r#""*枫桥\*式*""#).remove(0) else {
            panic!()
        };
        assert_eq!(pattern.pieces, ["", "枫桥*式", ""]);
        assert_eq!(lex("a = \"枫桥").expect_err("it is never closed").column, 5);
        assert_eq!(lex(r#""\x""#).expect_err("no such escape").column, 2);
        assert_eq!(lex("a ! b").expect_err("no operator").column, 3);
    }
}
