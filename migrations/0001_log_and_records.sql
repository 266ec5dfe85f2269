-- The change log, the current records projected from it, and what the service keeps beside them.
-- Names are compared by bytes everywhere, so that pages and digests do not depend on a locale.

-- One row, locked first by every write and never updated: it orders writers, and nothing else.
create table head (
    only_row boolean primary key default true check (only_row)
);
insert into head default values;

-- Every revision ever, dense, hash-chained. Append-only.
create table revisions (
    revision    bigint primary key check (revision >= 0),
    chain       bytea not null check (octet_length(chain) = 32),
    commit_time timestamptz not null,
    actor       text not null,
    reason      text not null,
    row_count   integer not null check (row_count >= 0)
);

-- Revision 0 makes this database's history unlike any other's: about 240 random bits.
insert into revisions (revision, chain, commit_time, actor, reason, row_count)
values (
    0,
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    date_trunc('milliseconds', now()),
    '', '', 0
);

-- What each revision did. `record` is null once compacted; `digest` stays.
create table changes (
    revision bigint not null references revisions,
    ordinal  integer not null check (ordinal >= 0),
    kind     text not null check (kind in ('SOURCE', 'STATION', 'ARTICLE', 'STATISTIC', 'LOG')),
    name     text collate "C" not null,
    op       text not null check (op in (
        'CREATED', 'UPDATED', 'CORRECTED', 'REANCHORED', 'PUBLISHED', 'RETRACTED',
        'DELETED', 'UNDELETED', 'REINDEXED', 'COMPACTED'
    )),
    record   bytea,
    digest   bytea not null check (octet_length(digest) = 32),
    primary key (revision, ordinal)
);
create index changes_by_name on changes (name, revision);
alter table changes alter column record set storage external;

-- Pages, by their hash.
create table sources (
    sha256 text collate "C" primary key,
    text   text not null
);

-- Current records. A row is kept for a deleted name too: its `record` has a delete_time.
-- Record bytes stay in the row as far as they fit, since every read wants them.
create table stations (
    name        text collate "C" primary key,
    revision    bigint not null,
    record      bytea not null,
    is_deleted  boolean not null,
    parent      text collate "C" not null,
    merged_into text collate "C" not null
) with (toast_tuple_target = 8160);
alter table stations alter column record set storage external;
create index stations_by_parent on stations (parent) where parent <> '';
create index stations_by_merged_into on stations (merged_into) where merged_into <> '';

create table articles (
    name          text collate "C" primary key,
    revision      bigint not null,
    record        bytea not null,
    basic_length  integer not null,
    is_deleted    boolean not null,
    state         text not null check (state in ('DRAFT', 'PUBLISHED', 'RETRACTED')),
    source_sha256 text collate "C",
    stations      text[] collate "C" not null
) with (toast_tuple_target = 8160);
alter table articles alter column record set storage external;
create index articles_by_station on articles using gin (stations);

create table statistics (
    name             text collate "C" primary key,
    article          text collate "C" not null,
    revision         bigint not null,
    record           bytea not null,
    is_deleted       boolean not null,
    parent_statistic text collate "C" not null,
    stations         text[] collate "C" not null
) with (toast_tuple_target = 8160);
alter table statistics alter column record set storage external;
create index statistics_by_article on statistics (article, name);
create index statistics_by_station on statistics using gin (stations);

-- Revisions up to here may be compacted.
create table horizon (
    only_row boolean primary key default true check (only_row),
    revision bigint not null default 0
);
insert into horizon default values;

-- Secrets every process on this database shares.
create table keys (
    purpose text primary key,
    key     bytea not null check (octet_length(key) = 32)
);
insert into keys (purpose, key)
values ('page_token', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
