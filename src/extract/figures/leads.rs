//! What leads to a number, cut to what names it.

use super::lexicon::{Cue, Listed, compare_before};
use super::periods;
use super::sheet::Sheet;

/// Marks that stand around a name and are no part of it.
const LEAD_MARKS: [char; 13] = [
    '“', '”', ' ', ',', '、', ':', '(', ')', '《', '》', '\t', '+', '。',
];

/// 全市11月12日至18日共接报警情: where the words go on behind a time that names nothing with what
/// stands before it.
pub fn behind_time(sheet: &Sheet<'_>, start: usize, first: usize) -> usize {
    let moment = periods::last_moment(sheet, &(start..first)).map(|moment| {
        let after = &sheet.text[moment.range.end..first];
        let word = periods::since(after)
            .len()
            .max(periods::before_which(after).len());
        moment.range.start..moment.range.end + word
    });
    let is_time = |cue| matches!(cue, Cue::Period | Cue::Months(..) | Cue::Until);
    let cue = sheet.last_cue(start..first, is_time);
    let cue = cue.map(|cue| cue.range.clone());
    let Some(mut time) = moment.into_iter().chain(cue).max_by_key(|time| time.end) else {
        return start;
    };
    // 当日18时10分
    let next = sheet
        .moments
        .partition_point(|moment| moment.range.start < time.end);
    let clock = sheet.moments.get(next);
    let clock = clock.filter(|clock| clock.range.start == time.end);
    time.end = clock.map_or(time.end, |clock| clock.range.end.min(first));
    let mut head = sheet.text[start..time.start].trim_matches(LEAD_MARKS);
    while let Some(word) = Listed::LeadStart.first_at(head) {
        head = head[word.len()..].trim_matches(LEAD_MARKS);
    }
    let rest = &sheet.text[time.end..first];
    let is_attribute = rest.is_empty() || rest.starts_with(['的', '度', '内', '中']);
    match head.is_empty() && !is_attribute {
        true => time.end,
        false => start,
    }
}

/// What is said before a number, without the words that only lead to it.
pub fn lead(text: &str) -> &str {
    let whole = text.rsplit([',', ';']).next().unwrap_or(text);
    let text = whole;
    let mut text = text.trim_matches(LEAD_MARKS);
    loop {
        let start = Listed::LeadStart
            .first_at(text)
            .map(|word| &text[word.len()..]);
        let end = Listed::LeadEnd.first_before(text);
        let end = end.map(|word| &text[..text.len() - word.len()]);
        let is_word = text.ends_with("行为") || text.ends_with('均') && !text.ends_with("分别均");
        let end = end.filter(|_| !is_word);
        let end = reached(text).or(end);
        match start.filter(|rest| !rest.is_empty()).or(end) {
            Some(rest) => text = rest.trim_matches(LEAD_MARKS),
            None => break,
        }
    }
    // 其中1人
    match Listed::LeadStart.has(text) {
        true => "",
        false => with_quotation_mark(whole, text),
    }
}

/// “两抢”案件立案, 评选“最美民警”: a quotation mark at an end of a name whose other stands in it.
fn with_quotation_mark<'t>(whole: &'t str, name: &'t str) -> &'t str {
    if !name.contains(['“', '”']) {
        return name;
    }
    let Some(mut start) = whole.find(name).filter(|_| !name.is_empty()) else {
        return name;
    };
    let mut end = start + name.len();
    let closes = name
        .find('”')
        .is_some_and(|close| !name[..close].contains('“'));
    if closes && whole[..start].ends_with('“') {
        start -= '“'.len_utf8();
    }
    let opens = name
        .rfind('“')
        .is_some_and(|open| !name[open..].contains('”'));
    if opens && whole[end..].starts_with('”') {
        end += '”'.len_utf8();
    }
    &whole[start..end]
}

/// 破案率 of 破案率提高到: what reached a number, without the verb that says how.
fn reached(text: &str) -> Option<&str> {
    let moved = ["到", "至", "为"]
        .iter()
        .find_map(|to| text.strip_suffix(to))?;
    let verb = compare_before(moved).filter(|verb| !verb.is_noun && !verb.needs_basis)?;
    let name = moved[..moved.len() - verb.word.len()].trim_end();
    (!name.is_empty()).then_some(name)
}
