"""Errors of the service as values."""

from dataclasses import dataclass
from datetime import timedelta

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status


@dataclass(frozen=True)
class Violation:
    """One field that breaks its rule."""

    field: str
    description: str


@dataclass(frozen=True)
class Error:
    """What the service says is wrong: its reason is an ErrorReason without the prefix.

    `retry_delay` is how long to wait before the call is worth another try; None where the service says nothing of it.
    """

    code: grpc.StatusCode
    reason: str
    message: str
    violations: tuple[Violation, ...]
    retry_delay: timedelta | None = None


def error_of(error: grpc.RpcError) -> Error | None:
    """The service's own error in a failed call; None where another made it, such as a broken connection."""
    if not isinstance(error, grpc.Call):
        return None
    status = rpc_status.from_call(error)
    if status is None:
        return None
    reason = ""
    violations: list[Violation] = []
    retry_delay = None
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        request = error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(info) and info.domain == "bulletin.v1":
            reason = info.reason
        elif detail.Unpack(request):
            violations += [Violation(one.field, one.description) for one in request.field_violations]
        elif detail.Unpack(retry):
            retry_delay = retry.retry_delay.ToTimedelta()
    if not reason:
        return None
    return Error(error.code(), reason, status.message, tuple(violations), retry_delay)
