//! The role that each method needs.

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

/// Of a path that is none: answered to those alone who may do anything, so that a method that is forgotten
/// below is not open.
pub const UNKNOWN: Need = ADMIN;

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message as _;
    use prost_types::FileDescriptorSet;

    use super::*;
    use crate::guard::calls;
    use crate::pb;

    /// The API's own methods.
    fn ours() -> impl Iterator<Item = (&'static str, &'static str, Need)> {
        let methods = METHODS.iter().flat_map(|(service, methods)| {
            let methods = methods.iter();
            methods.map(move |(method, need)| (*service, *method, *need))
        });
        methods.filter(|(service, ..)| service.starts_with("bulletin."))
    }

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
        let ours = ours().map(|(service, method, _)| format!("/{service}/{method}"));
        assert!(!declared.is_empty());
        assert_eq!(ours.collect::<BTreeSet<_>>(), declared);
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
        for (service, method, need) in ours() {
            let is_read = reads.iter().any(|read| method.starts_with(read));
            assert_eq!(need == READER, is_read, "{service} {method}");
        }
        let unknown = calls::method("/bulletin.v1.ArticleService/PurgeArticles");
        assert_eq!(unknown.need, ADMIN);
    }
}
