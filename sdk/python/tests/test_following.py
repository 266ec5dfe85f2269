import hashlib

import grpc
from bulletin.v1 import change_service_pb2, transfer_service_pb2
from bulletin.v1.change_service_pb2 import WatchChangesRequest, WatchChangesResponse
from bulletin.v1.change_service_pb2_grpc import ChangeServiceStub
from bulletin.v1.record_pb2 import Record
from bulletin.v1.station_pb2 import Station
from bulletin.v1.station_service_pb2 import CreateStationRequest
from bulletin.v1.station_service_pb2_grpc import StationServiceStub
from bulletin.v1.transfer_service_pb2_grpc import TransferServiceStub


def test_a_watch_goes_on_from_its_snapshot_with_what_is_written(channel: grpc.Channel) -> None:
    request = WatchChangesRequest(snapshot=True, kinds=[Record.STATION])
    stream = ChangeServiceStub(channel).WatchChanges(request)
    names: list[str] = []
    for message in stream:
        names.extend(one.station.name for one in message.records)
        if message.type == WatchChangesResponse.SNAPSHOT_END:
            break
    assert "stations/zhenhai-branch" in names and names == sorted(names)

    station = Station(display_name="蟒蛇派出所", kind=Station.POLICE_STATION)
    create = CreateStationRequest(station_id="watched-from-python", station=station)
    StationServiceStub(channel).CreateStation(create)
    changes = (change for message in stream for change in message.changes)
    change = next(one for one in changes if one.name == "stations/watched-from-python")
    assert change.type == change_service_pb2.Change.CREATED
    assert change.new.station.display_name == "蟒蛇派出所"
    stream.cancel()


def test_an_export_has_the_digest_of_what_it_sent(channel: grpc.Channel) -> None:
    request = transfer_service_pb2.ExportRecordsRequest(kinds=[Record.STATION])
    digest, count = hashlib.sha256(), 0
    for message in TransferServiceStub(channel).ExportRecords(request):
        for one in message.records:
            digest.update(f"{one.station.name}\n{one.station.etag}\n".encode())
            count += 1
        if message.HasField("summary"):
            assert message.summary.digest == digest.hexdigest()
            assert message.summary.counts[1] == count == message.sent_count
            return
    raise AssertionError("an export ends with its summary")
