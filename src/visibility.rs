//! How far a record has come, told from its bytes: whether readers are shown it.

use prost::encoding::{DecodeContext, decode_key, decode_varint, skip_field};

use crate::names::Kind;
use crate::pb::{article, station};
use crate::sight::Sight;

/// How far a record has come, between its draft and its deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A DRAFT, or a statistic of one, or a PROPOSED station. Once it is more it is never that again.
    Unpublished,
    Deleted,
    /// Readers see it.
    Public,
}

/// How far the record of these bytes has come, by a look at its first fields. What cannot be read, and what is
/// no record by itself, is not for readers.
pub fn stage(kind: Kind, record: &[u8]) -> Stage {
    try_stage(kind, record).unwrap_or(Stage::Unpublished)
}

pub fn is_public(kind: Kind, record: &[u8]) -> bool {
    stage(kind, record) == Stage::Public
}

/// Whether who has this sight is shown the record of these bytes.
pub fn is_shown(sight: Sight, kind: Kind, record: &[u8]) -> bool {
    sight.is_all() || is_public(kind, record)
}

fn try_stage(kind: Kind, mut rest: &[u8]) -> Option<Stage> {
    let (state_tag, is_published) = published(kind)?;
    let mut is_deleted = false;
    loop {
        let (tag, wire_type) = decode_key(&mut rest).ok()?;
        // Fields stand in the order of their numbers, and the state behind the delete_time.
        if tag == state_tag {
            let state = i32::try_from(decode_varint(&mut rest).ok()?).ok()?;
            return Some(match (is_published(state), is_deleted) {
                (false, _) => Stage::Unpublished,
                (true, true) => Stage::Deleted,
                (true, false) => Stage::Public,
            });
        }
        is_deleted |= tag == DELETE_TIME;
        skip_field(wire_type, tag, &mut rest, DecodeContext::default()).ok()?;
    }
}

const DELETE_TIME: u32 = 6;

/// Whether a value of a `state` is one that readers see.
type IsPublished = fn(i32) -> bool;

/// The number of a kind's `state`, and which of its values readers see.
fn published(kind: Kind) -> Option<(u32, IsPublished)> {
    let of_article = |state| {
        let state = article::State::try_from(state);
        matches!(
            state,
            Ok(article::State::Published | article::State::Retracted)
        )
    };
    let of_station = |state| station::State::try_from(state) == Ok(station::State::Active);
    match kind {
        Kind::Article => Some((15, of_article)),
        Kind::Statistic => Some((8, of_article)),
        Kind::Station => Some((17, of_station)),
        Kind::Source | Kind::Log => None,
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost_types::Timestamp;

    use super::*;
    use crate::pb;
    use crate::record::{Record, basic};

    #[test]
    fn readers_see_what_is_published_and_not_deleted() {
        use pb::article::State as Of;
        fn of<R: Record>(mut record: R, is_deleted: bool) -> Stage {
            let header = record.header();
            *header.name = "a".into();
            *header.delete_time = is_deleted.then(Timestamp::default);
            stage(R::KIND, &record.encode_to_vec())
        }
        let article = |state: Of| pb::Article {
            headline: "标题".into(),
            state: state.into(),
            paragraphs: vec![pb::Paragraph::default()],
            ..Default::default()
        };
        let statistic = |state: Of| pb::Statistic {
            state: state.into(),
            span: Some(pb::Span::default()),
            ..Default::default()
        };
        let station = |state: pb::station::State| pb::Station {
            display_name: "所".into(),
            state: state.into(),
            ..Default::default()
        };
        use Stage::{Deleted, Public, Unpublished};
        for (state, live, deleted) in [
            (Of::Unspecified, Unpublished, Unpublished),
            (Of::Draft, Unpublished, Unpublished),
            (Of::Published, Public, Deleted),
            (Of::Retracted, Public, Deleted),
        ] {
            assert_eq!(of(article(state), false), live, "{state:?}");
            assert_eq!(of(article(state), true), deleted, "{state:?}");
            assert_eq!(of(statistic(state), false), live, "{state:?}");
            assert_eq!(of(statistic(state), true), deleted, "{state:?}");
        }
        let (proposed, active) = (pb::station::State::Proposed, pb::station::State::Active);
        assert_eq!(of(station(proposed), false), Unpublished);
        assert_eq!(of(station(active), false), Public);
        assert_eq!(of(station(active), true), Deleted);
        let bytes = article(Of::Published).encode_to_vec();
        assert!(is_public(Kind::Article, &bytes) && is_public(Kind::Article, basic(&bytes)));
        for length in 0..10 {
            let cut_off = &bytes[..length];
            assert!(!is_public(Kind::Article, cut_off), "{length}");
        }
        assert!(!is_public(Kind::Source, &bytes) && !is_public(Kind::Article, b""));
    }

    #[test]
    fn states_have_the_numbers_that_are_looked_for() {
        for (message, kind) in [
            ("bulletin.v1.Article", Kind::Article),
            ("bulletin.v1.Station", Kind::Station),
            ("bulletin.v1.Statistic", Kind::Statistic),
        ] {
            let message = pb::POOL.get_message_by_name(message).expect("it is served");
            let number = |name| message.get_field_by_name(name).map(|field| field.number());
            assert_eq!(number("state"), published(kind).map(|(number, _)| number));
            assert_eq!(number("delete_time"), Some(DELETE_TIME));
        }
    }
}
