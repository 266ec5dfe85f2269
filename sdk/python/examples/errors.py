"""Reads errors back: a reason to branch on, and every field that is wrong."""

import os

import grpc
from bulletin import error_of
from bulletin.v1.station_pb2 import Station
from bulletin.v1.station_service_pb2 import CreateStationRequest, GetStationRequest
from bulletin.v1.station_service_pb2_grpc import StationServiceStub

with grpc.insecure_channel(os.environ["BULLETIN_ADDR"]) as channel:
    stations = StationServiceStub(channel)
    try:
        stations.GetStation(GetStationRequest(name="stations/nobody-here"))
    except grpc.RpcError as failed:
        error = error_of(failed)
        # None, where the call failed before it reached the service.
        if error is None:
            raise
        print(error.reason, error.message)
    try:
        stations.CreateStation(CreateStationRequest(station_id="X", station=Station(region_code="宁波")))
    except grpc.RpcError as failed:
        error = error_of(failed)
        if error is None:
            raise
        print(error.reason)
        for violation in error.violations:
            print(violation.field, violation.description)
