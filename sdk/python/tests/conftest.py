"""The service under test is the one at BULLETIN_ADDR; scripts/check-sdk starts it with the seed page."""

import os
from collections.abc import Iterator

import grpc
import pytest


@pytest.fixture(scope="session")
def channel() -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(os.environ["BULLETIN_ADDR"]) as channel:
        yield channel
