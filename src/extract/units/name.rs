//! The words before an ending: the places they begin with, and the unit's own name behind them.

use super::chains::{Candidate, Segment};
use super::regions::{Level, Spelling, Whereabouts, short};
use super::words::{Bound, Class, Ending, Sort, Token};

/// The words before an ending, places first.
pub struct Name<'t> {
    pub text: &'t str,
    pub tokens: &'t [Token],
    /// The tokens of the name.
    pub first: usize,
    pub at: usize,
    /// The first token behind the places.
    pub own: usize,
    pub places: Whereabouts,
    pub level: Option<Level>,
    pub is_deictic: bool,
    pub ending: &'static Ending,
}

impl<'t> Name<'t> {
    pub fn of(candidate: &Candidate<'t>) -> Self {
        let mut name = Self {
            text: candidate.text,
            tokens: candidate.tokens,
            first: candidate.first,
            at: candidate.at,
            own: candidate.first,
            places: Whereabouts::default(),
            level: None,
            is_deictic: false,
            ending: candidate.ending,
        };
        if let Some(parent) = candidate.parent {
            name.places = parent.places.clone();
        }
        if candidate.parent.is_none() {
            name.skip_to_place();
        }
        name.take_places();
        name.take_deictic_work();
        name
    }

    /// 市交警支队: the place is that of the article.
    fn take_deictic_work(&mut self) {
        let [first, second, ..] = self.own_tokens() else {
            return;
        };
        let level = deictic_level(&self.text[first.start..first.end]);
        if level.is_some() && second.work().is_some() && !self.has_place() {
            self.level = level;
            self.is_deictic = true;
        }
    }

    /// A place that says what it is begins the name, whatever stands before it: 记宁波市公安局.
    fn skip_to_place(&mut self) {
        let is_by_itself = matches!(
            self.ending.class,
            Class::Station | Class::Post | Class::Office
        );
        let begins = |token: &Token| {
            // 东区 may be the end of 江东区.
            let is_whole = token.end - token.start > '市'.len_utf8() * 2;
            token
                .place()
                .is_some_and(|spelling| match spelling.is_full {
                    true => is_whole,
                    false => !is_by_itself,
                })
        };
        let Some(at) = self.tokens[self.first..self.at].iter().position(begins) else {
            return;
        };
        // 规划局镇海分局 is of another authority.
        let skipped = &self.tokens[self.first..self.first + at];
        let is_authority =
            |token: &Token| token.is_strange() || self.text[token.start..token.end].ends_with('局');
        if !skipped.iter().any(is_authority) {
            self.first += at;
            self.own = self.first;
        }
    }

    pub fn start(&self) -> usize {
        self.tokens[self.first].start
    }

    pub fn own_text(&self) -> &'t str {
        &self.text[self.tokens[self.own].start..self.tokens[self.at].start]
    }

    pub fn own_chars(&self) -> usize {
        self.own_text().chars().count()
    }

    pub fn own_tokens(&self) -> &'t [Token] {
        &self.tokens[self.own..self.at]
    }

    /// Whether all words of the name may stand in one.
    pub fn is_clean(&self) -> bool {
        self.tokens[self.first..self.at].iter().all(is_name_token)
    }

    pub fn has_place(&self) -> bool {
        self.own > self.first
    }

    /// Nothing before the ending belongs to the name.
    pub fn clear(&mut self) {
        self.first = self.at;
        self.own = self.at;
        self.places = Whereabouts::default();
    }

    fn take_places(&mut self) {
        while self.own < self.at {
            let Some(spelling) = self.tokens[self.own].place() else {
                break;
            };
            let rest = &self.text[self.tokens[self.own].end..self.tokens[self.at].start];
            let lies_below = self.has_place()
                && spelling.regions.iter().any(|region| {
                    !self.places.city.is_empty() && region.city == self.places.city
                        || self.places.city.is_empty() && region.province == self.places.province
                });
            let level = spelling.regions.first().map(|region| region.level);
            let is_high = level.is_some_and(|level| level < Level::County);
            let is_place = match self.ending.class {
                Class::Station | Class::Post | Class::Patrol => {
                    rest.chars().count() >= 2
                        && (spelling.is_full
                            || (is_high || lies_below) && !begins_like_a_street(rest))
                }
                _ => true,
            };
            if !is_place {
                break;
            }
            self.places.enter(spelling);
            self.level = if self.places.county.is_empty() {
                level
            } else {
                Some(Level::County)
            };
            self.own += 1;
            self.take_former_rank(spelling);
        }
    }

    /// 偃师市 where the table has 偃师区: places were of other rank before.
    fn take_former_rank(&mut self, spelling: &Spelling) {
        let Some(next) = self.tokens.get(self.own).filter(|_| self.own < self.at) else {
            return;
        };
        let is_rank = matches!(&self.text[next.start..next.end], "市" | "县" | "区" | "旗");
        if spelling.is_full || !is_rank {
            return;
        }
        if next.end - next.start == '县'.len_utf8()
            && self.text[next.start..].starts_with(['县', '区'])
            && let Some(region) = spelling.regions.first()
        {
            self.places.county = short(region.full).to_owned();
            self.level = Some(Level::County);
        }
        self.own += 1;
    }

    /// Keeps only 市, 县 … directly before the ending, when one of those stands there.
    pub fn cut_to_deictic(&mut self, allowed: &str) -> bool {
        let Some(last) = self.own_tokens().last().copied() else {
            return false;
        };
        let word = &self.text[last.start..last.end];
        let Some(level) = deictic_level(word) else {
            return false;
        };
        if !word.chars().all(|char| allowed.contains(char)) {
            return false;
        }
        self.first = self.at - 1;
        self.own = self.first;
        self.level = Some(level);
        self.is_deictic = true;
        self.places = Whereabouts::default();
        true
    }

    /// Begins the name at the first word that says the office is one of the police.
    pub fn cut_to_police_word(&mut self) -> bool {
        const POLICE: [&str; 5] = ["勤务", "警务", "公安", "交警", "交管"];
        let rest = |at: usize| &self.text[self.tokens[at].start..];
        let begins = |at: &usize| POLICE.iter().any(|word| rest(*at).starts_with(word));
        let Some(first) = (self.own..self.at).find(begins) else {
            return false;
        };
        if first > self.own {
            self.first = first;
            self.own = first;
            self.places = Whereabouts::default();
        }
        true
    }

    /// A place the table of regions does not have: 云溪市 in 云溪市公安局.
    pub fn take_unknown_place(&mut self) -> bool {
        let own = self.own_text();
        let chars = own.chars().count();
        let level = match own.chars().next_back() {
            Some('市' | '州' | '盟') => Level::City,
            Some('县' | '区' | '旗') => Level::County,
            _ => return false,
        };
        let is_name = self.own_tokens().iter().all(is_name_token);
        if !(3..=6).contains(&chars) || !is_name {
            return false;
        }
        let short = short(own).to_owned();
        match level {
            Level::City => self.places.city = short,
            _ => self.places.county = short,
        }
        self.level = Some(level);
        true
    }

    /// The token with which the last of the places begins.
    fn last_place(&self) -> usize {
        let places = &self.tokens[self.first..self.own];
        let last = places.iter().rposition(|token| token.place().is_some());
        self.first + last.unwrap_or_default()
    }

    pub fn work_token(&self) -> Option<&'t Token> {
        self.own_tokens()
            .iter()
            .rev()
            .find(|token| token.work().is_some())
    }

    pub fn into_segment(self) -> Segment {
        // Where only places stand before the ending, the last of them is the name.
        let own = if self.own == self.at && self.has_place() {
            self.last_place()
        } else {
            self.own
        };
        Segment {
            start: self.tokens[self.first].start,
            own: self.tokens[own].start,
            name_end: self.tokens[self.at].start,
            end: self.tokens[self.at].end,
            ending: self.ending,
            level: self.level,
            is_deictic: self.is_deictic,
            work: self.work_token().and_then(Token::work),
            places: self.places,
        }
    }
}

/// What 市 means where no place stands before it.
fn deictic_level(word: &str) -> Option<Level> {
    match word {
        "省" | "自治区" => Some(Level::Province),
        "市" | "州" | "盟" => Some(Level::City),
        "县" | "区" | "旗" => Some(Level::County),
        _ => None,
    }
}

fn begins_like_a_street(rest: &str) -> bool {
    const STREETS: [&str; 24] = [
        "路", "街", "道", "门", "桥", "里", "村", "站", "湖", "山", "江", "河", "口", "港", "湾",
        "大道", "东路", "西路", "南路", "北路", "中路", "大街", "大桥", "广场",
    ];
    STREETS.iter().any(|street| rest.starts_with(street))
}

/// Words and characters that may stand in a name.
fn is_name_token(token: &Token) -> bool {
    match token.sort {
        Sort::Plain => true,
        Sort::Known(word) => match word.bound {
            None => !word.is_strange,
            Some(bound) => matches!(bound, Bound::Weak | Bound::Position),
        },
        _ => false,
    }
}
