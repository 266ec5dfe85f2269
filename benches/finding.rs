//! What each kind of index finds: words of the dictionary, words and their parts, pairs of characters,
//! words and pairs together. Reads a folder of texts and a file of queries, one a line.
//!
//!     cargo bench --bench finding -- FOLDER [QUERIES]
//!
//! A text is meant by a query whose characters stand in it, one after the other. `whole words` are the
//! places of pairs that begin and end where a word of the dictionary does: the rest may be chance.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bulletin::articles::search::units::{Unit, UnitText, units};
use jieba_rs::Jieba;

/// Positions of each lexeme of a text.
type Index = BTreeMap<String, BTreeSet<usize>>;

/// Lexemes with the position at which each begins; what a query needs to stand at these distances.
type Cut = fn(&Jieba, &[Unit]) -> Vec<(String, usize)>;

struct Scheme {
    name: &'static str,
    text: Cut,
    query: Cut,
}

const SCHEMES: [Scheme; 4] = [
    Scheme {
        name: "words",
        text: words,
        query: words,
    },
    Scheme {
        name: "words and parts",
        text: parts,
        query: words,
    },
    Scheme {
        name: "pairs",
        text: pairs,
        query: inner_pairs,
    },
    Scheme {
        name: "words and pairs",
        text: words_and_pairs,
        query: inner_pairs,
    },
];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let folder = arguments
        .first()
        .context("the first argument is a folder of texts")?;
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/finding/queries.txt");
    let queries = arguments.get(1).map_or(own, |path| path.into());
    let queries = std::fs::read_to_string(&queries).context("the file of queries")?;
    let queries: BTreeSet<&str> = queries
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).context("the folder of texts")? {
        texts.push(units(&std::fs::read_to_string(entry?.path())?, 0));
    }
    ensure!(!texts.is_empty(), "the folder has no texts");
    let characters: usize = texts.iter().map(Vec::len).sum();
    println!(
        "{} texts of {characters} units, {} queries\n",
        texts.len(),
        queries.len()
    );

    let jieba = Jieba::new();
    println!(
        "{:<16} {:>7} {:>7} {:>8} {:>14} {:>12}",
        "index", "meant", "found", "recall", "lexemes/1000", "µs/1000"
    );
    for scheme in SCHEMES {
        let started = Instant::now();
        let indexes: Vec<Index> = texts
            .iter()
            .map(|text| index((scheme.text)(&jieba, text)))
            .collect();
        let took = started.elapsed();
        report(
            &scheme, &jieba, &texts, &indexes, &queries, took, characters,
        );
    }
    whole_words(&jieba, &texts, &queries);
    Ok(())
}

fn report(
    scheme: &Scheme,
    jieba: &Jieba,
    texts: &[Vec<Unit>],
    indexes: &[Index],
    queries: &BTreeSet<&str>,
    took: Duration,
    characters: usize,
) {
    let (mut meant, mut found) = (0, 0);
    let mut missed: BTreeSet<&str> = BTreeSet::new();
    for query in queries {
        let wanted = units(query, 0);
        let cut = (scheme.query)(jieba, &wanted);
        for (text, index) in texts.iter().zip(indexes) {
            if places(text, &wanted).next().is_none() {
                continue;
            }
            meant += 1;
            match finds(index, &cut) {
                true => found += 1,
                false => {
                    missed.insert(query);
                }
            }
        }
    }
    let lexemes: usize = indexes.iter().map(BTreeMap::len).sum();
    println!(
        "{:<16} {meant:>7} {found:>7} {:>7.1}% {:>14} {:>12.0}",
        scheme.name,
        100.0 * f64::from(found) / f64::from(meant),
        lexemes * 1000 / characters,
        took.as_secs_f64() * 1e9 / characters as f64,
    );
    let missed: Vec<&str> = missed.into_iter().take(20).collect();
    if !missed.is_empty() {
        println!("                 missed: {}", missed.join(" "));
    }
}

fn index(lexemes: Vec<(String, usize)>) -> Index {
    let mut index = Index::new();
    for (lexeme, position) in lexemes {
        index.entry(lexeme).or_default().insert(position);
    }
    index
}

/// Whether the lexemes of a query stand in a text, at their distances.
fn finds(index: &Index, cut: &[(String, usize)]) -> bool {
    let Some((first, start)) = cut.first() else {
        return false;
    };
    let starts = index.get(first).into_iter().flatten();
    starts.into_iter().any(|at| {
        cut.iter().all(|(lexeme, position)| {
            index
                .get(lexeme)
                .is_some_and(|places| places.contains(&(at + position - start)))
        })
    })
}

/// Where the units of a query stand in a text.
fn places<'a>(text: &'a [Unit], wanted: &'a [Unit]) -> impl Iterator<Item = usize> + 'a {
    let windows = text.windows(wanted.len().max(1)).enumerate();
    windows.filter_map(move |(at, window)| {
        let is_equal = window.iter().zip(wanted).all(|(unit, wanted)| {
            unit.text == wanted.text && unit.position - window[0].position == wanted.position
        });
        is_equal.then_some(at)
    })
}

/// Of the places where queries stand, those that are whole words.
fn whole_words(jieba: &Jieba, texts: &[Vec<Unit>], queries: &BTreeSet<&str>) {
    let (mut all, mut whole) = (0, 0);
    let mut chance: BTreeSet<&str> = BTreeSet::new();
    for text in texts {
        let cuts: BTreeSet<usize> = words(jieba, text)
            .into_iter()
            .map(|(_, position)| position)
            .collect();
        for query in queries {
            let wanted = units(query, 0);
            for at in places(text, &wanted) {
                let end = text[at + wanted.len() - 1].position + 1;
                let is_end = cuts.contains(&end)
                    || text
                        .get(at + wanted.len())
                        .is_none_or(|next| next.position > end);
                all += 1;
                if cuts.contains(&text[at].position) && is_end {
                    whole += 1;
                } else {
                    chance.insert(query);
                }
            }
        }
    }
    println!(
        "\n{whole} of {all} places are whole words; others of: {}",
        chance.into_iter().collect::<Vec<_>>().join(" ")
    );
}

/// The maximal runs of characters, and the words between them.
fn runs(units: &[Unit]) -> impl Iterator<Item = (String, usize)> {
    let is_one = |one: &Unit, other: &Unit| {
        one.text.is_character() && other.text.is_character() && one.position + 1 == other.position
    };
    units.chunk_by(is_one).map(|run| {
        let text = run.iter().map(|unit| match &unit.text {
            UnitText::Character(char) => char.to_string(),
            UnitText::Word(word) => word.clone(),
        });
        (text.collect(), run[0].position)
    })
}

fn words(jieba: &Jieba, units: &[Unit]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (run, start) in runs(units) {
        let mut at = start;
        for token in jieba.cut(&run, true) {
            found.push((token.word.to_owned(), at));
            at += token.word.chars().count();
        }
    }
    found
}

fn parts(jieba: &Jieba, units: &[Unit]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (run, start) in runs(units) {
        let mut at = start;
        for token in jieba.cut(&run, true) {
            for part in jieba.cut_for_search(token.word, true) {
                found.push((
                    part.word.to_owned(),
                    at + token.word[..]
                        .find(part.word)
                        .map_or(0, |byte| token.word[..byte].chars().count()),
                ));
            }
            at += token.word.chars().count();
        }
    }
    found
}

fn pairs(_: &Jieba, units: &[Unit]) -> Vec<(String, usize)> {
    let lexemes = bulletin::articles::search::units::lexemes(units);
    lexemes
        .map(|lexeme| (lexeme.text, lexeme.position))
        .collect()
}

/// Without the last character, which has a neighbour in the text.
fn inner_pairs(jieba: &Jieba, units: &[Unit]) -> Vec<(String, usize)> {
    let mut found = pairs(jieba, units);
    if found.len() > 1 && units.last().is_some_and(|unit| unit.text.is_character()) {
        found.pop();
    }
    found
}

fn words_and_pairs(jieba: &Jieba, units: &[Unit]) -> Vec<(String, usize)> {
    let mut found = words(jieba, units);
    found.extend(pairs(jieba, units));
    found
}
