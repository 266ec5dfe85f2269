//! Reads a filter's tokens as an expression. `OR` binds tighter than `AND`, and terms that stand side
//! by side are joined by `AND` (AIP-160).

use crate::error::Violation;
use crate::filter::lex::{Comparator, Pattern, Spanned, Token, lex};
use crate::filter::{DEPTH_MAX, Fault, LENGTH_MAX, TERMS_MAX};

const QUOTED_FIELD: &str = "a quoted text is no field";

/// An expression, as written: fields and values are not looked up yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    /// `field = value`
    Compare {
        field: Field,
        comparator: Comparator,
        value: Value,
    },
    /// A text that stands alone: some text of the record has it.
    Bare(Value),
}

/// A path of fields, `quantity.value`, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub path: String,
    pub column: usize,
}

/// What a field is compared with, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    pub pattern: Pattern,
    /// Whether it stood in quotation marks: then it is text, whatever it looks like.
    pub is_quoted: bool,
    pub column: usize,
}

/// Reads a filter; nothing for one that is empty.
pub fn parse(filter: &str) -> Result<Option<Expression>, Fault> {
    let length = filter.chars().count();
    if length > LENGTH_MAX {
        let problem = format!("it has {length} code points, and at most {LENGTH_MAX} are taken");
        return Err(Fault::new(LENGTH_MAX + 1, problem));
    }
    let tokens = lex(filter)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser {
        tokens,
        at: 0,
        end: length + 1,
        terms: 0,
    };
    let expression = parser.expression(0)?;
    match parser.peek() {
        None => Ok(Some(expression)),
        // Terms follow each other until the end or a closing parenthesis.
        Some(rest) => Err(Fault::new(
            rest.column,
            "a closing parenthesis that nothing opened",
        )),
    }
}

struct Parser {
    tokens: Vec<Spanned>,
    at: usize,
    /// The column after the last character.
    end: usize,
    terms: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Spanned> {
        self.tokens.get(self.at)
    }

    fn next_is(&self, token: &Token) -> bool {
        self.peek().is_some_and(|next| next.token == *token)
    }

    fn take(&mut self, token: &Token) -> bool {
        let is_next = self.next_is(token);
        self.at += usize::from(is_next);
        is_next
    }

    fn column(&self) -> usize {
        self.peek().map_or(self.end, |next| next.column)
    }

    /// Terms joined by `AND`, written or not.
    fn expression(&mut self, depth: usize) -> Result<Expression, Fault> {
        if depth > DEPTH_MAX {
            let problem = format!("it is nested more than {DEPTH_MAX} deep");
            return Err(Fault::new(self.column(), problem));
        }
        let mut factors = vec![self.factor(depth)?];
        loop {
            let is_joined = self.take(&Token::And);
            let ends = self
                .peek()
                .is_none_or(|next| next.token == Token::RightParenthesis);
            if !is_joined && ends {
                return Ok(one_or(factors, Expression::And));
            }
            if !is_joined {
                self.expect_space()?;
            }
            factors.push(self.factor(depth)?);
        }
    }

    /// Two terms without white space between them, as in `'it''s'`, are a slip.
    fn expect_space(&self) -> Result<(), Fault> {
        match self.peek() {
            Some(Spanned {
                token: Token::Text(_) | Token::Quoted(_) | Token::LeftParenthesis | Token::Not,
                column,
                is_spaced: false,
            }) => Err(Fault::new(
                *column,
                "white space, AND or OR should stand between two terms",
            )),
            _ => Ok(()),
        }
    }

    /// Terms joined by `OR`.
    fn factor(&mut self, depth: usize) -> Result<Expression, Fault> {
        let mut terms = vec![self.term(depth)?];
        while self.take(&Token::Or) {
            terms.push(self.term(depth)?);
        }
        Ok(one_or(terms, Expression::Or))
    }

    fn term(&mut self, depth: usize) -> Result<Expression, Fault> {
        if self.take(&Token::Not) || self.take(&Token::Minus) {
            return Ok(Expression::Not(Box::new(self.simple(depth)?)));
        }
        self.simple(depth)
    }

    fn simple(&mut self, depth: usize) -> Result<Expression, Fault> {
        let opened = self.column();
        if !self.take(&Token::LeftParenthesis) {
            return self.restriction(depth);
        }
        let inner = self.expression(depth + 1)?;
        if self.take(&Token::RightParenthesis) {
            return Ok(inner);
        }
        Err(Fault::new(opened, "the parenthesis is never closed"))
    }

    fn restriction(&mut self, depth: usize) -> Result<Expression, Fault> {
        self.terms += 1;
        if self.terms > TERMS_MAX {
            let problem = format!("it has more than {TERMS_MAX} terms");
            return Err(Fault::new(self.column(), problem));
        }
        let first = self.value("a field or a text")?;
        let field = self.field(&first)?;
        self.refuse_function(first.column)?;
        let Some(Token::Comparator(comparator)) = self.peek().map(|next| next.token.clone()) else {
            return Ok(match field {
                Some(field) if field.path != first.pattern.text() => {
                    let shown = Violation::shown(&field.path);
                    let problem = format!(
                        "{shown} is compared with nothing; :* after it asks whether it is set"
                    );
                    return Err(Fault::new(field.column, problem));
                }
                _ => Expression::Bare(first),
            });
        };
        let Some(field) = field else {
            return Err(Fault::new(first.column, QUOTED_FIELD));
        };
        self.at += 1;
        if self.next_is(&Token::LeftParenthesis) {
            return self.distributed(&field, comparator, depth);
        }
        let value = self.argument()?;
        Ok(Expression::Compare {
            field,
            comparator,
            value,
        })
    }

    /// The path that begins with a value; nothing when it was quoted.
    fn field(&mut self, first: &Value) -> Result<Option<Field>, Fault> {
        if first.is_quoted {
            return Ok(None);
        }
        let mut path = first.pattern.text();
        while self.take(&Token::Dot) {
            let next = self.value("a field after the dot")?;
            if next.is_quoted {
                return Err(Fault::new(next.column, QUOTED_FIELD));
            }
            path.push('.');
            path.push_str(&next.pattern.text());
        }
        Ok(Some(Field {
            path,
            column: first.column,
        }))
    }

    /// A word right before a parenthesis calls a function.
    fn refuse_function(&self, column: usize) -> Result<(), Fault> {
        let calls = self
            .peek()
            .is_some_and(|next| next.token == Token::LeftParenthesis && !next.is_spaced);
        if calls {
            return Err(Fault::new(column, "there are no functions"));
        }
        Ok(())
    }

    /// What stands right of a comparator.
    fn argument(&mut self) -> Result<Value, Fault> {
        let value = self.value("a value")?;
        self.refuse_function(value.column)?;
        if !value.is_quoted && value.pattern.exact() == Some("-") {
            let problem =
                "a minus stands right before a word or a number; quote any other text with it";
            return Err(Fault::new(value.column, problem));
        }
        if self.next_is(&Token::Dot) {
            return Err(Fault::new(
                self.column(),
                "a value is no path; put it in quotation marks",
            ));
        }
        Ok(value)
    }

    /// `field:(a OR b)` means `field:a OR field:b`.
    fn distributed(
        &mut self,
        field: &Field,
        comparator: Comparator,
        depth: usize,
    ) -> Result<Expression, Fault> {
        let column = self.column();
        let inner = self.simple(depth)?;
        distribute(inner, field, comparator).ok_or_else(|| {
            Fault::new(
                column,
                "only values may stand in the parentheses after a comparator",
            )
        })
    }

    fn value(&mut self, expected: &str) -> Result<Value, Fault> {
        let column = self.column();
        let token = self.peek().map(|next| next.token.clone());
        let (pattern, is_quoted) = match token {
            Some(Token::Text(text)) => (unquoted(&text), false),
            Some(Token::Quoted(pattern)) => (pattern, true),
            Some(Token::And | Token::Or | Token::Not) => {
                let problem = format!(
                    "an operator stands where {expected} should; quote it to mean the word"
                );
                return Err(Fault::new(column, problem));
            }
            Some(other) => {
                let shown = other.shown();
                let problem = format!(
                    "{expected} should stand here, not {shown:?}; quote a text that holds it"
                );
                return Err(Fault::new(column, problem));
            }
            None => {
                return Err(Fault::new(
                    column,
                    format!("it ends where {expected} should stand"),
                ));
            }
        };
        self.at += 1;
        Ok(Value {
            pattern,
            is_quoted,
            column,
        })
    }
}

/// A bare word has wildcards too.
fn unquoted(text: &str) -> Pattern {
    Pattern {
        pieces: text.split('*').map(str::to_owned).collect(),
    }
}

fn one_or(mut several: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match several.len() {
        1 => several.swap_remove(0),
        _ => join(several),
    }
}

fn distribute(values: Expression, field: &Field, comparator: Comparator) -> Option<Expression> {
    let all = |values: Vec<Expression>| -> Option<Vec<Expression>> {
        values
            .into_iter()
            .map(|value| distribute(value, field, comparator))
            .collect()
    };
    Some(match values {
        Expression::And(values) => Expression::And(all(values)?),
        Expression::Or(values) => Expression::Or(all(values)?),
        Expression::Not(value) => Expression::Not(Box::new(distribute(*value, field, comparator)?)),
        Expression::Bare(value) => Expression::Compare {
            field: field.clone(),
            comparator,
            value,
        },
        Expression::Compare { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expression with every join in parentheses.
    fn shown(expression: &Expression) -> String {
        let joined = |several: &[Expression], word: &str| {
            let parts: Vec<_> = several.iter().map(shown).collect();
            format!("({})", parts.join(word))
        };
        match expression {
            Expression::And(several) => joined(several, " & "),
            Expression::Or(several) => joined(several, " | "),
            Expression::Not(inner) => format!("!{}", shown(inner)),
            Expression::Compare {
                field,
                comparator,
                value,
            } => {
                format!(
                    "{}{}{}",
                    field.path,
                    comparator.as_str(),
                    value.pattern.text()
                )
            }
            Expression::Bare(value) => value.pattern.text(),
        }
    }

    fn check(filter: &str, expected: &str) {
        let parsed = parse(filter)
            .expect("it parses")
            .map(|expression| shown(&expression));
        assert_eq!(parsed.as_deref(), Some(expected), "{filter}");
    }

    #[test]
    fn the_examples_of_the_grammar_mean_what_it_says() {
        check("a b AND c AND d", "(a & b & c & d)");
        check(
            "New York Giants OR Yankees",
            "(New & York & (Giants | Yankees))",
        );
        check("a < 10 OR a >= 100", "(a<10 | a>=100)");
        check("a AND b OR c", "(a & (b | c))");
        check("a OR b AND c", "((a | b) & c)");
        check("NOT (a OR b)", "!(a | b)");
        check("-file:\".java\"", "!file:.java");
        check("-30", "-30");
        check("package=com", "package=com");
        check("msg != 'hello'", "msg!=hello");
        check("1 > 0", "1>0");
        check("expr.type_map.1.type:\"x\"", "expr.type_map.1.type:x");
        check("honours.title:\"*枫桥式*\"", "honours.title:*枫桥式*");
        check("a:(b OR c) d", "((a:b | a:c) & d)");
        check("quantity.value>=-5.5", "quantity.value>=-5.5");
    }

    #[test]
    fn what_is_no_filter_is_refused_where_it_goes_wrong() {
        for (filter, column) in [
            ("a = ", 5),
            ("= a", 1),
            ("a AND", 6),
            ("(a", 1),
            ("a)", 2),
            ("a OR OR b", 6),
            ("f(x)", 1),
            ("a.b", 1),
            ("\"a\" = b", 1),
            ("a = b.c", 6),
            ("a:(b = c)", 3),
            ("NOT", 4),
            ("a..b = 1", 3),
        ] {
            let fault = parse(filter).expect_err(filter);
            assert_eq!(fault.column, column, "{filter}: {}", fault.problem);
        }
        assert!(parse(&"(".repeat(50)).is_err());
        assert!(parse(&"a ".repeat(101)).is_err());
        assert!(parse(&"a".repeat(2_001)).is_err());
        assert_eq!(parse("  "), Ok(None));
    }
}
