-- What SearchArticles looks in: pairs of neighbouring characters, words and numbers, each with its places.
-- It is filled from the records by `reindex`, as the other columns are.

alter table articles add column search tsvector not null default '';

-- It is read whole or not at all, and taking it apart costs more than reading it.
alter table articles alter column search set storage external;

-- Only what may be found. A long list of pending entries would be read by every search.
create index articles_by_word on articles using gin (search) with (gin_pending_list_limit = 256)
    where state = 'PUBLISHED' and not is_deleted;

-- How common a word is decides how it is looked for.
alter table articles alter column search set statistics 1000;

-- The names of a station, folded, and each without one character of its stem: two that are similar share one.
alter table stations add column near_forms text[] not null default '{}';

create index stations_by_near_form on stations using gin (near_forms);
