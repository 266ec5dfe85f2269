//! What a message takes once it is taken apart, told before that from its bytes: an empty message in a
//! list is two of them, and hundreds in memory.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::error::{Error, Result};
use crate::pb::POOL;

/// Most that the items of a message's lists take. What the rules allow stays below it, but for lists that
/// are as long as they may be of items that say as little as they may, which can be sent in parts.
const WEIGHT_MAX: usize = 64 * 1024 * 1024;

/// So few bytes are never too heavy.
const LIGHT_BYTES: usize = 32 * 1024;

/// Of a text or a list in a message, and of what it points to.
const POINTER_BYTES: usize = 24;
const TEXT_BYTES: usize = POINTER_BYTES + 32;

/// Refuses a message that is much larger than its bytes.
pub fn check_weight(message: impl FnOnce() -> String, bytes: &[u8]) -> Result<()> {
    if bytes.len() <= LIGHT_BYTES {
        return Ok(());
    }
    let Some(shape) = SHAPES.places.get(&message()) else {
        return Ok(());
    };
    let mut weight = 0;
    SHAPES.weigh(*shape, bytes, &mut weight);
    if weight <= WEIGHT_MAX {
        return Ok(());
    }
    Err(Error::TooLarge {
        what: "a message with lists",
        size: weight,
        limit: WEIGHT_MAX,
    })
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    let mut shapes = Shapes::default();
    for message in POOL.all_messages() {
        shapes.place_of(&message);
    }
    shapes
});

/// What of a message is of interest: its lists, and what has any inside.
#[derive(Default)]
struct Shapes {
    places: HashMap<String, usize>,
    messages: Vec<HashMap<u32, Part>>,
}

#[derive(Clone, Copy)]
struct Part {
    /// Of one item; 0 for what is no list, and so a part of its message.
    weight: usize,
    /// The shape of the message that it is.
    inside: Option<usize>,
}

impl Shapes {
    fn place_of(&mut self, message: &MessageDescriptor) -> usize {
        if let Some(place) = self.places.get(message.full_name()) {
            return *place;
        }
        let place = self.messages.len();
        self.places.insert(message.full_name().to_owned(), place);
        self.messages.push(HashMap::new());
        for field in message.fields() {
            if let Some(part) = self.part(&field) {
                self.messages[place].insert(field.number(), part);
            }
        }
        place
    }

    fn part(&mut self, field: &FieldDescriptor) -> Option<Part> {
        let is_list = field.is_list();
        match field.kind() {
            Kind::Message(inner) => Some(Part {
                weight: if is_list {
                    size(&inner, &mut Vec::new())
                } else {
                    0
                },
                inside: Some(self.place_of(&inner)),
            }),
            Kind::String | Kind::Bytes if is_list => Some(Part {
                weight: TEXT_BYTES,
                inside: None,
            }),
            _ => None,
        }
    }

    /// Adds what the bytes' lists take, up to where they are no message any more: the decoder says so.
    fn weigh(&self, shape: usize, mut bytes: &[u8], weight: &mut usize) -> Option<()> {
        while !bytes.is_empty() {
            let (number, wire_type) = decode_key(&mut bytes).ok()?;
            if wire_type != WireType::LengthDelimited {
                skip_field(wire_type, number, &mut bytes, DecodeContext::default()).ok()?;
                continue;
            }
            let length = decode_varint(&mut bytes).ok()?;
            let (value, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
            bytes = rest;
            let Some(part) = self.messages[shape].get(&number) else {
                continue;
            };
            *weight += part.weight;
            if let Some(inside) = part.inside {
                self.weigh(inside, value, weight)?;
            }
        }
        Some(())
    }
}

/// About how much a message takes by itself; `above` are those it is in.
fn size(message: &MessageDescriptor, above: &mut Vec<MessageDescriptor>) -> usize {
    if above.contains(message) {
        return POINTER_BYTES;
    }
    above.push(message.clone());
    let mut of = |field: FieldDescriptor| match field.kind() {
        _ if field.is_list() => POINTER_BYTES,
        Kind::String | Kind::Bytes => POINTER_BYTES,
        Kind::Message(inner) => size(&inner, above) + 8,
        _ => 8,
    };
    let alone = message
        .fields()
        .filter(|field| field.containing_oneof().is_none());
    let mut sum: usize = alone.map(&mut of).sum();
    for group in message.oneofs() {
        sum += group.fields().map(&mut of).max().unwrap_or_default() + 8;
    }
    above.pop();
    sum
}

#[cfg(test)]
mod tests {
    use prost::{Message, Name};

    use super::*;
    use crate::pb;

    #[test]
    fn sizes_are_about_those_of_the_types() {
        fn check<M: Name>() {
            let message = POOL
                .get_message_by_name(&M::full_name())
                .expect("it is in the API");
            let (told, real) = (size(&message, &mut Vec::new()), size_of::<M>());
            assert!(
                (real..=2 * real).contains(&told),
                "{}: {told} for {real}",
                M::NAME
            );
        }
        check::<pb::Record>();
        check::<pb::Article>();
        check::<pb::Person>();
        check::<pb::Honour>();
        check::<pb::Mention>();
        check::<pb::Span>();
        check::<pb::Fragment>();
        check::<pb::Statistic>();
    }

    #[test]
    fn lists_of_nothing_are_heavier_than_texts() {
        let of = |request: &pb::ImportRecordsRequest| {
            check_weight(
                pb::ImportRecordsRequest::full_name,
                &request.encode_to_vec(),
            )
        };
        let source = |text: String| pb::Record {
            record: Some(pb::record::Record::Source(pb::SourceText {
                sha256: String::new(),
                text,
            })),
        };
        let texts = vec![source("所".repeat(300_000)); 4];
        let request = |records| pb::ImportRecordsRequest {
            records,
            ..Default::default()
        };
        assert!(of(&request(texts)).is_ok());
        assert!(of(&request(vec![pb::Record::default(); 500])).is_ok());
        let refused = of(&request(vec![pb::Record::default(); 200_000]));
        assert!(matches!(refused, Err(Error::TooLarge { .. })));
        let people = pb::Article {
            people: vec![pb::Person::default(); 1_000_000],
            ..Default::default()
        };
        let people = pb::Record {
            record: Some(pb::record::Record::Article(people)),
        };
        let refused = of(&request(vec![people]));
        assert!(matches!(refused, Err(Error::TooLarge { .. })));
    }
}
