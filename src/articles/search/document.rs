//! What of an article is searched, and how that is written to the index.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::articles::search::units::{Unit, lexemes, units};
use crate::pb::Article;
use crate::pb::paragraph::Kind;

/// A text of an article that is searched.
#[derive(Clone, Copy, Debug)]
pub struct SearchedText<'a> {
    /// As a highlight names it.
    pub field: &'static str,
    /// Which of several.
    pub index: usize,
    pub text: &'a str,
    /// Of a tsvector: A counts most.
    weight: char,
}

/// The searched texts of an article, in the order in which a page shows them.
pub fn searched_texts(article: &Article) -> impl Iterator<Item = SearchedText<'_>> {
    let text = |field, index, text, weight| SearchedText {
        field,
        index,
        text,
        weight,
    };
    let heads = [
        text("kicker", 0, article.kicker.as_str(), 'B'),
        text("headline", 0, article.headline.as_str(), 'A'),
        text("deck", 0, article.deck.as_str(), 'B'),
    ];
    let bylines = article.bylines.iter().enumerate();
    let bylines = bylines.map(move |(at, byline)| text("bylines", at, &byline.display_name, 'C'));
    let paragraphs = article.paragraphs.iter().enumerate();
    let paragraphs = paragraphs.map(move |(at, paragraph)| {
        let weight = match paragraph.kind() {
            Kind::Subhead => 'C',
            Kind::Unspecified | Kind::Body => 'D',
        };
        text("paragraphs", at, &paragraph.text, weight)
    });
    let captions = article.captions.iter().enumerate();
    let captions = captions.map(move |(at, caption)| text("captions", at, &caption.text, 'D'));
    let all = heads.into_iter().chain(bylines).chain(paragraphs);
    all.chain(captions).filter(|text| !text.text.is_empty())
}

/// The units of each searched text, at positions that are apart from text to text.
pub fn searched_units(article: &Article) -> impl Iterator<Item = (SearchedText<'_>, Vec<Unit>)> {
    let mut first = 1;
    searched_texts(article).map(move |text| {
        let units = units(text.text, first);
        first = units.last().map_or(first, |unit| unit.position + 2);
        (text, units)
    })
}

/// The last position a tsvector knows; what comes later is found, but without its place.
const POSITION_MAX: usize = 16_383;

/// What the lexemes of a tsvector may take together, under its limit of 1 MiB. An article of less than
/// 50,000 characters stays below; of a longer one the end may be left out.
const LEXEME_BYTES_MAX: usize = 900_000;

/// Bytes a lexeme takes beside its text, and at each position.
const LEXEME_BYTES: usize = 8;
const POSITION_BYTES: usize = 2;

/// The tsvector of an article, as text.
pub fn tsvector(article: &Article) -> String {
    let mut places: BTreeMap<String, Vec<(usize, char)>> = BTreeMap::new();
    let mut bytes = 0;
    'texts: for (text, units) in searched_units(article) {
        for lexeme in lexemes(&units) {
            let length = lexeme.text.len();
            let known = places.entry(lexeme.text).or_insert_with(|| {
                bytes += length + LEXEME_BYTES;
                Vec::new()
            });
            if lexeme.position <= POSITION_MAX {
                known.push((lexeme.position, text.weight));
                bytes += POSITION_BYTES;
            }
            if bytes > LEXEME_BYTES_MAX {
                break 'texts;
            }
        }
    }
    let mut written = String::with_capacity(places.len() * 16);
    for (lexeme, places) in places {
        // A lexeme has no character that the text form would escape.
        written.push('\'');
        written.push_str(&lexeme);
        written.push('\'');
        for (at, (position, weight)) in places.into_iter().enumerate() {
            written.push(if at == 0 { ':' } else { ',' });
            // Writing to a String cannot fail. D is what has no letter.
            let _ = write!(written, "{position}");
            if weight != 'D' {
                written.push(weight);
            }
        }
        written.push(' ');
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb::Paragraph;

    fn article(headline: &str, paragraphs: &[String]) -> Article {
        Article {
            headline: headline.to_owned(),
            paragraphs: paragraphs
                .iter()
                .map(|text| Paragraph {
                    text: text.clone(),
                    ..Paragraph::default()
                })
                .collect(),
            ..Article::default()
        }
    }

    #[test]
    fn texts_are_apart_and_weighted() {
        let written = tsvector(&article("枫桥", &["经验，枫桥".to_owned()]));
        assert_eq!(written, "'枫桥':1A,7 '桥':2A,8 '经验':4 '验':5 ");
    }

    #[test]
    fn a_long_text_stays_below_the_limit_of_a_tsvector() {
        let all: Vec<char> = ('\u{4e00}'..'\u{9fff}').collect();
        let distinct: String = (1..15).flat_map(|step| all.iter().step_by(step)).collect();
        let written = tsvector(&article("枫桥", &[distinct.repeat(2)]));
        assert!(written.len() < 1_400_000, "{}", written.len());
        assert!(written.contains(":16383 "));
        assert!(!written.contains(":16384"));
    }
}
