"""Imports records in chunks: each is one revision, and may be sent again."""

import os
from collections.abc import Iterator

import grpc
from bulletin.v1.record_pb2 import Record
from bulletin.v1.station_pb2 import Station
from bulletin.v1.transfer_service_pb2 import ImportRecordsRequest, ImportRecordsResponse
from bulletin.v1.transfer_service_pb2_grpc import TransferServiceStub

good = Station(name="stations/load-python", display_name="慈城派出所", kind=Station.POLICE_STATION)
bad = Station(
    name="stations/load-python-2",
    display_name="庄桥派出所",
    kind=Station.POLICE_STATION,
    parent="stations/nobody-here",
)


def chunks() -> Iterator[ImportRecordsRequest]:
    # The mode stands in the first message only.
    yield ImportRecordsRequest(
        mode=ImportRecordsRequest.UPSERT, records=[Record(station=good), Record(station=bad)]
    )
    yield ImportRecordsRequest(records=[Record(station=good)])


with grpc.insecure_channel(os.environ["BULLETIN_ADDR"]) as channel:
    for answer in TransferServiceStub(channel).ImportRecords(chunks()):
        for result in answer.results:
            outcome = ImportRecordsResponse.Result.Outcome.Name(result.outcome)
            print(result.name, outcome, result.error.message)
