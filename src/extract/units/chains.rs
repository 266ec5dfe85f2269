//! Names of units as printed: an ending, and the words to its left that belong to it; and chains of them,
//! each directly behind the unit above.

use std::ops::Range;

use super::forces;
use super::judge;
use super::regions::{Level, Whereabouts};
use super::words::{Bound, Class, Ending, Sort, Token, Work, tokens};

/// Most characters of one name: longer runs are sentences whose verb the tables lack.
const NAME_CHARS_MAX: usize = 20;

/// Most units of a chain; what follows begins another.
const SEGMENTS_MAX: usize = 8;

/// A unit's name in a chain.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Where the name begins, with the places before it.
    pub start: usize,
    /// Where the unit's own name begins: behind the places, or at the last one when nothing else is left.
    pub own: usize,
    /// Where the ending begins.
    pub name_end: usize,
    pub end: usize,
    pub ending: &'static Ending,
    /// The places named in the segment itself.
    pub places: Whereabouts,
    /// How high the unit's own place stands, for units that are those of a place.
    pub level: Option<Level>,
    /// 市 in 市公安局, 省 in 省公安厅: the place is that of the article.
    pub is_deictic: bool,
    pub work: Option<&'static Work>,
}

impl Segment {
    /// The characters of the own name before the ending.
    pub fn name(&self) -> Range<usize> {
        self.own..self.name_end
    }

    pub fn has_place(&self) -> bool {
        self.places != Whereabouts::default()
    }

    /// Whether it is one of the traffic police.
    pub fn is_of_traffic(&self) -> bool {
        let works_for_it = self.work.is_some_and(|work| work.usual.ends_with("交警"));
        works_for_it || self.ending.class == Class::Traffic || self.ending.text.ends_with("交警")
    }
}

/// A chain of units as printed, the highest first.
#[derive(Clone, Debug)]
pub struct Chain {
    pub segments: Vec<Segment>,
    /// Whether it is only believed where the page names the same unit in full: 东部新城中队.
    pub is_loose: bool,
    /// Whether the ending is printed only with a later item of a list.
    pub is_shared: bool,
}

impl Chain {
    pub fn start(&self) -> usize {
        self.segments[0].start
    }

    pub fn last(&self) -> &Segment {
        &self.segments[self.segments.len() - 1]
    }

    pub fn end(&self) -> usize {
        self.last().end
    }
}

/// What stands before an ending, as tokens `first..ending`.
pub struct Candidate<'t> {
    pub text: &'t str,
    pub tokens: &'t [Token],
    /// The first token of the name; the ending itself when there is no name.
    pub first: usize,
    /// The token of the ending.
    pub at: usize,
    pub ending: &'static Ending,
    /// The segment that ends where the name begins.
    pub parent: Option<&'t Segment>,
    /// Whether it goes on with a list of such units below another.
    pub goes_on: bool,
}

impl Candidate<'_> {
    pub fn token_before(&self) -> Option<&Token> {
        self.first.checked_sub(1).map(|at| &self.tokens[at])
    }

    pub fn token_after(&self) -> Option<&Token> {
        self.tokens.get(self.at + 1)
    }

    /// The text behind the ending.
    pub fn rest(&self) -> &str {
        &self.text[self.tokens[self.at].end..]
    }
}

/// A text with its words and the chains in it.
pub struct Reading {
    pub tokens: Vec<Token>,
    pub chains: Vec<Chain>,
}

pub fn read(text: &str) -> Reading {
    let tokens = tokens(text);
    let mut chains: Vec<Chain> = Vec::new();
    // The last chain may go on as long as nothing stands between it and the next name.
    for at in 0..tokens.len() {
        let Some(ending) = tokens[at].ending() else {
            continue;
        };
        let open = chains.last().map_or(0, Chain::end);
        let first = first_of_name(text, &tokens, at, ending, open);
        let start = tokens[first].start;
        let parent = chains
            .last()
            .filter(|chain| chain.end() == start && start > 0);
        let candidate = Candidate {
            text,
            tokens: &tokens,
            first,
            at,
            ending,
            parent: parent.map(Chain::last),
            goes_on: chains
                .last()
                .is_some_and(|chain| goes_on(text, chain, start, ending)),
        };
        let Some(judged) = judge::segment(&candidate) else {
            continue;
        };
        match chains.last_mut() {
            Some(chain) if judged.is_below && chain.segments.len() < SEGMENTS_MAX => {
                // 江航公安东湖分局: a branch shows that its police are a body.
                chain.is_loose &= ending.class != Class::Branch;
                chain.segments.push(judged.segment);
            }
            _ => chains.push(Chain {
                segments: vec![judged.segment],
                is_loose: judged.is_loose,
                is_shared: false,
            }),
        }
    }
    super::lists::share_endings(text, &tokens, &mut chains);
    Reading { tokens, chains }
}

/// 交警支队一大队和二大队: whether a name goes on with a chain that ends in such a unit below another.
fn goes_on(text: &str, chain: &Chain, start: usize, ending: &Ending) -> bool {
    let between = text.get(chain.end()..start).unwrap_or_default();
    // 二中队 alone is one only as an item of such a list.
    let is_below = chain.segments.len() > 1 || forces::is_number(&text[chain.last().name()]);
    is_below && chain.last().ending.text == ending.text && is_joint(between)
}

/// Whether what stands between two names makes a list of them.
pub fn is_joint(between: &str) -> bool {
    matches!(between, "、" | "和" | "及" | "与" | "以及" | "同")
}

/// The token with which the name before an ending begins: behind the last word that is no part of names.
fn first_of_name(text: &str, tokens: &[Token], at: usize, ending: &Ending, open: usize) -> usize {
    let mut first = at;
    let mut chars = 0;
    while let Some(before) = first.checked_sub(1).map(|at| &tokens[at]) {
        // Names end where the unit above ends.
        if before.end <= open
            || before
                .ending()
                .is_some_and(|other| !is_in_name(other, ending))
        {
            break;
        }
        let length = text[before.start..before.end].chars().count();
        let known = &text[before.end..tokens[at].start];
        // 厦门市公安局曾厝垵派出所: behind the unit above names may begin with any character.
        let may_begin = before.bound() == Some(Bound::Weak)
            || ending.class == Class::Station && before.work().is_some();
        let is_first = may_begin && before.start == open && open > 0 && !joins(before, text, known);
        let earlier = first.checked_sub(2).map(|at| &tokens[at]);
        let is_part = is_first
            || match before.bound() {
                Some(Bound::Position) => !ends_phrase(earlier, ending, known),
                _ => belongs(before, ending, known),
            };
        if chars + length > NAME_CHARS_MAX || !is_part {
            break;
        }
        chars += length;
        first -= 1;
    }
    first
}

/// 刑侦支队同治安支队, 镇东公安分局同招宝山派出所: behind a unit 同 joins, but in 同心派出所 it begins a name.
fn joins(token: &Token, text: &str, known: &str) -> bool {
    const JOINED_LENGTH_MIN: usize = 2;
    &text[token.start..token.end] == "同" && known.chars().count() >= JOINED_LENGTH_MIN
}

/// 交警 and 公安 end names, and stand in those of others; so does 铁骑 in 铁骑三中队.
fn is_in_name(other: &Ending, ending: &Ending) -> bool {
    other.class == Class::Body && ending.class != Class::Body
        || other.class == Class::Patrol && ending.class == Class::Force
}

/// Whether 后, 里 and the like end what stands before the name (接警后石桥派出所), given the token before
/// them, and do not belong to it (后沙峪派出所, 十里卡口大队).
fn ends_phrase(earlier: Option<&Token>, ending: &Ending, known: &str) -> bool {
    let follows_word =
        earlier.is_some_and(|token| token.bound().is_some() && token.chars_are_many());
    if ending.class != Class::Force {
        return follows_word && known.chars().count() > 1;
    }
    let in_name = |token: &Token| token.bound().is_none() && !matches!(token.sort, Sort::Gap);
    !earlier.is_some_and(in_name)
}

/// Whether a token is part of a name that goes on with `known` to its right.
fn belongs(token: &Token, ending: &Ending, known: &str) -> bool {
    let has_works = matches!(ending.class, Class::Force | Class::Office | Class::Branch);
    match token.sort {
        Sort::Plain => true,
        Sort::Digits => ending.class == Class::Force && known.is_empty(),
        Sort::Gap => false,
        Sort::Known(word) => match word.bound {
            Some(Bound::Any) => false,
            // 勤务考核领导小组办公室: offices are named for what they do.
            Some(_) if ending.class == Class::Office => token.chars_are_many(),
            // 反诈支队, 巡防一大队: a work is one directly before the ending, whatever it is elsewhere.
            Some(_) if ending.class == Class::Force && word.work.is_some() => {
                known.is_empty() || forces::is_number(known)
            }
            Some(bound) => names_alone(ending) && begins_name(token, bound, known),
            // 水上派出所 and 地铁派出所 stand where that is policed.
            None => {
                let is_site = word
                    .work
                    .is_some_and(|work| matches!(work.slug, "water" | "metro" | "transit"));
                has_works || is_site || word.work.is_none() || word.place.is_some()
            }
        },
    }
}

/// Characters before an ending that make no name even with the one before them: 到县派出所, 他进派出所.
const NOT_NAMES: &str = "省市县区镇乡村所来后前时内里上下间中回进去";

/// 向荣派出所, 沿江派出所: one character names no station, so that the one before belongs to it.
fn begins_name(token: &Token, bound: Bound, known: &str) -> bool {
    let mut chars = known.chars();
    match (chars.next(), chars.next()) {
        (None, _) => bound == Bound::Weak,
        (Some(only), None) => !token.chars_are_many() && !NOT_NAMES.contains(only),
        _ => false,
    }
}

/// Units whose name is all that tells them: 永和派出所, 向荣派出所. One character is no such name.
fn names_alone(ending: &Ending) -> bool {
    matches!(ending.class, Class::Station | Class::Post)
}
