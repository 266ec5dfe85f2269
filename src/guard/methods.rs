//! The role that each method needs.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::guard::caller::Role;

/// What a call of a method takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Nothing: whoever reaches the port may call it.
    Nobody,
    Role(Role),
}

const READER: Need = Need::Role(Role::Reader);
const EDITOR: Need = Need::Role(Role::Editor);
const ADMIN: Need = Need::Role(Role::Admin);

/// Every method of every service that is served.
pub const METHODS: &[(&str, &[(&str, Need)])] = &[
    (
        "bulletin.v1.ArticleService",
        &[
            ("GetArticle", READER),
            ("BatchGetArticles", READER),
            ("ListArticles", READER),
            ("SearchArticles", READER),
            ("CreateArticle", EDITOR),
            ("UpdateArticle", EDITOR),
            ("DeleteArticle", EDITOR),
            ("UndeleteArticle", EDITOR),
            ("PublishArticle", EDITOR),
            ("RetractArticle", EDITOR),
        ],
    ),
    (
        "bulletin.v1.StationService",
        &[
            ("GetStation", READER),
            ("BatchGetStations", READER),
            ("ListStations", READER),
            ("ResolveStations", READER),
            ("ListStationHonours", READER),
            ("CreateStation", EDITOR),
            ("UpdateStation", EDITOR),
            ("DeleteStation", EDITOR),
            ("UndeleteStation", EDITOR),
        ],
    ),
    (
        "bulletin.v1.StatisticService",
        &[
            ("GetStatistic", READER),
            ("BatchGetStatistics", READER),
            ("ListStatistics", READER),
            ("AggregateStatistics", READER),
            ("CreateStatistic", EDITOR),
            ("UpdateStatistic", EDITOR),
            ("DeleteStatistic", EDITOR),
            ("UndeleteStatistic", EDITOR),
        ],
    ),
    (
        "bulletin.v1.ChangeService",
        &[
            ("GetHead", READER),
            ("ListRevisions", READER),
            ("WatchChanges", READER),
        ],
    ),
    (
        "bulletin.v1.TransferService",
        &[("ExportRecords", READER), ("ImportRecords", ADMIN)],
    ),
    ("bulletin.v1.IngestService", &[("IngestBulletin", EDITOR)]),
    (
        "grpc.health.v1.Health",
        &[("Check", Need::Nobody), ("Watch", Need::Nobody)],
    ),
    (
        "grpc.reflection.v1.ServerReflection",
        &[("ServerReflectionInfo", READER)],
    ),
    (
        "grpc.reflection.v1alpha.ServerReflection",
        &[("ServerReflectionInfo", READER)],
    ),
];

/// By path, such as `/bulletin.v1.ArticleService/GetArticle`.
static NEEDS: LazyLock<HashMap<String, Need>> = LazyLock::new(|| {
    let methods = METHODS.iter().flat_map(|(service, methods)| {
        let path = move |method: &str| format!("/{service}/{method}");
        methods
            .iter()
            .map(move |(method, need)| (path(method), *need))
    });
    methods.collect()
});

/// What a call of this path takes. A path that is none is answered to those alone who may do anything,
/// so that a method that is forgotten above is not open.
pub fn need(path: &str) -> Need {
    NEEDS.get(path).copied().unwrap_or(ADMIN)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message as _;
    use prost_types::FileDescriptorSet;

    use super::*;
    use crate::pb;

    #[test]
    fn every_method_of_the_proto_is_in_the_table_and_no_other() {
        let files = FileDescriptorSet::decode(pb::DESCRIPTORS).unwrap().file;
        let services = files.iter().flat_map(|file| {
            let package = file.package();
            file.service.iter().map(move |service| (package, service))
        });
        let declared: BTreeSet<String> = services
            .flat_map(|(package, service)| {
                let methods = service.method.iter();
                methods
                    .map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
            })
            .collect();
        let ours = NEEDS.keys().filter(|path| path.starts_with("/bulletin."));
        assert!(!declared.is_empty());
        assert_eq!(ours.cloned().collect::<BTreeSet<_>>(), declared);
    }

    #[test]
    fn what_writes_is_not_for_readers_and_what_is_unknown_is_for_admins() {
        let reads = [
            "Get",
            "BatchGet",
            "List",
            "Search",
            "Resolve",
            "Aggregate",
            "Watch",
            "Export",
        ];
        for (path, need) in NEEDS
            .iter()
            .filter(|(path, _)| path.starts_with("/bulletin."))
        {
            let method = path.rsplit('/').next().unwrap();
            let is_read = reads.iter().any(|read| method.starts_with(read));
            assert_eq!(*need == READER, is_read, "{path}");
        }
        assert_eq!(need("/bulletin.v1.ArticleService/PurgeArticles"), ADMIN);
    }
}
