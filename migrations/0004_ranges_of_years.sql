-- A year of an indicator is one range; without it Postgres crosses all of the indicator with all of the
-- year.
create index statistics_by_indicator_and_start on statistics (indicator, start_order)
    where indicator <> '';

-- A year of a station: Postgres cannot cross an index of lists with one of dates, so the items hold both,
-- `stations/a 2025`.
alter table statistics add column station_years text[] not null default '{}';

create index statistics_by_station_and_year on statistics using gin (station_years);

-- The column compares by the database's collation, so an index by another one never served.
drop index stations_by_full_name;
create index stations_by_full_name on stations (full_name, name) where full_name <> '';
