//! Resource names: `articles/{a}`, `stations/{s}`, `articles/{a}/statistics/{t}`.

use std::fmt;

use crate::error::Violation;

/// Longest id, in characters.
pub const ID_LENGTH_MAX: usize = 63;

const ID_FORM: &str = "[a-z][a-z0-9-]{0,61}[a-z0-9]";

/// What a change or a record is of, and the order in which a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Source,
    Station,
    Article,
    Statistic,
    /// A revision of the log itself, such as a reindex; never a record.
    Log,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Source,
        Self::Station,
        Self::Article,
        Self::Statistic,
        Self::Log,
    ];
    pub const COUNT: usize = Self::ALL.len();

    /// A place in an array with one item a kind.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The word for it in SQL, filters and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Source => "SOURCE",
            Kind::Station => "STATION",
            Kind::Article => "ARTICLE",
            Kind::Statistic => "STATISTIC",
            Kind::Log => "LOG",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The noun of error sentences.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Source => "source",
            Kind::Station => "station",
            Kind::Article => "article",
            Kind::Statistic => "statistic",
            Kind::Log => "log",
        }
    }

    /// The kind a name is of, judged by its form alone.
    pub fn of(name: &str) -> Self {
        if name.starts_with("stations/") {
            Kind::Station
        } else if name.starts_with("sources/") {
            Kind::Source
        } else if name.contains("/statistics/") {
            Kind::Statistic
        } else {
            Kind::Article
        }
    }
}

macro_rules! name_type {
    ($(#[$meta:meta])* $type:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            pub fn parse(field: &str, text: &str) -> Result<Self, Violation> {
                Self::check(field, text).map(|()| Self(text.to_owned()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

name_type!(
    /// `articles/{article}`
    ArticleName
);
name_type!(
    /// `stations/{station}`
    StationName
);
name_type!(
    /// `articles/{article}/statistics/{statistic}`
    StatisticName
);

impl ArticleName {
    /// Refuses what is not such a name.
    pub fn check(field: &str, text: &str) -> Result<(), Violation> {
        match text.strip_prefix("articles/") {
            Some(id) if is_id(id) => Ok(()),
            _ => Err(malformed(field, text, "articles/{article}")),
        }
    }

    pub fn from_id(field: &str, id: &str) -> Result<Self, Violation> {
        check_id(field, id).map(|()| Self(format!("articles/{id}")))
    }
}

impl StationName {
    /// Refuses what is not such a name.
    pub fn check(field: &str, text: &str) -> Result<(), Violation> {
        match text.strip_prefix("stations/") {
            Some(id) if is_id(id) => Ok(()),
            _ => Err(malformed(field, text, "stations/{station}")),
        }
    }

    pub fn from_id(field: &str, id: &str) -> Result<Self, Violation> {
        check_id(field, id).map(|()| Self(format!("stations/{id}")))
    }
}

impl StatisticName {
    /// Refuses what is not such a name.
    pub fn check(field: &str, text: &str) -> Result<(), Violation> {
        let ids = text
            .strip_prefix("articles/")
            .and_then(|rest| rest.split_once("/statistics/"));
        match ids {
            Some((article, statistic)) if is_id(article) && is_id(statistic) => Ok(()),
            _ => Err(malformed(
                field,
                text,
                "articles/{article}/statistics/{statistic}",
            )),
        }
    }

    pub fn from_id(field: &str, article: &ArticleName, id: &str) -> Result<Self, Violation> {
        check_id(field, id).map(|()| Self(format!("{article}/statistics/{id}")))
    }

    /// The article it belongs to.
    pub fn article(&self) -> ArticleName {
        let end = self.0.find("/statistics/").expect("parse checked the form");
        ArticleName(self.0[..end].to_owned())
    }
}

/// The parent of a list of statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatisticParent {
    /// `articles/-`
    Any,
    Article(ArticleName),
}

impl StatisticParent {
    pub fn parse(field: &str, text: &str) -> Result<Self, Violation> {
        if text == "articles/-" {
            return Ok(Self::Any);
        }
        ArticleName::parse(field, text)
            .map(Self::Article)
            .map_err(|_| malformed(field, text, "articles/{article} or articles/-"))
    }

    /// Whether a statistic of this name is of it.
    pub fn has(&self, statistic: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Article(article) => statistic
                .strip_prefix(article.as_str())
                .is_some_and(|rest| rest.starts_with("/statistics/")),
        }
    }
}

/// Whether a text is an id of a resource.
pub fn is_id(text: &str) -> bool {
    (2..=ID_LENGTH_MAX).contains(&text.len()) && is_inner_id(text) && !text.ends_with('-')
}

/// Whether a text is an id within a record: `[a-z][a-z0-9-]{0,62}`.
pub fn is_inner_id(text: &str) -> bool {
    text.len() <= ID_LENGTH_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn check_id(field: &str, id: &str) -> Result<(), Violation> {
    if is_id(id) {
        return Ok(());
    }
    Err(Violation::invalid(
        field,
        format!("must match {ID_FORM}, got {}", Violation::shown(id)),
    ))
}

fn malformed(field: &str, text: &str, form: &str) -> Violation {
    let got = Violation::shown(text);
    Violation::invalid(
        field,
        format!("must be {form} with ids {ID_FORM}, got {got}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_documented_form() {
        for good in ["ab", "a1", "paichusuo-work-conference", &"a".repeat(63)] {
            assert!(is_id(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "1a",
            "a-",
            "-a",
            "A1",
            "a_b",
            "所所",
            &"a".repeat(64),
        ] {
            assert!(!is_id(bad), "{bad}");
        }
    }

    #[test]
    fn a_statistic_knows_its_article() {
        let name = StatisticName::parse("name", "articles/ab/statistics/s01").expect("well formed");
        assert_eq!(name.article().as_str(), "articles/ab");
        assert!(StatisticName::parse("name", "articles/ab/statistics/s01/x").is_err());
        assert!(StatisticName::parse("name", "articles/-/statistics/s01").is_err());
    }
}
