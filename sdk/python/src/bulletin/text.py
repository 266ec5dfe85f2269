"""Places in texts."""

from collections.abc import Iterable

from bulletin.v1.span_pb2 import Fragment


def cut(text: str, fragments: Iterable[Fragment]) -> str:
    """What stands at the fragments, joined. They count code points, as Python's strings do."""
    return "".join(text[one.start : one.end] for one in fragments)
