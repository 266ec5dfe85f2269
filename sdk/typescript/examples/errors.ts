// Reads errors back: a reason to branch on, and every field that is wrong.

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { errorOf } from "bulletin-client";
import { StationService } from "bulletin-client/v1/station_service";

const transport = createGrpcTransport({ baseUrl: `http://${process.env["BULLETIN_ADDR"]}` });
const stations = createClient(StationService, transport);
try {
  await stations.getStation({ name: "stations/nobody-here" });
} catch (failed) {
  const error = errorOf(failed);
  // Undefined, where the call failed before it reached the service.
  if (error === undefined) throw failed;
  console.log(error.reason, error.message);
}
try {
  await stations.createStation({ stationId: "X", station: { regionCode: "宁波" } });
} catch (failed) {
  const error = errorOf(failed);
  if (error === undefined) throw failed;
  console.log(error.reason);
  for (const { field, description } of error.violations) console.log(field, description);
}
