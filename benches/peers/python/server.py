"""Serves articles as one would in Python, to be measured beside Bulletin."""

import argparse
import asyncio
import base64
import binascii
import logging
import os
import signal
from urllib.parse import parse_qs, urlsplit

import asyncpg
import grpc
import uvloop
from bulletin.v1.article_pb2 import Article
from bulletin.v1.article_service_pb2 import GetArticleRequest, ListArticlesRequest, ListArticlesResponse
from bulletin.v1.article_service_pb2_grpc import ArticleServiceServicer, add_ArticleServiceServicer_to_server
from bulletin.v1.reading_pb2 import VIEW_BASIC, VIEW_FULL, VIEW_SOURCE, View

POOL_SIZE = 8
PAGE_SIZE_DEFAULT = 50
PAGE_SIZE_MAX = 1000
# So that a page is a message that clients take by default.
PAGE_BYTES_MAX = 3 << 20

# What a view reads of an article. The first basic_length bytes of a record are its BASIC view.
COLUMNS = {
    VIEW_BASIC: "substr(record, 1, basic_length) as record, '' as text",
    VIEW_FULL: "record, '' as text",
    VIEW_SOURCE: "record, coalesce((select text from sources where sha256 = source_sha256), '') as text",
}
GET = {view: f"select {columns} from articles where name = $1" for view, columns in COLUMNS.items()}
# The limit is written out after it: with a parameter Postgres would plan each call anew.
LIST = {
    view: f"select {columns} from articles where name > $1 and not is_deleted order by name limit "
    for view, columns in COLUMNS.items()
}

SERVER_OPTIONS = [
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
]


class ArticleService(ArticleServiceServicer):
    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def GetArticle(self, request: GetArticleRequest, context: grpc.aio.ServicerContext) -> Article:
        statement = GET.get(request.view or VIEW_FULL)
        if statement is None:
            await refuse_view(request.view, context)
        row = await self.pool.fetchrow(statement, request.name)
        if row is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, f'article "{request.name}" does not exist')
        return read_article(row)

    async def ListArticles(
        self, request: ListArticlesRequest, context: grpc.aio.ServicerContext
    ) -> ListArticlesResponse:
        if request.filter or request.order_by or request.show_deleted or request.total:
            refusal = "filter, order_by, show_deleted and total are not served here"
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, refusal)
        statement = LIST.get(request.view or VIEW_BASIC)
        if statement is None:
            await refuse_view(request.view, context)
        if request.page_size < 0:
            refusal = f"page_size must not be negative, got {request.page_size}"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, refusal)
        try:
            after = base64.b64decode(request.page_token, altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "page_token is not of this list")
        size = min(request.page_size or PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)
        # One row more than the page may have tells whether there is a next page.
        rows = await self.pool.fetch(f"{statement}{size + 1}", after)
        return read_page(rows, size)


def read_page(rows: list[asyncpg.Record], size: int) -> ListArticlesResponse:
    page = ListArticlesResponse()
    page_bytes = 0
    for count, row in enumerate(rows):
        page_bytes += len(row["record"]) + len(row["text"].encode())
        if count == size or count > 0 and page_bytes > PAGE_BYTES_MAX:
            page.next_page_token = base64.urlsafe_b64encode(page.articles[-1].name.encode()).decode()
            break
        article = page.articles.add()
        article.MergeFromString(row["record"])
        if row["text"]:
            article.source_text = row["text"]
    return page


def read_article(row: asyncpg.Record) -> Article:
    article = Article.FromString(row["record"])
    if row["text"]:
        article.source_text = row["text"]
    return article


async def refuse_view(view: View, context: grpc.aio.ServicerContext) -> None:
    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"view has no value {view}")


def connection_options(url: str) -> dict[str, str]:
    """asyncpg prefers the host of the URL's first part, libpq the parameter, which may be a folder."""
    host = parse_qs(urlsplit(url).query).get("host")
    return {"dsn": url, "host": host[0]} if host else {"dsn": url}


async def serve(listen: str) -> None:
    options = connection_options(os.environ["DATABASE_URL"])
    stopped = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    async with asyncpg.create_pool(min_size=POOL_SIZE, max_size=POOL_SIZE, **options) as pool:
        server = grpc.aio.server(options=SERVER_OPTIONS)
        add_ArticleServiceServicer_to_server(ArticleService(pool), server)
        port = server.add_insecure_port(listen)
        await server.start()
        print(f"serving on {listen.rsplit(':', 1)[0]}:{port}", flush=True)
        await stopped.wait()
        await server.stop(grace=5)


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="HOST:PORT", help="port 0 takes a free one")
    uvloop.run(serve(parser.parse_args().listen))


if __name__ == "__main__":
    main()
