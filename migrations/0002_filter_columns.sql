-- Columns that filters, orders and totals read. They are filled from the records by `reindex`, which
-- `migrate` runs when the version below is older than the release's.

create table projection (
    only_row boolean primary key default true check (only_row),
    version  integer not null
);
insert into projection (version) values (1);

alter table articles
    add column create_time         timestamptz not null default '-infinity',
    add column update_time         timestamptz not null default '-infinity',
    add column headline            text not null default '',
    add column kicker              text not null default '',
    add column deck                text not null default '',
    add column language_code       text not null default '',
    add column completeness        text not null default '',
    add column newspaper           text not null default '',
    add column edition             text not null default '',
    add column page                text not null default '',
    add column section             text not null default '',
    -- The days a date may mean; null when its year is not printed.
    add column publish_date_first  date,
    add column publish_date_last   date,
    add column publish_date_month  smallint,
    add column publish_date_day    smallint,
    -- What "newest" orders by: a date that is not known is the oldest.
    add column publish_order       date not null default '-infinity',
    add column inferred            text[] not null default '{}',
    add column byline_names        text[] not null default '{}',
    add column byline_roles        text[] not null default '{}',
    add column people              text[] not null default '{}',
    add column office_stations     text[] not null default '{}',
    add column honour_titles       text[] not null default '{}',
    add column honour_levels       text[] not null default '{}',
    add column honour_states       text[] not null default '{}',
    add column honour_recipients   text[] not null default '{}',
    add column mention_stations    text[] not null default '{}',
    add column mention_surfaces    text[] not null default '{}',
    add column event_names         text[] not null default '{}',
    add column work_titles         text[] not null default '{}';

-- Orders run from the greatest, equal ones by name; the other direction reads the index backwards.
create index articles_by_create_time on articles (create_time desc, name);
create index articles_by_update_time on articles (update_time desc, name);
create index articles_by_publish_date on articles (publish_order desc, create_time desc, name);
create index articles_by_newspaper on articles (newspaper, name) where newspaper <> '';
create index articles_by_state on articles (state, name);
create index articles_by_mention on articles using gin (mention_stations);
create index articles_by_recipient on articles using gin (honour_recipients);
create index articles_by_person on articles using gin (people);
create index articles_by_byline on articles using gin (byline_names);

alter table stations
    add column create_time    timestamptz not null default '-infinity',
    add column update_time    timestamptz not null default '-infinity',
    add column display_name   text collate "C" not null default '',
    add column full_name      text not null default '',
    add column aliases        text[] not null default '{}',
    add column kind           text not null default '',
    add column region_code    text not null default '',
    add column agency_code    text not null default '',
    add column end_date_first date,
    add column end_date_last  date,
    add column end_date_month smallint,
    add column end_date_day   smallint,
    add column state          text not null default '',
    add column inferred       text[] not null default '{}';

create index stations_by_create_time on stations (create_time desc, name);
create index stations_by_update_time on stations (update_time desc, name);
create index stations_by_display_name on stations (display_name desc, name);
create index stations_by_full_name on stations (full_name collate "C") where full_name <> '';
create index stations_by_kind on stations (kind, name);
create index stations_by_region on stations (region_code, name) where region_code <> '';
create index stations_by_alias on stations using gin (aliases);

-- A number that is not known is the least: below every number that a record may have.
alter table statistics
    add column create_time        timestamptz not null default '-infinity',
    add column update_time        timestamptz not null default '-infinity',
    add column state              text not null default '',
    add column metric             text not null default '',
    add column indicator          text not null default '',
    add column categories         text[] not null default '{}',
    add column items              text[] not null default '{}',
    add column value              numeric not null default -1e18 check (scale(value) <= 9 and abs(value) <= 1e18),
    add column value_max          numeric not null default -1e18 check (scale(value_max) <= 9 and abs(value_max) <= 1e18),
    add column as_written         text not null default '',
    add column unit               text not null default '',
    add column unit_text          text not null default '',
    add column per                text[] not null default '{}',
    add column significant_digits numeric not null default -1e18,
    add column qualifier          text not null default '',
    add column qualifier_text     text not null default '',
    add column approximation      text not null default '',
    add column hedge              text not null default '',
    add column assertion          text not null default '',
    add column target_kind        text not null default '',
    add column trend_text         text not null default '',
    add column change_direction   text not null default '',
    add column change_basis       text not null default '',
    add column previous_value     numeric not null default -1e18 check (scale(previous_value) <= 9 and abs(previous_value) <= 1e18),
    add column delta              numeric not null default -1e18 check (scale(delta) <= 9 and abs(delta) <= 1e18),
    add column delta_unit         text not null default '',
    add column period_text        text not null default '',
    add column start_first        date,
    add column start_last         date,
    add column start_month        smallint,
    add column start_day          smallint,
    add column end_first          date,
    add column end_last           date,
    add column end_month          smallint,
    add column end_day            smallint,
    add column duration           text not null default '',
    add column recurrence         text not null default '',
    add column is_approximate     boolean not null default false,
    add column place              text not null default '',
    add column subject            text not null default '',
    add column speaker            text not null default '',
    add column honour             text not null default '',
    add column inferred           text[] not null default '{}',
    -- What an order compares: a start that is not known is the earliest.
    add column start_order        date not null default '-infinity';

create index statistics_by_create_time on statistics (create_time desc, name);
create index statistics_by_update_time on statistics (update_time desc, name);
create index statistics_by_value on statistics (value desc, name);
create index statistics_by_start on statistics (start_order desc, name);
create index statistics_by_indicator on statistics (indicator, name) where indicator <> '';
create index statistics_by_assertion on statistics (assertion, value desc, name);
create index statistics_by_qualifier on statistics (qualifier, name);
create index statistics_by_place on statistics (place, name) where place <> '';
