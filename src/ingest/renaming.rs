//! Gives records the names by which the registry knows their units.

use std::collections::HashMap;

use crate::pb::Article;

/// Of each unit, the name that the page gave it and the one it goes by.
pub type Renamed = HashMap<String, String>;

pub fn rename(renamed: &Renamed, name: &mut String) {
    if let Some(new) = renamed.get(name) {
        name.clone_from(new);
    }
}

/// Two units may have become one station, which a list names once.
pub fn rename_each(renamed: &Renamed, names: &mut Vec<String>) {
    let mut once: Vec<String> = Vec::with_capacity(names.len());
    for mut name in names.drain(..) {
        rename(renamed, &mut name);
        if !once.contains(&name) {
            once.push(name);
        }
    }
    *names = once;
}

pub fn rename_article(renamed: &Renamed, article: &mut Article) {
    for office in article
        .people
        .iter_mut()
        .flat_map(|person| &mut person.offices)
    {
        rename(renamed, &mut office.station);
    }
    for honour in &mut article.honours {
        rename(renamed, &mut honour.awarding_station);
        rename_each(renamed, &mut honour.recipients);
    }
    for event in &mut article.events {
        rename_each(renamed, &mut event.organizer_stations);
    }
    for mention in &mut article.mentions {
        rename(renamed, &mut mention.station);
    }
}
