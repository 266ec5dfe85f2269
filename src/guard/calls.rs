//! The methods that are served, looked up by path: what a call takes, what bounds hold for it, and under which
//! name it is counted.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::guard::methods::{METHODS, Need, UNKNOWN};

/// What bounds hold for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounded {
    /// None: who asks whether the service is well must be answered when it is not.
    Exempt,
    Unary,
    /// A stream that lasts as long as its caller likes.
    Watch,
    /// A stream that ends, and reads or writes much.
    Transfer,
}

/// A method that is served.
#[derive(Debug)]
pub struct Method {
    pub service: &'static str,
    pub name: &'static str,
    pub need: Need,
    pub bounded: Bounded,
    /// Its place among all.
    pub index: usize,
}

/// All methods; the last stands for paths that are none.
pub static ALL: LazyLock<Vec<Method>> = LazyLock::new(|| {
    let methods = METHODS.iter().flat_map(|(service, methods)| {
        methods
            .iter()
            .map(move |(name, need)| (*service, *name, *need))
    });
    methods
        .chain([("unknown", "unknown", UNKNOWN)])
        .enumerate()
        .map(|(index, (service, name, need))| Method {
            service,
            name,
            need,
            bounded: bounded(service, name),
            index,
        })
        .collect()
});

static BY_PATH: LazyLock<HashMap<String, &'static Method>> = LazyLock::new(|| {
    let known = &ALL[..ALL.len() - 1];
    let path = |method: &Method| format!("/{}/{}", method.service, method.name);
    known.iter().map(|method| (path(method), method)).collect()
});

/// What a path calls.
pub fn method(path: &str) -> &'static Method {
    match BY_PATH.get(path) {
        Some(method) => method,
        None => &ALL[ALL.len() - 1],
    }
}

fn bounded(service: &str, name: &str) -> Bounded {
    match name {
        _ if service.starts_with("grpc.") => Bounded::Exempt,
        "WatchChanges" => Bounded::Watch,
        "ExportRecords" | "ImportRecords" => Bounded::Transfer,
        _ => Bounded::Unary,
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost_types::FileDescriptorSet;

    use super::*;
    use crate::pb;

    #[test]
    fn streams_and_no_others_are_bounded_as_streams() {
        let files = FileDescriptorSet::decode(pb::DESCRIPTORS).unwrap().file;
        let mut streams = 0;
        for file in &files {
            for service in &file.service {
                for declared in &service.method {
                    let package = file.package();
                    let path = format!("/{package}.{}/{}", service.name(), declared.name());
                    let streams_back = declared.server_streaming();
                    streams += usize::from(streams_back);
                    let is_stream =
                        matches!(method(&path).bounded, Bounded::Watch | Bounded::Transfer);
                    assert_eq!(is_stream, streams_back, "{path}");
                }
            }
        }
        assert_eq!(streams, 3);
    }

    #[test]
    fn a_path_that_is_none_is_counted_as_unknown() {
        assert_eq!(
            method("/bulletin.v1.ArticleService/GetArticle").name,
            "GetArticle"
        );
        for path in ["", "/", "/bulletin.v1.ArticleService/Purge", "GetArticle"] {
            assert_eq!(
                (method(path).service, method(path).name),
                ("unknown", "unknown")
            );
        }
        assert_eq!(
            method("/grpc.health.v1.Health/Check").bounded,
            Bounded::Exempt
        );
    }
}
