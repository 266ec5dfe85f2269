import assert from "node:assert/strict";
import { test } from "node:test";

import { createClient } from "@connectrpc/connect";
import { ChangeService, WatchChangesResponse_Type } from "bulletin-client/v1/change_service";
import { Record_Kind } from "bulletin-client/v1/record";
import { Station_Kind } from "bulletin-client/v1/station";
import { StationService } from "bulletin-client/v1/station_service";

import { transport } from "./service.ts";

const changes = createClient(ChangeService, transport);
const stations = createClient(StationService, transport);

test("a watch goes on from its snapshot with what is written", async () => {
  const stop = new AbortController();
  const start = { case: "snapshot", value: true } as const;
  const watch = changes.watchChanges({ start, kinds: [Record_Kind.STATION] }, { signal: stop.signal });
  const name = "stations/watched-from-typescript";
  const seen: string[] = [];
  for await (const message of watch) {
    for (const { record } of message.records) {
      if (record.case === "station") seen.push(record.value.name);
    }
    if (message.type === WatchChangesResponse_Type.SNAPSHOT_END) {
      assert.ok(seen.includes("stations/zhenhai-branch"));
      const station = { displayName: "打字派出所", kind: Station_Kind.POLICE_STATION };
      await stations.createStation({ stationId: "watched-from-typescript", station });
    }
    const change = message.changes.find((one) => one.name === name);
    if (change) {
      assert.equal(change.new?.record.case, "station");
      break;
    }
  }
  stop.abort();
});
