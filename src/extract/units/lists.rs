//! Lists whose items share one ending: 城东分局东门、南河、北桥派出所.

use super::chains::{Chain, Segment};
use super::forces;
use super::judge;
use super::regions::Whereabouts;
use super::words::{Bound, Class, Ending, Sort, Token};

/// Most items before the one that has the ending.
const ITEMS_MAX: usize = 40;

/// Gives the items before a chain the ending of its last segment, where they are such items.
pub fn share_endings(text: &str, tokens: &[Token], chains: &mut Vec<Chain>) {
    let mut shared = Vec::new();
    for (index, chain) in chains.iter().enumerate() {
        if !shares(chain.last().ending) || chain.segments.len() != 1 {
            continue;
        }
        let before = index.checked_sub(1).map(|index| (index, &chains[index]));
        let at = tokens.partition_point(|token| token.start < chain.start());
        let items = items_before(text, tokens, at, chain.last().ending, before);
        if is_believed(text, tokens, &items, chain) {
            shared.extend(items);
        }
    }
    shared.extend(counted(text, tokens, chains));
    for (continued, chain) in shared {
        match continued {
            Some(index) => {
                chains[index].segments.extend(chain.segments);
                chains[index].is_shared = true;
            }
            None => chains.push(chain),
        }
    }
    chains.sort_by_key(Chain::start);
}

fn shares(ending: &Ending) -> bool {
    matches!(
        ending.class,
        Class::Station | Class::Branch | Class::Force | Class::Bureau
    )
}

/// The items of 东门、南河、北桥三个派出所, 东门、南河等5个派出所 and 鄞州、江北等3个分局.
fn counted(text: &str, tokens: &[Token], chains: &[Chain]) -> Vec<Item> {
    let mut items = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(ending) = token
            .ending()
            .filter(|ending| matches!(ending.class, Class::Station | Class::Branch))
        else {
            continue;
        };
        let counter = first_of_counter(text, tokens, at);
        let next = chains.partition_point(|chain| chain.start() < token.start);
        let before = next.checked_sub(1).map(|index| (index, &chains[index]));
        if counter == at || before.is_some_and(|(_, chain)| chain.end() > token.start) {
            continue;
        }
        let floor = before.map_or(0, |(_, chain)| chain.end());
        let first = first_of_item(tokens, counter, floor);
        if first == counter || tokens[first].start < floor {
            continue;
        }
        let mut list = vec![(None, single(item(tokens, first, counter, ending)))];
        list.extend(items_before(text, tokens, first, ending, before));
        let is_name = |(_, chain): &Item| {
            let is_placed = ending.class == Class::Station || chain.last().has_place();
            is_placed && (2..=4).contains(&length(text, chain.last()))
        };
        if list.len() >= 2 && list.iter().all(is_name) {
            items.extend(list);
        }
    }
    items
}

/// The token with which 等5个 or 三个 before an ending begins.
fn first_of_counter(text: &str, tokens: &[Token], at: usize) -> usize {
    let mut first = at;
    let mut counts = false;
    while let Some(before) = first.checked_sub(1).map(|at| &tokens[at]) {
        let word = &text[before.start..before.end];
        let is_number = word
            .chars()
            .all(|char| "两二三四五六七八九十个家等0123456789".contains(char));
        if !is_number {
            break;
        }
        counts |= word.ends_with(['个', '家']);
        first -= 1;
    }
    if counts { first } else { at }
}

/// An item, with the index of the chain that it continues.
type Item = (Option<usize>, Chain);

/// The items before the token `at`, the last first, each with a separator behind it.
fn items_before(
    text: &str,
    tokens: &[Token],
    at: usize,
    ending: &'static Ending,
    before: Option<(usize, &Chain)>,
) -> Vec<Item> {
    let floor = before.map_or(0, |(_, chain)| chain.end());
    let mut items = Vec::new();
    let mut end = at;
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
        let continued = before.filter(|(_, before)| before.end() == tokens[first].start);
        let chain = single(item(tokens, first, separator, ending));
        items.push((continued.map(|(index, _)| index), chain));
        if continued.is_some() {
            break;
        }
        end = first;
    }
    items
}

fn single(segment: Segment) -> Chain {
    Chain {
        segments: vec![segment],
        is_loose: false,
        is_shared: true,
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
            Sort::Known(word) => {
                // 下埠: a position begins the name that would be one character without it.
                let is_one = tokens[end - 1].end - before.end == '埠'.len_utf8();
                let may_begin = word.bound == Some(Bound::Position) && is_one;
                (word.bound.is_none() || may_begin) && word.ending.is_none()
            }
            _ => false,
        };
        if !is_part || before.end <= floor {
            break;
        }
        first -= 1;
    }
    first
}

/// The tokens `first..end` as a name whose ending stands elsewhere.
fn item(tokens: &[Token], first: usize, end: usize, ending: &'static Ending) -> Segment {
    let start = tokens[first].start;
    let name_end = tokens[end].start;
    let mut segment = Segment {
        start,
        own: start,
        name_end,
        end: name_end,
        ending,
        places: Whereabouts::default(),
        level: None,
        is_deictic: false,
        work: tokens[first..end].iter().rev().find_map(Token::work),
    };
    let is_of_place = matches!(ending.class, Class::Branch | Class::Bureau);
    if let [only] = &tokens[first..end]
        && let Some(spelling) = only.place().filter(|_| is_of_place)
    {
        segment.places.enter(spelling);
        segment.level = spelling.regions.first().map(|region| region.level);
    }
    segment
}

fn length(text: &str, segment: &Segment) -> usize {
    text[segment.name()].chars().count()
}

/// Whether words before a chain are items of its list and not the end of a sentence about something else.
fn is_believed(text: &str, tokens: &[Token], items: &[Item], chain: &Chain) -> bool {
    let Some((continued, first)) = items.last() else {
        return false;
    };
    let names = || items.iter().map(|(_, chain)| chain.last());
    let is_short = names().all(|segment| (2..=4).contains(&length(text, segment)));
    match chain.last().ending.class {
        Class::Force => names()
            .all(|segment| segment.work.is_some() || forces::is_number(&text[segment.name()])),
        Class::Branch | Class::Bureau => is_short && names().all(Segment::has_place),
        _ if continued.is_some() => names().all(|segment| (1..=6).contains(&length(text, segment))),
        _ => {
            let names = names().all(|segment| is_name(text, tokens, segment));
            names
                && (items.len() >= 2
                    || is_begun(tokens, first)
                    || counts_units(&text[chain.end()..]))
        }
    }
}

/// Whether a word that bounds names stands before a list.
fn is_begun(tokens: &[Token], first: &Chain) -> bool {
    let at = tokens.partition_point(|token| token.start < first.start());
    at.checked_sub(1)
        .is_some_and(|before| tokens[before].bound().is_some())
}

/// Whether an item may be the name of a station: no body, and hardly the name of a person.
fn is_name(text: &str, tokens: &[Token], segment: &Segment) -> bool {
    const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";
    let name = &text[segment.name()];
    let first = tokens.partition_point(|token| token.start < segment.start);
    let end = tokens.partition_point(|token| token.start < segment.end);
    let is_word = end - first == 1;
    let may_be_person = !is_word && name.starts_with(|char| SURNAMES.contains(char));
    let is_strange = tokens[first..end].iter().any(Token::is_strange);
    (2..=4).contains(&length(text, segment))
        && !may_be_person
        && !is_strange
        && !judge::is_general(name)
}

/// 等5家, 三个派出所: what stands before was a list of units.
fn counts_units(rest: &str) -> bool {
    rest.starts_with('等')
}
