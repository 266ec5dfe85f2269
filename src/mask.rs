//! Update masks: which fields of a record an update replaces (AIP-134, AIP-161).

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, ReflectMessage, Value};

use crate::error::{Error, Result, Violation};
use crate::pb;
use crate::record::Record;
use crate::rules::Check;

const PATHS_MAX: usize = 100;
const INFERRED_MAX: usize = 50;

/// The fields an update replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mask {
    /// No mask: the fields that are populated.
    Populated,
    /// `*`
    All,
    /// Paths of the record, checked to exist.
    Paths(Vec<String>),
}

impl Mask {
    pub fn parse(mask: Option<&prost_types::FieldMask>, message: &str) -> Result<Self> {
        let paths = match mask {
            None => return Ok(Self::Populated),
            Some(mask) if mask.paths.is_empty() => return Ok(Self::Populated),
            Some(mask) => &mask.paths,
        };
        if paths.iter().any(|path| path == "*") {
            if paths.len() > 1 {
                return Err(Error::invalid(
                    "update_mask",
                    "must be \"*\" alone, got other paths beside it",
                ));
            }
            return Ok(Self::All);
        }
        let mut check = Check::default();
        check.count("update_mask", paths.len(), PATHS_MAX);
        for path in paths.iter().take(PATHS_MAX) {
            check.take(check_path("update_mask", message, path));
        }
        check.finish()?;
        Ok(Self::Paths(paths.clone()))
    }

    /// `current` with the masked fields of `update`.
    pub fn merge<R: Message + Default>(&self, message: &str, current: &R, update: &R) -> Result<R> {
        let mut merged = dynamic(message, current)?;
        let update = dynamic(message, update)?;
        match self {
            Self::Populated => {
                for (field, value) in update.fields() {
                    merged.set_field(&field, value.clone());
                }
            }
            Self::All => merged = update,
            Self::Paths(paths) => {
                for path in paths {
                    let fields: Vec<&str> = path.split('.').collect();
                    copy(&mut merged, &update, &fields);
                }
            }
        }
        R::decode(merged.encode_to_vec().as_slice()).map_err(Error::internal)
    }

    /// Whether the update replaces this top-level field, given whether it is populated.
    pub fn covers(&self, field: &str, is_populated: bool) -> bool {
        match self {
            Self::Populated => is_populated,
            Self::All => true,
            Self::Paths(paths) => paths
                .iter()
                .any(|path| path.split('.').next() == Some(field)),
        }
    }
}

/// Checks that a path names a field: through single messages, repeated fields only as a whole.
pub fn check_path(field: &str, message: &str, path: &str) -> Result<(), Violation> {
    let refused = |problem: &str| {
        let got = Violation::shown(path);
        Err(Violation::invalid(
            field,
            format!("must hold paths of the record, got {got}: {problem}"),
        ))
    };
    let mut at = Some(descriptor(message));
    for name in path.split('.') {
        let Some(inside) = at.take() else {
            return refused("a repeated or a plain field has nothing inside");
        };
        let Some(found) = inside.get_field_by_name(name) else {
            let known = nearest(&inside, name);
            return refused(&format!(
                "there is no field {}{known}",
                Violation::shown(name)
            ));
        };
        at = message_of(&found);
    }
    Ok(())
}

/// Paths of fields whose value the text implies; each must exist.
pub fn check_inferred<R: Record>(check: &mut Check, field: &str, inferred: &[String]) {
    let at = format!("{field}.inferred");
    check.count(&at, inferred.len(), INFERRED_MAX);
    check.distinct(&at, inferred.iter().map(String::as_str));
    for (index, path) in inferred.iter().take(INFERRED_MAX).enumerate() {
        check.take(check_path(&format!("{at}[{index}]"), R::MESSAGE, path));
    }
}

fn message_of(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    if field.is_list() {
        None
    } else {
        field.kind().as_message().cloned()
    }
}

fn nearest(message: &MessageDescriptor, name: &str) -> String {
    let common = |known: &str| {
        known
            .chars()
            .zip(name.chars())
            .take_while(|(left, right)| left == right)
            .count()
    };
    message
        .fields()
        .map(|field| field.name().to_owned())
        .max_by_key(|known| (common(known), std::cmp::Reverse(known.len())))
        .filter(|known| common(known) >= 3)
        .map_or(String::new(), |known| format!(" (did you mean {known:?}?)"))
}

fn copy(target: &mut DynamicMessage, source: &DynamicMessage, path: &[&str]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let Some(field) = target.descriptor().get_field_by_name(first) else {
        return;
    };
    if rest.is_empty() {
        if source.has_field(&field) {
            target.set_field(&field, source.get_field(&field).into_owned());
        } else {
            target.clear_field(&field);
        }
        return;
    }
    let inner = source.get_field(&field);
    let (Value::Message(inside), Some(inner)) = (target.get_field_mut(&field), inner.as_message())
    else {
        return;
    };
    copy(inside, inner, rest);
    // A message that lost its last field is unset, not empty.
    let is_empty = inside.fields().next().is_none();
    if is_empty && !source.has_field(&field) {
        target.clear_field(&field);
    }
}

fn dynamic<R: Message>(message: &str, record: &R) -> Result<DynamicMessage> {
    DynamicMessage::decode(descriptor(message), record.encode_to_vec().as_slice())
        .map_err(Error::internal)
}

fn descriptor(message: &str) -> MessageDescriptor {
    pb::POOL
        .get_message_by_name(message)
        .expect("callers name messages of the API")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb::{Article, Publication};

    const ARTICLE: &str = "bulletin.v1.Article";

    fn merged(paths: &[&str], update: &Article) -> Article {
        let current = Article {
            headline: "旧".into(),
            kicker: "引".into(),
            publication: Some(Publication {
                page: "A1".into(),
                newspaper: "晚报".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let mask = prost_types::FieldMask {
            paths: paths.iter().map(ToString::to_string).collect(),
        };
        Mask::parse(Some(&mask), ARTICLE)
            .and_then(|mask| mask.merge(ARTICLE, &current, update))
            .expect("the paths exist")
    }

    #[test]
    fn paths_replace_and_clear_what_they_name() {
        let update = Article {
            headline: "新".into(),
            publication: Some(Publication {
                page: "A2".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let one = merged(&["publication.page"], &update);
        assert_eq!(one.headline, "旧");
        let publication = one.publication.expect("it stays");
        assert_eq!(
            (publication.page.as_str(), publication.newspaper.as_str()),
            ("A2", "晚报")
        );
        assert_eq!(merged(&["kicker"], &update).kicker, "");
        let populated = merged(&[], &update);
        assert_eq!(
            (populated.headline.as_str(), populated.kicker.as_str()),
            ("新", "引")
        );
        let all = merged(&["*"], &update);
        assert_eq!((all.headline.as_str(), all.kicker.as_str()), ("新", ""));
    }

    #[test]
    fn a_path_that_names_nothing_is_refused_with_a_suggestion() {
        let refusal = |path| check_path("update_mask", ARTICLE, path).expect_err("no such path");
        assert!(
            refusal("headlin")
                .description
                .contains("did you mean \"headline\"")
        );
        assert!(
            refusal("people.display_name")
                .description
                .contains("nothing inside")
        );
        assert!(check_path("update_mask", ARTICLE, "publication.publish_date.year").is_ok());
    }
}
