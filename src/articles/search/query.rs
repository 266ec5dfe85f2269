//! The query language: words, "phrases", -exclusions; all that are not excluded must stand in the text.

use std::sync::LazyLock;

use jieba_rs::Jieba;

use crate::articles::search::units::{Unit, UnitText, lexemes, units};
use crate::error::Violation;

/// Longest query, in code points.
pub const QUERY_LENGTH_MAX: usize = 500;

/// Most words and phrases of a query.
pub const TERMS_MAX: usize = 32;

/// A run of more units than this may be several words, written without spaces.
const SINGLE_LENGTH_MAX: usize = 4;

/// What is looked for, and what must not be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub required: Vec<Term>,
    pub excluded: Vec<Chain>,
}

/// A word or phrase: the chain must stand in the text, or, if it is several words, each of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub whole: Chain,
    /// Empty unless the whole is several words.
    pub words: Vec<Chain>,
}

/// Units that stand one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub units: Vec<Unit>,
}

impl Query {
    /// Parses the request's `query`.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let refuse = |description: String| Violation::invalid("query", description);
        let length = text.chars().count();
        if length > QUERY_LENGTH_MAX {
            return Err(refuse(format!(
                "must have at most {QUERY_LENGTH_MAX} code points, got {length}"
            )));
        }
        let mut query = Self::default();
        for piece in pieces(text)? {
            let chains = match piece.is_phrase {
                true => vec![units(&piece.text, 0)],
                false => apart(units(&piece.text, 0)),
            };
            for units in chains.into_iter().filter(|units| !units.is_empty()) {
                let chain = Chain { units };
                match (piece.is_excluded, piece.is_phrase) {
                    (true, _) => query.excluded.push(chain),
                    (false, true) => query.required.push(Term::of(chain)),
                    (false, false) => query.required.push(Term::of_words(chain)),
                }
            }
        }
        let terms = query.required.len() + query.excluded.len();
        if terms > TERMS_MAX {
            return Err(refuse(format!(
                "must have at most {TERMS_MAX} words and phrases, got {terms}"
            )));
        }
        if query.required.is_empty() {
            let got = Violation::shown(text);
            return Err(refuse(match query.excluded.is_empty() {
                true => format!("must have a word, got {got}"),
                false => format!("must have a word that is not excluded, got {got}"),
            }));
        }
        Ok(query)
    }

    /// The tsquery of the articles that may be meant: no place is compared, so the index alone answers
    /// for what must be there. Which articles are meant, `matching` decides.
    pub fn find_tsquery(&self) -> String {
        let required = self.required.iter().map(|term| match &term.words[..] {
            [] => term.whole.tsquery(" & "),
            // The words' lexemes are among those of the whole.
            words => joined(words.iter().map(|word| word.tsquery(" & ")), " & "),
        });
        let excluded = self
            .excluded
            .iter()
            .map(|chain| format!("!({})", chain.places_tsquery()));
        joined(required.chain(excluded), " & ")
    }

    /// The tsquery that articles are ranked by: the more of the words, the better.
    pub fn rank_tsquery(&self) -> String {
        let wholes = self.required.iter().map(|term| term.whole.tsquery(" | "));
        joined(wholes, " | ")
    }
}

impl Term {
    fn of(whole: Chain) -> Self {
        let words = Vec::new();
        Self { whole, words }
    }

    /// A long run is also sought as the words it is made of.
    fn of_words(whole: Chain) -> Self {
        if whole.units.len() <= SINGLE_LENGTH_MAX {
            return Self::of(whole);
        }
        let words = words(&whole.units);
        let is_one = words.len() < 2;
        Self {
            whole,
            words: if is_one { Vec::new() } else { words },
        }
    }
}

impl Chain {
    fn lexemes(&self) -> Vec<(String, usize)> {
        let last = self.units.len() - 1;
        let places = lexemes(&self.units).enumerate();
        let mut written = Vec::with_capacity(self.units.len());
        for (at, lexeme) in places {
            let is_single = lexeme.text.chars().nth(1).is_none();
            let quoted = match (&self.units[at].text, is_single) {
                (UnitText::Word(_), _) | (UnitText::Character(_), false) => {
                    format!("'{}'", lexeme.text)
                }
                // It may have any neighbour in the text, and is the second of the pair before.
                (UnitText::Character(_), true) if at == last && self.is_paired(at) => continue,
                (UnitText::Character(_), true) if at == last => format!("'{}':*", lexeme.text),
                (UnitText::Character(_), true) => format!("'{}'", lexeme.text),
            };
            written.push((quoted, lexeme.position));
        }
        written
    }

    /// Whether the unit is the second of a pair.
    fn is_paired(&self, at: usize) -> bool {
        at > 0
            && self.units[at - 1].text.is_character()
            && self.units[at - 1].position + 1 == self.units[at].position
    }

    fn tsquery(&self, operator: &str) -> String {
        joined(
            self.lexemes().into_iter().map(|(lexeme, _)| lexeme),
            operator,
        )
    }

    /// With places: what is excluded must be no more than what is meant.
    fn places_tsquery(&self) -> String {
        let mut written = String::new();
        let mut before = None;
        for (lexeme, position) in self.lexemes() {
            if let Some(before) = before {
                written.push_str(&format!(" <{}> ", position - before));
            }
            written.push_str(&lexeme);
            before = Some(position);
        }
        written
    }
}

fn joined(parts: impl Iterator<Item = String>, operator: &str) -> String {
    let parts: Vec<String> = parts.map(|part| format!("({part})")).collect();
    parts.join(operator)
}

/// A part of the query between spaces, or between quotation marks.
#[derive(Debug, Default)]
struct Piece {
    text: String,
    is_phrase: bool,
    is_excluded: bool,
}

fn pieces(text: &str) -> Result<Vec<Piece>, Violation> {
    let mut pieces = Vec::new();
    let mut piece = Piece::default();
    let mut chars = text.chars().enumerate();
    while let Some((at, char)) = chars.next() {
        match closing(char) {
            Some(closing) => {
                let is_excluded = piece.is_excluded && piece.text.is_empty();
                pieces.push(std::mem::take(&mut piece));
                let mut phrase = String::new();
                loop {
                    match chars.next() {
                        Some((_, next)) if next == closing => break,
                        Some((_, next)) => phrase.push(next),
                        None => {
                            let description = format!(
                                "must close its quotation mark {char:?} at column {}",
                                at + 1
                            );
                            return Err(Violation::invalid("query", description));
                        }
                    }
                }
                pieces.push(Piece {
                    text: phrase,
                    is_phrase: true,
                    is_excluded,
                });
            }
            None if char.is_whitespace() => pieces.push(std::mem::take(&mut piece)),
            None if is_minus(char) && piece.text.is_empty() && !piece.is_excluded => {
                piece.is_excluded = true;
            }
            None => piece.text.push(char),
        }
    }
    pieces.push(piece);
    Ok(pieces)
}

/// The mark that closes a phrase.
fn closing(opening: char) -> Option<char> {
    match opening {
        '"' | '＂' => Some(opening),
        '“' => Some('”'),
        '「' => Some('」'),
        '『' => Some('』'),
        _ => None,
    }
}

fn is_minus(char: char) -> bool {
    matches!(char, '-' | '－' | '−')
}

/// The runs between marks of punctuation.
fn apart(units: Vec<Unit>) -> Vec<Vec<Unit>> {
    let mut runs: Vec<Vec<Unit>> = Vec::new();
    for unit in units {
        match runs.last_mut() {
            Some(run)
                if run
                    .last()
                    .is_some_and(|last| last.position + 1 == unit.position) =>
            {
                run.push(unit);
            }
            _ => runs.push(vec![unit]),
        }
    }
    runs
}

/// The words of a run: characters by the dictionary, of two or more; the rest as they are.
fn words(run: &[Unit]) -> Vec<Chain> {
    let mut words = Vec::new();
    for part in run.chunk_by(|one, other| one.text.is_character() && other.text.is_character()) {
        let characters: String = part
            .iter()
            .filter_map(|unit| match &unit.text {
                UnitText::Character(char) => Some(*char),
                UnitText::Word(_) => None,
            })
            .collect();
        if characters.is_empty() {
            words.push(Chain {
                units: part.to_vec(),
            });
            continue;
        }
        let mut left = part;
        for token in DICTIONARY.cut(&characters, true) {
            let (word, rest) = left.split_at(token.word.chars().count());
            left = rest;
            if word.len() > 1 {
                words.push(Chain {
                    units: word.to_vec(),
                });
            }
        }
    }
    words
}

static DICTIONARY: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Loads the dictionary, which the first long query would otherwise wait for.
pub fn load_dictionary() {
    LazyLock::force(&DICTIONARY);
}
