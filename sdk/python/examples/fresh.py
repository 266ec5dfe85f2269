"""Reads what was just written: the token of one call makes another as fresh."""

import os

import grpc
from bulletin.v1.reading_pb2 import Consistency
from bulletin.v1.station_pb2 import Station
from bulletin.v1.station_service_pb2 import CreateStationRequest, GetStationRequest
from bulletin.v1.station_service_pb2_grpc import StationServiceStub

with grpc.insecure_channel(os.environ["BULLETIN_ADDR"]) as channel:
    stations = StationServiceStub(channel)
    station = Station(display_name="江北派出所", kind=Station.POLICE_STATION)
    request = CreateStationRequest(station_id="fresh-python", station=station)
    created, call = stations.CreateStation.with_call(request)
    token = str(dict(call.initial_metadata())["bulletin-token"])
    consistency = Consistency(at_least_as_fresh=token)
    read = stations.GetStation(GetStationRequest(name=created.name, consistency=consistency))
    print(read.name, read.display_name)
