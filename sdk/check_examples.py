"""Runs the examples of one language against a service, and holds what they print to sdk/examples.

usage: check_examples.py LANGUAGE COMMAND…   where {} in the command stands for the example's name, {Name} for a class

BULLETIN_ADDR is a service where anybody may write, BULLETIN_TLS_ADDR one with TLS and callers, which take
BULLETIN_CA and BULLETIN_TOKEN_FILE, a reader's.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path

import grpc
from bulletin.v1.station_pb2 import Station
from bulletin.v1.station_service_pb2 import CreateStationRequest
from bulletin.v1.station_service_pb2_grpc import StationServiceStub

EXAMPLES = ("fresh", "pages", "search", "aggregate", "watch", "load", "errors", "deadline", "secure")
EXPECTED = Path(__file__).parent / "examples"
# Far above what any takes: a hang is a failure, not a wait.
PATIENCE_S = 60


class Proxy:
    """Passes connections on to the service until they are cut."""

    def __init__(self, target: str) -> None:
        self.host, port = target.split(":")
        self.target_port = int(port)
        self.port = 0
        self.connections = 0
        self.server: asyncio.Server | None = None
        self.writers: list[asyncio.StreamWriter] = []

    async def listen(self) -> None:
        self.server = await asyncio.start_server(self.serve, self.host, self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        to_reader, to_writer = await asyncio.open_connection(self.host, self.target_port)
        self.writers += [writer, to_writer]
        await asyncio.gather(pass_on(reader, to_writer), pass_on(to_reader, writer))

    async def cut(self) -> None:
        """Ends all connections, and refuses others until it listens again."""
        assert self.server is not None
        self.server.close()
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


def create_station(name: str) -> None:
    with grpc.insecure_channel(os.environ["BULLETIN_ADDR"]) as channel:
        station = Station(display_name="望海派出所", kind=Station.POLICE_STATION)
        request = CreateStationRequest(station_id=name.removeprefix("stations/"), station=station)
        StationServiceStub(channel).CreateStation(request)


async def start(command: list[str], variables: Mapping[str, str]) -> Process:
    return await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables}, stdout=PIPE)


async def next_line(process: Process) -> str:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
    return line.decode().rstrip()


async def watched(language: str, command: list[str]) -> list[str]:
    """What a watch prints whose connection is cut while something happens."""
    names = [f"stations/watch-{language}-{place}" for place in range(1, 4)]
    proxy = Proxy(os.environ["BULLETIN_ADDR"])
    await proxy.listen()
    process = await start(command, {"BULLETIN_ADDR": f"{proxy.host}:{proxy.port}"})
    try:
        lines = [await next_line(process)]
        create_station(names[0])
        lines.append(await next_line(process))
        before = proxy.connections
        await proxy.cut()
        create_station(names[1])
        await proxy.listen()
        lines.append(await next_line(process))
        create_station(names[2])
        lines.append(await next_line(process))
        assert proxy.connections > before > 0, "the watch did not connect again"
        return lines
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await proxy.cut()


async def printed(name: str, command: list[str]) -> list[str]:
    variables = {"BULLETIN_ADDR": os.environ["BULLETIN_TLS_ADDR"]} if name == "secure" else {}
    process = await start(command, variables)
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0, f"it ended with {process.returncode}, after {out.decode()!r}"
    # What an empty message leaves behind its line is nobody's concern.
    return [line.rstrip() for line in out.decode().splitlines()]


async def main(language: str, command: list[str]) -> None:
    for name in EXAMPLES:
        of_this = [part.replace("{}", name).replace("{Name}", name.capitalize()) for part in command]
        lines = await (watched(language, of_this) if name == "watch" else printed(name, of_this))
        expected = (EXPECTED / f"{name}.txt").read_text().replace("LANGUAGE", language).splitlines()
        assert lines == expected, f"{name} in {language} printed {lines}, not {expected}"
    print(f"{len(EXAMPLES)} examples passed in {language}")


asyncio.run(main(sys.argv[1], sys.argv[2:]))
