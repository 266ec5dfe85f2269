"""Compares what servers answer. Articles are compared as bytes: the stored record is what all of them serve."""

import argparse
import asyncio
import os
import sys
from typing import Any

import asyncpg
import grpc
from bulletin.v1.article_service_pb2 import GetArticleRequest, ListArticlesRequest, ListArticlesResponse
from bulletin.v1.reading_pb2 import VIEW_BASIC, VIEW_FULL, VIEW_SOURCE, VIEW_UNSPECIFIED, View
from server import connection_options

MISSING = "articles/that-nobody-wrote"
TIMEOUT_S = 10


class Server:
    def __init__(self, address: str) -> None:
        self.address = address
        channel = grpc.insecure_channel(address)
        service = "/bulletin.v1.ArticleService"
        # Without a type the answer's bytes are kept as they came.
        self.get = channel.unary_unary(f"{service}/GetArticle", GetArticleRequest.SerializeToString)
        self.list = channel.unary_unary(
            f"{service}/ListArticles", ListArticlesRequest.SerializeToString, ListArticlesResponse.FromString
        )

    def article(self, name: str, view: View) -> bytes | str:
        return answer(self.get, GetArticleRequest(name=name, view=view))

    def pages(self, view: View, size: int) -> Any:
        """Two pages. Tokens are a server's own: only whether there is one must be the same."""
        pages, token = [], ""
        for _ in range(2):
            request = ListArticlesRequest(view=view, page_size=size, page_token=token)
            page = answer(self.list, request)
            if isinstance(page, str):
                return page
            token = page.next_page_token
            pages.append(([article.SerializeToString() for article in page.articles], token != ""))
            if not token:
                break
        return pages


def answer(call: Any, request: Any) -> Any:
    """What the call returns, or the code of its error."""
    try:
        return call(request, timeout=TIMEOUT_S)
    except grpc.RpcError as error:
        return error.code().name


async def stored(url: str, name: str) -> bytes | str:
    connection = await asyncpg.connect(**connection_options(url))
    try:
        record = await connection.fetchval("select record from articles where name = $1", name)
    finally:
        await connection.close()
    return record if record is not None else "NOT_FOUND"


class Comparison:
    def __init__(self, servers: list[Server]) -> None:
        self.servers = servers
        self.differences = 0

    def compare(self, what: str, ask: Any, expected: Any = None) -> None:
        answers = [(server.address, ask(server)) for server in self.servers]
        expected = answers[0][1] if expected is None else expected
        different = [f"{address}: {shown(got)}" for address, got in answers if got != expected]
        if different:
            self.differences += 1
            print(f"{what}: expected {shown(expected)}; {'; '.join(different)}")
        else:
            print(f"{what}: {shown(expected)}")


def shown(got: Any) -> str:
    match got:
        case bytes():
            return f"{len(got)} bytes"
        case list():
            return ", ".join(f"{len(page)} articles of {sum(map(len, page))} bytes" for page, _ in got)
    return str(got)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", metavar="ARTICLE", help="articles/{article}, which must exist")
    parser.add_argument("addresses", metavar="HOST:PORT", nargs="+")
    options = parser.parse_args()
    comparison = Comparison([Server(address) for address in options.addresses])

    if url := os.environ.get("DATABASE_URL"):
        record = asyncio.run(stored(url, options.name))
        comparison.compare("the stored record", lambda server: server.article(options.name, VIEW_FULL), record)
    for view in (VIEW_UNSPECIFIED, VIEW_BASIC, VIEW_FULL, VIEW_SOURCE):
        label = View.Name(view)
        comparison.compare(f"GetArticle {label}", lambda server: server.article(options.name, view))
        for size in (0, 3, 1000):
            comparison.compare(f"ListArticles {label} by {size}", lambda server: server.pages(view, size))
    comparison.compare("a name that is not there", lambda server: server.article(MISSING, VIEW_FULL), "NOT_FOUND")
    refused = "INVALID_ARGUMENT"
    comparison.compare("an unknown view", lambda server: server.article(options.name, 9), refused)
    comparison.compare("a negative page size", lambda server: server.pages(VIEW_BASIC, -1), refused)
    foreign = ListArticlesRequest(page_token="?")
    comparison.compare("a foreign token", lambda server: answer(server.list, foreign), refused)
    if answer(comparison.servers[0].get, GetArticleRequest(name=options.name)) == "NOT_FOUND":
        print(f"{options.name} does not exist, so nothing was compared")
        return 1
    return 1 if comparison.differences else 0


if __name__ == "__main__":
    sys.exit(main())
