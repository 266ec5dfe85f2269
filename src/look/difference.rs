//! What differs between two versions of a record, field by field.

use std::time::Instant;

use prost::Message as _;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, MessageDescriptor, ReflectMessage as _, Value,
};
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::html::date;
use crate::fragments::listed;
use crate::pb::record::Record as AnyRecord;
use crate::pb::{self, Date, Fragment, Record};

/// What each revision changes by itself, and says elsewhere.
const BOOKKEEPING: [&str; 5] = [
    "etag",
    "revision",
    "update_time",
    "create_time",
    "corrections",
];

/// A field that is not as it was.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// `people[2].offices[0].title`
    pub path: String,
    /// Empty where it was not set.
    pub before: String,
    /// Empty where it is not set any more.
    pub after: String,
    is_text: bool,
}

impl Difference {
    /// Whether it only says that words, which are the same, stand elsewhere.
    pub fn is_move(&self) -> bool {
        let is_place = self.path.ends_with("fragments");
        let is_set = !self.before.is_empty() && !self.after.is_empty();
        is_place && is_set || self.path.ends_with("span.state") && self.after == "MOVED"
    }
}

/// A part of a field's text.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    Same(String),
    Gone(String),
    New(String),
}

/// All that differs, in the order of the fields.
pub fn differences(before: &Record, after: &Record, until: Instant) -> Vec<Difference> {
    let mut search = Search {
        until,
        found: Vec::new(),
    };
    if let (Some(before), Some(after)) = (dynamic(before), dynamic(after)) {
        search.messages("", Some(&before), Some(&after), &before.descriptor());
    }
    search.found
}

/// The record itself, by its description.
fn dynamic(record: &Record) -> Option<DynamicMessage> {
    let (name, bytes) = match record.record.as_ref()? {
        AnyRecord::Article(article) => ("bulletin.v1.Article", article.encode_to_vec()),
        AnyRecord::Station(station) => ("bulletin.v1.Station", station.encode_to_vec()),
        AnyRecord::Statistic(statistic) => ("bulletin.v1.Statistic", statistic.encode_to_vec()),
        AnyRecord::Source(_) => return None,
    };
    let descriptor = pb::POOL.get_message_by_name(name)?;
    DynamicMessage::decode(descriptor, bytes.as_slice()).ok()
}

struct Search {
    until: Instant,
    found: Vec<Difference>,
}

impl Search {
    fn messages(
        &mut self,
        path: &str,
        before: Option<&DynamicMessage>,
        after: Option<&DynamicMessage>,
        descriptor: &MessageDescriptor,
    ) {
        for field in descriptor.fields() {
            if path.is_empty() && BOOKKEEPING.contains(&field.name()) {
                continue;
            }
            let value = |message: Option<&DynamicMessage>| {
                let message = message.filter(|message| message.has_field(&field));
                message.map(|message| message.get_field(&field).into_owned())
            };
            let (before, after) = (value(before), value(after));
            if before == after {
                continue;
            }
            let path = match path {
                "" => field.name().to_owned(),
                path => format!("{path}.{}", field.name()),
            };
            match is_fragments(&field) {
                false if field.is_list() => self.lists(&path, &before, &after, &field),
                _ => self.values(&path, before.as_ref(), after.as_ref(), &field),
            }
        }
    }

    fn lists(
        &mut self,
        path: &str,
        before: &Option<Value>,
        after: &Option<Value>,
        field: &FieldDescriptor,
    ) {
        let items = |list: &'_ Option<Value>| -> Vec<Value> {
            let items = list.as_ref().and_then(Value::as_list);
            items.map(<[Value]>::to_vec).unwrap_or_default()
        };
        let (before, after) = (items(before), items(after));
        let keys = |items: &[Value]| -> Vec<String> {
            items.iter().map(|item| format!("{item:?}")).collect()
        };
        let operations = capture_diff_slices_deadline(
            Algorithm::Myers,
            &keys(&before),
            &keys(&after),
            Some(self.until),
        );
        for operation in operations {
            if matches!(operation, DiffOp::Equal { .. }) {
                continue;
            }
            let (old, new) = (operation.old_range(), operation.new_range());
            // What stands in the place of another is that one, changed.
            for place in 0..old.len().max(new.len()) {
                let was = before[old.clone()].get(place);
                let is = after[new.clone()].get(place);
                let index = match is {
                    Some(_) => new.start + place,
                    None => old.start + place,
                };
                self.values(&format!("{path}[{index}]"), was, is, field);
            }
        }
    }

    fn values(
        &mut self,
        path: &str,
        before: Option<&Value>,
        after: Option<&Value>,
        field: &FieldDescriptor,
    ) {
        let kind = field.kind();
        let is_told =
            |value: Option<&Value>| value.is_none_or(|value| told(value, field).is_some());
        if let Some(inner) = kind.as_message()
            && !(is_told(before) && is_told(after))
        {
            let message = |value: Option<&'_ Value>| value.and_then(Value::as_message).cloned();
            let (before, after) = (message(before), message(after));
            return self.messages(path, before.as_ref(), after.as_ref(), inner);
        }
        let text = |value: Option<&Value>| value.and_then(|value| told(value, field));
        self.found.push(Difference {
            path: path.to_owned(),
            before: text(before).unwrap_or_default(),
            after: text(after).unwrap_or_default(),
            is_text: matches!(kind, prost_reflect::Kind::String),
        });
    }
}

fn is_fragments(field: &FieldDescriptor) -> bool {
    let kind = field.kind();
    let message = kind.as_message();
    message.is_some_and(|message| message.full_name() == "bulletin.v1.Fragment")
}

/// A value in one piece; nothing of a message that is shown by its fields.
fn told(value: &Value, field: &FieldDescriptor) -> Option<String> {
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::I32(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::U32(value) => value.to_string(),
        Value::U64(value) => value.to_string(),
        Value::EnumNumber(number) => {
            let kind = field.kind();
            let named = kind.as_enum().and_then(|names| names.get_value(*number));
            named.map_or_else(|| number.to_string(), |named| named.name().to_owned())
        }
        Value::List(items) => {
            let fragments = items
                .iter()
                .map(|item| item.as_message()?.transcode_to().ok());
            listed(&fragments.collect::<Option<Vec<Fragment>>>()?)
        }
        Value::Message(message) => match message.descriptor().full_name() {
            "google.type.Decimal" => message.transcode_to::<pb::Decimal>().ok()?.value,
            "google.type.Date" => date(Some(&message.transcode_to::<Date>().ok()?)),
            "google.protobuf.Timestamp" => {
                let time: prost_types::Timestamp = message.transcode_to().ok()?;
                let moment = OffsetDateTime::from_unix_timestamp(time.seconds).ok()?;
                moment.format(&Rfc3339).ok()?
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// What of a field's text is gone, new, or as it was. A text that is hardly the same any more, or no
/// text but a value, is told whole.
pub fn parts(difference: &Difference, until: Instant) -> Vec<Part> {
    let before: Vec<char> = difference.before.chars().collect();
    let after: Vec<char> = difference.after.chars().collect();
    let gone = |chars: &[char]| Part::Gone(chars.iter().collect());
    let new = |chars: &[char]| Part::New(chars.iter().collect());
    let operations = match difference.is_text {
        true => capture_diff_slices_deadline(Algorithm::Myers, &before, &after, Some(until)),
        false => Vec::new(),
    };
    let same = operations.iter().filter_map(|operation| match operation {
        DiffOp::Equal { len, .. } => Some(*len),
        _ => None,
    });
    let mut found = Vec::new();
    if same.sum::<usize>() * 2 >= before.len().max(after.len()) {
        for operation in &operations {
            let (old, is) = (
                &before[operation.old_range()],
                &after[operation.new_range()],
            );
            match operation {
                DiffOp::Equal { .. } => found.push(Part::Same(is.iter().collect())),
                _ => found.extend([gone(old), new(is)]),
            }
        }
    } else {
        found.extend([gone(&before), new(&after)]);
    }
    let is_empty = |part: &Part| match part {
        Part::Same(text) | Part::Gone(text) | Part::New(text) => text.is_empty(),
    };
    found.retain(|part| !is_empty(part));
    found
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::pb::{Article, Decimal, Paragraph, Quantity, Span, Statistic, article, span};

    fn in_time() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[track_caller]
    fn check(before: AnyRecord, after: AnyRecord, expected: &[(&str, &str, &str)]) {
        let record = |record| Record {
            record: Some(record),
        };
        let found = differences(&record(before), &record(after), in_time());
        let found: Vec<(&str, &str, &str)> = found
            .iter()
            .map(|found| {
                (
                    found.path.as_str(),
                    found.before.as_str(),
                    found.after.as_str(),
                )
            })
            .collect();
        assert_eq!(found, expected);
    }

    fn article(paragraphs: &[&str]) -> AnyRecord {
        let paragraphs = paragraphs.iter().map(|text| Paragraph {
            text: (*text).to_owned(),
            ..Paragraph::default()
        });
        AnyRecord::Article(Article {
            paragraphs: paragraphs.collect(),
            etag: another_etag(),
            ..Article::default()
        })
    }

    /// Never the same twice, as that of a version is not.
    fn another_etag() -> String {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed).to_string()
    }

    #[test]
    fn what_is_put_between_others_is_new_and_they_are_as_they_were() {
        let inserted = [("paragraphs[1].text", "", "乙")];
        check(
            article(&["甲", "丙"]),
            article(&["甲", "乙", "丙"]),
            &inserted,
        );
        let removed = [("paragraphs[1].text", "乙", "")];
        check(
            article(&["甲", "乙", "丙"]),
            article(&["甲", "丙"]),
            &removed,
        );
        let changed = [("paragraphs[0].text", "甲", "丁")];
        check(article(&["甲", "丙"]), article(&["丁", "丙"]), &changed);
        check(article(&["甲"]), article(&["甲"]), &[]);
    }

    #[test]
    fn values_are_told_in_one_piece() {
        let statistic = |value: &str, state: article::State, at: i32| {
            let fragments = [at, at + 5].map(|start| Fragment {
                start,
                end: start + 2,
            });
            AnyRecord::Statistic(Statistic {
                state: state.into(),
                quantity: Some(Quantity {
                    value: Some(Decimal {
                        value: value.to_owned(),
                    }),
                    ..Quantity::default()
                }),
                span: Some(Span {
                    fragments: fragments.to_vec(),
                    state: span::State::Moved.into(),
                    ..Span::default()
                }),
                ..Statistic::default()
            })
        };
        let before = statistic("300", article::State::Published, 3);
        let after = statistic("299.5", article::State::Retracted, 4);
        let expected = [
            ("state", "PUBLISHED", "RETRACTED"),
            ("quantity.value", "300", "299.5"),
            ("span.fragments", "3..5 + 8..10", "4..6 + 9..11"),
        ];
        check(before, after, &expected);
    }

    #[test]
    fn a_text_is_told_by_its_parts_unless_it_is_another() {
        let told = |before: &str, after: &str, is_text| {
            let difference = Difference {
                path: String::new(),
                before: before.to_owned(),
                after: after.to_owned(),
                is_text,
            };
            parts(&difference, in_time())
        };
        let (same, gone, new) = (
            |text: &str| Part::Same(text.to_owned()),
            |text: &str| Part::Gone(text.to_owned()),
            |text: &str| Part::New(text.to_owned()),
        );
        assert_eq!(
            told("市六区", "宁波市六区", true),
            [new("宁波"), same("市六区")]
        );
        assert_eq!(
            told("市六区", "全省🚓", true),
            [gone("市六区"), new("全省🚓")]
        );
        assert_eq!(told("475", "4750", false), [gone("475"), new("4750")]);
        assert_eq!(told("", "新", true), [new("新")]);
    }
}
