"""What a client of `bulletin.v1` needs beside the generated code."""

from bulletin.errors import Error, Violation, error_of
from bulletin.pages import pages
from bulletin.text import cut

__all__ = ["Error", "Violation", "cut", "error_of", "pages"]
