//! What people do in an article: they attend, speak, chair, are quoted.

use std::ops::Range;

use super::words::WORDS;
use super::{Draft, finder, parts};
use crate::extract::story::Story;
use crate::pb::person::Role;

/// How far after a name what the person does may end, in characters.
const ACTION_CHARS_MAX: usize = 24;

/// What the words after a name say the person does.
pub struct Action {
    pub roles: Vec<Role>,
    /// How far the words go.
    pub length: usize,
    /// The verb of saying.
    pub says: Option<Range<usize>>,
}

/// Gives each person the roles of all places the name stands at.
pub fn give(story: &Story<'_>, people: &mut [Draft]) {
    let names = people.iter().map(|person| person.display_name.clone());
    let names: Vec<String> = names.collect();
    let Some(finder) = finder(names.iter().map(String::as_str)) else {
        return;
    };
    for (part, passage) in parts(story) {
        let text = passage.text();
        // Those of a list such as 张三、李四出席会议, until what they do is told.
        let mut waiting: Vec<usize> = Vec::new();
        let mut last_end = 0;
        for (found, entry) in finder.all_in(text) {
            let index = entry.known;
            let person = &people[index];
            let is_introduced = person.name.part == part && person.name.start == found.start;
            let start = if is_introduced {
                person.chain.start
            } else {
                found.start
            };
            let between = text.get(last_end..start).unwrap_or_default();
            if !matches!(between, "、" | "," | "和" | "与" | "及" | "以及") {
                waiting.clear();
            }
            last_end = found.end;
            waiting.push(index);
            let Some(action) = action(&text[found.end..]) else {
                continue;
            };
            if is_introduced {
                people[index].end = found.end + action.length;
            }
            for index in waiting.drain(..) {
                add(&mut people[index].roles, &action.roles);
            }
        }
    }
}

/// Somebody who spoke at the event is not said to be quoted besides.
fn add(roles: &mut Vec<Role>, new: &[Role]) {
    for role in new {
        let is_told = *role == Role::Quoted && roles.contains(&Role::Spoke);
        if !is_told && !roles.contains(role) {
            roles.push(*role);
        }
    }
}

/// What the words right after a name say.
pub fn action(after: &str) -> Option<Action> {
    let skips = [
        "同志",
        "在会上",
        "会上",
        "最后",
        "随后",
        "首先",
        "则",
        "也",
        "还",
        "并",
        "在现场",
        "一边",
        "向记者",
        "等",
    ];
    let skip = skips.iter().find(|skip| after.starts_with(**skip));
    let skipped = skip.map_or(0, |skip| skip.len());
    let words = &after[skipped..];
    let end = words
        .char_indices()
        .enumerate()
        .find(|(count, (_, char))| *count >= ACTION_CHARS_MAX || ",。;!?:、“”()".contains(*char))
        .map_or(words.len(), |(_, (at, _))| at);
    let clause = &words[..end];
    let mut roles = Vec::new();
    if WORDS.attend(clause).is_some() {
        roles.push(Role::Attended);
    }
    if WORDS.chair(clause).is_some() {
        roles.push(Role::Chaired);
    }
    if WORDS.speaks(clause) && clause.chars().count() <= ACTION_CHARS_MAX / 2 {
        roles.push(Role::Spoke);
    }
    if !roles.is_empty() {
        return Some(Action {
            roles,
            length: skipped + end,
            says: None,
        });
    }
    let verb = WORDS.say(clause)?;
    let goes_on = &clause[verb..];
    // 介绍情况, 要求进步: the verb has another object.
    let is_saying = goes_on.is_empty() || goes_on.starts_with(['着', '了']) || verb >= 6;
    is_saying.then(|| Action {
        roles: vec![Role::Quoted],
        length: skipped + verb,
        says: Some(skipped..skipped + verb),
    })
}
