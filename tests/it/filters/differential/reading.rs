//! A plain reading of served records: what a field holds is found by the field's path and type in the
//! proto, without knowing how the service keeps it.

use bulletin::pb::POOL;
use prost::Message;
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, ReflectMessage as _, Value};

/// What a field of a record holds.
#[derive(Clone, Debug)]
pub enum Held {
    Text(String),
    /// Of a list those that are set.
    Texts(Vec<String>),
    /// The word of an enum, empty when unset.
    Word(String),
    Words(Vec<String>),
    /// In billionths.
    Number(Option<i128>),
    Bool(bool),
    /// In nanoseconds since 1970.
    Time(Option<i128>),
    /// Year, month, day; 0 for what is not known.
    Date(Option<[i32; 3]>),
}

/// A record by its fields, in the order of the paths it was read by.
#[derive(Debug)]
pub struct Read {
    pub name: String,
    pub held: Vec<Held>,
}

pub fn read(message: &impl Message, kind: &str, paths: &[&str]) -> Read {
    let descriptor = POOL.get_message_by_name(kind).unwrap();
    let bytes = message.encode_to_vec();
    let message = DynamicMessage::decode(descriptor.clone(), bytes.as_slice()).unwrap();
    let name = message.get_field_by_name("name").unwrap();
    Read {
        name: name.as_str().unwrap().to_owned(),
        held: paths.iter().map(|path| held(&message, path)).collect(),
    }
}

/// The words of an enum field, but for the unset one.
pub fn words(kind: &str, path: &str) -> Vec<String> {
    let descriptor = POOL.get_message_by_name(kind).unwrap();
    let (kind, _) = kind_of(&descriptor, path);
    let Kind::Enum(words) = kind else {
        return Vec::new();
    };
    let set = words.values().filter(|word| word.number() != 0);
    set.map(|word| word.name().to_owned()).collect()
}

/// The type of a path, and whether it has any number of values.
fn kind_of(descriptor: &MessageDescriptor, path: &str) -> (Kind, bool) {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let field = descriptor.get_field_by_name(first).unwrap();
    match (field.kind(), rest) {
        (Kind::Message(inner), Some(rest)) => {
            let (kind, is_list) = kind_of(&inner, rest);
            (kind, is_list || field.is_list())
        }
        (kind, _) => (kind, field.is_list()),
    }
}

fn held(message: &DynamicMessage, path: &str) -> Held {
    let (kind, is_list) = kind_of(&message.descriptor(), path);
    let mut values = Vec::new();
    collect(message, path, &mut values);
    let first = values.first();
    match (kind, is_list) {
        (Kind::String, true) => {
            let texts = values
                .iter()
                .map(|value| value.as_str().unwrap().to_owned());
            Held::Texts(texts.filter(|text| !text.is_empty()).collect())
        }
        (Kind::String, false) => {
            Held::Text(first.map_or("", |value| value.as_str().unwrap()).to_owned())
        }
        (Kind::Enum(words), is_list) => {
            let numbers = values.iter().map(|value| value.as_enum_number().unwrap());
            let set = numbers.filter(|number| *number != 0);
            let set = set.map(|number| words.get_value(number).unwrap().name().to_owned());
            let mut words: Vec<String> = set.collect();
            match is_list {
                true => Held::Words(words),
                false => Held::Word(words.pop().unwrap_or_default()),
            }
        }
        (Kind::Bool, _) => Held::Bool(first.is_some_and(|value| value.as_bool().unwrap())),
        (Kind::Int32, _) => {
            let number = first.map_or(0, |value| value.as_i32().unwrap());
            Held::Number(Some(i128::from(number) * 1_000_000_000).filter(|number| *number != 0))
        }
        (Kind::Message(kind), _) => {
            let parts = first.map(|value| value.as_message().unwrap());
            let number = |part: &str| match parts?.get_field_by_name(part)?.into_owned() {
                Value::I32(number) => Some(i64::from(number)),
                Value::I64(number) => Some(number),
                _ => None,
            };
            match kind.full_name() {
                "google.type.Decimal" => {
                    let value = parts.map(|parts| parts.get_field_by_name("value").unwrap());
                    Held::Number(value.map(|value| billionths(value.as_str().unwrap())))
                }
                "google.type.Date" => {
                    let part = |part| number(part).map(|part| i32::try_from(part).unwrap());
                    Held::Date(parts.map(|_| ["year", "month", "day"].map(|p| part(p).unwrap())))
                }
                _ => Held::Time(parts.map(|_| {
                    let [seconds, nanos] = ["seconds", "nanos"].map(|p| number(p).unwrap());
                    i128::from(seconds) * 1_000_000_000 + i128::from(nanos)
                })),
            }
        }
        (kind, _) => panic!("no filter reads a {kind:?}"),
    }
}

fn collect(message: &DynamicMessage, path: &str, values: &mut Vec<Value>) {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let field = message.descriptor().get_field_by_name(first).unwrap();
    if !message.has_field(&field) {
        return;
    }
    let value = message.get_field(&field).into_owned();
    let items = match value {
        Value::List(items) => items,
        value => vec![value],
    };
    for item in items {
        match (item, rest) {
            (Value::Message(inner), Some(rest)) => collect(&inner, rest, values),
            (item, _) => values.push(item),
        }
    }
}

/// A decimal as it is served: `-5.5`.
fn billionths(text: &str) -> i128 {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{fraction:0<9}").parse::<i128>().unwrap()
}
