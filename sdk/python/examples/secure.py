"""Calls by TLS, as somebody whom a token names."""

import os
from pathlib import Path

import grpc
from bulletin.v1.station_service_pb2 import DeleteStationRequest, GetStationRequest
from bulletin.v1.station_service_pb2_grpc import StationServiceStub

ADDRESS = os.environ["BULLETIN_ADDR"]
TLS = grpc.ssl_channel_credentials(Path(os.environ["BULLETIN_CA"]).read_bytes())
GET = GetStationRequest(name="stations/zhenhai-branch")


class Token(grpc.AuthMetadataPlugin):
    """Reads the token at each call, so that a new one counts at once."""

    def __call__(
        self, context: grpc.AuthMetadataContext, callback: grpc.AuthMetadataPluginCallback
    ) -> None:
        token = Path(os.environ["BULLETIN_TOKEN_FILE"]).read_text().strip()
        callback((("authorization", f"Bearer {token}"),), None)


credentials = grpc.composite_channel_credentials(TLS, grpc.metadata_call_credentials(Token()))
with grpc.secure_channel(ADDRESS, credentials) as channel:
    stations = StationServiceStub(channel)
    print(stations.GetStation(GET).name)
    try:
        stations.DeleteStation(DeleteStationRequest(name=GET.name))
    except grpc.RpcError as failed:
        if not isinstance(failed, grpc.Call) or failed.code() != grpc.StatusCode.PERMISSION_DENIED:
            raise
        print("a reader may not write")

with grpc.secure_channel(ADDRESS, TLS) as channel:
    try:
        StationServiceStub(channel).GetStation(GET)
    except grpc.RpcError as failed:
        if not isinstance(failed, grpc.Call) or failed.code() != grpc.StatusCode.UNAUTHENTICATED:
            raise
        print("nobody may read without a token")
