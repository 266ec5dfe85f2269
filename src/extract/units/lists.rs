//! Lists whose items share one ending: 城东分局东门、南河、北桥派出所.

use super::chains::{Chain, Segment};
use super::words::{Class, Sort, Token};

/// Most items before the one that has the ending.
const ITEMS_MAX: usize = 40;

/// Gives the items before a chain the ending of its last segment, where they are such items.
pub fn share_endings(text: &str, tokens: &[Token], chains: &mut Vec<Chain>) {
    let mut shared = Vec::new();
    for (index, chain) in chains.iter().enumerate() {
        let shares = matches!(
            chain.last().ending.class,
            Class::Station | Class::Branch | Class::Force | Class::Bureau
        );
        if !shares || chain.segments.len() != 1 {
            continue;
        }
        let before = index.checked_sub(1).map(|index| &chains[index]);
        shared.extend(items_before(text, tokens, chain, before));
    }
    for (replaced, chain) in shared {
        match replaced {
            Some(end) => {
                // The item stands behind the chain of the unit above: the two become one chain.
                if let Some(parent) = chains.iter_mut().find(|parent| parent.end() == end) {
                    parent.segments.extend(chain.segments);
                    parent.is_shared = true;
                }
            }
            None => chains.push(chain),
        }
    }
    chains.sort_by_key(Chain::start);
}

/// An item, with the end of the chain that it continues.
type Item = (Option<usize>, Chain);

fn items_before(text: &str, tokens: &[Token], chain: &Chain, before: Option<&Chain>) -> Vec<Item> {
    let floor = before.map_or(0, Chain::end);
    let mut items = Vec::new();
    let mut end = tokens.partition_point(|token| token.start < chain.start());
    while items.len() < ITEMS_MAX {
        let Some(separator) = end.checked_sub(1) else {
            break;
        };
        if !is_separator(text, &tokens[separator]) {
            break;
        }
        let first = first_of_item(tokens, separator, floor);
        if first == separator {
            break;
        }
        let segment = item(text, &tokens[first..separator], chain.last());
        let continues = before.is_some_and(|before| before.end() == tokens[first].start);
        let chain = Chain {
            segments: vec![segment],
            is_loose: false,
            is_shared: true,
        };
        items.push((continues.then_some(floor), chain));
        if continues {
            break;
        }
        end = first;
    }
    if is_believed(text, &items, chain) {
        items
    } else {
        Vec::new()
    }
}

fn is_separator(text: &str, token: &Token) -> bool {
    matches!(
        &text[token.start..token.end],
        "、" | "和" | "及" | "与" | "以及"
    )
}

fn first_of_item(tokens: &[Token], end: usize, floor: usize) -> usize {
    let mut first = end;
    while let Some(before) = first.checked_sub(1).map(|at| &tokens[at]) {
        let is_part = match before.sort {
            Sort::Plain => true,
            Sort::Known(word) => word.bound.is_none() && word.ending.is_none(),
            _ => false,
        };
        if !is_part || before.end <= floor {
            break;
        }
        first -= 1;
    }
    first
}

fn item(text: &str, tokens: &[Token], model: &Segment) -> Segment {
    let start = tokens.first().map_or(model.start, |token| token.start);
    let end = tokens.last().map_or(model.start, |token| token.end);
    let mut segment = Segment {
        start,
        own: start,
        name_end: end,
        end,
        work: tokens.iter().rev().find_map(Token::work),
        ..model.clone()
    };
    segment.places = Default::default();
    segment.level = None;
    segment.is_deictic = false;
    if let [only] = tokens
        && let Some(spelling) = only.place()
    {
        segment.places.enter(spelling);
        segment.level = spelling.regions.first().map(|region| region.level);
    }
    debug_assert!(text.is_char_boundary(start) && text.is_char_boundary(end));
    segment
}

/// Whether words before a chain are items of its list and not the end of a sentence about something else.
fn is_believed(text: &str, items: &[Item], chain: &Chain) -> bool {
    let Some((first, _)) = items.last() else {
        return false;
    };
    let names = || items.iter().map(|(_, chain)| chain.last());
    let length = |segment: &Segment| text[segment.name()].chars().count();
    let is_short = names().all(|segment| (2..=4).contains(&length(segment)));
    match chain.last().ending.class {
        Class::Force => {
            names().all(|segment| segment.work.is_some() || is_number(&text[segment.name()]))
        }
        Class::Branch | Class::Bureau => is_short && names().all(Segment::has_place),
        _ if first.is_some() => names().all(|segment| (1..=6).contains(&length(segment))),
        _ => is_short && (counts_units(&text[chain.end()..]) || items.len() >= 2),
    }
}

fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('第').unwrap_or(text);
    !text.is_empty()
        && text
            .chars()
            .all(|char| "一二三四五六七八九十".contains(char))
}

/// 等5家, 三个派出所: what stands before was a list of units.
fn counts_units(rest: &str) -> bool {
    rest.starts_with('等')
}
