-- The oldest schema whose release can serve this one. A migration that only adds leaves it alone, so that
-- the release before goes on while it is replaced; one that takes away raises it, a release later.
create table schema_floor (
    version bigint not null
);
insert into schema_floor (version) values (6);
