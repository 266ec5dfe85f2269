"""Lists, page by page."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from google.protobuf.message import Message


class Page(Protocol):
    @property
    def next_page_token(self) -> str: ...


Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Page)


def pages(method: Callable[[Request], Response], request: Request) -> Iterator[Response]:
    """All pages of a list, such as `pages(stub.ListStatistics, request)`; the request is left as it is."""
    asked = type(request)()
    asked.CopyFrom(request)
    while True:
        page = method(asked)
        yield page
        # A page may be shorter than asked for, even empty: only the token says that it was the last.
        if not page.next_page_token:
            return
        setattr(asked, "page_token", page.next_page_token)
