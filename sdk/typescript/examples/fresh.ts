// Reads what was just written: the token of one call makes another as fresh.

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Station_Kind } from "bulletin-client/v1/station";
import { StationService } from "bulletin-client/v1/station_service";

const transport = createGrpcTransport({ baseUrl: `http://${process.env["BULLETIN_ADDR"]}` });
const stations = createClient(StationService, transport);
const station = { displayName: "江北派出所", kind: Station_Kind.POLICE_STATION };
let token = "";
const onHeader = (headers: Headers) => {
  token = headers.get("bulletin-token") ?? "";
};
const created = await stations.createStation({ stationId: "fresh-typescript", station }, { onHeader });
const consistency = { requirement: { case: "atLeastAsFresh", value: token } } as const;
const read = await stations.getStation({ name: created.name, consistency });
console.log(read.name, read.displayName);
