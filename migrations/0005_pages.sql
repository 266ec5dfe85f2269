-- The articles of a page: ingest asks whether it was read before.
create index articles_by_source on articles (source_sha256);
