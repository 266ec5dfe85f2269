"""Gives calls a time by which they must have ended."""

import os

import grpc
from bulletin.v1.change_service_pb2 import GetHeadRequest, WatchChangesRequest
from bulletin.v1.change_service_pb2_grpc import ChangeServiceStub

with grpc.insecure_channel(os.environ["BULLETIN_ADDR"]) as channel:
    changes = ChangeServiceStub(channel)
    changes.GetHead(GetHeadRequest(), timeout=10)
    print("answered in time")
    try:
        # A watch has no end of its own.
        for _ in changes.WatchChanges(WatchChangesRequest(), timeout=0.5):
            pass
    except grpc.RpcError as failed:
        if not isinstance(failed, grpc.Call) or failed.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
            raise
        print("the time was up")
