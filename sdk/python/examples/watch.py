"""Follows stations without missing a change, whatever happens to the connection."""

import os
import time

import grpc
from bulletin.v1.change_service_pb2 import Change, WatchChangesRequest, WatchChangesResponse
from bulletin.v1.change_service_pb2_grpc import ChangeServiceStub
from bulletin.v1.record_pb2 import Record

channel = grpc.insecure_channel(os.environ["BULLETIN_ADDR"])
changes = ChangeServiceStub(channel)
# Where to go on. Who keeps records keeps it with them, in one transaction.
request = WatchChangesRequest(snapshot=True, kinds=[Record.STATION])
pause = 0.1
while True:
    try:
        for message in changes.WatchChanges(request):
            if message.type == WatchChangesResponse.SNAPSHOT_END:
                print("all stations are known", flush=True)
            for change in message.changes:
                print(Change.Type.Name(change.type), change.name, flush=True)
            # In this order: while a message has a cursor, its token is not all there is to it.
            if message.cursor:
                request.cursor = message.cursor
            elif message.token:
                request.token = message.token
            pause = 0.1
    except grpc.RpcError as error:
        # Other codes need more than another try: docs/consumers.md, "Following changes".
        if not isinstance(error, grpc.Call) or error.code() != grpc.StatusCode.UNAVAILABLE:
            raise
    time.sleep(pause)
    pause = min(2 * pause, 5)
