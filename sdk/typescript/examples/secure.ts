// Calls by TLS, as somebody whom a token names.

import { readFileSync } from "node:fs";

import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { StationService } from "bulletin-client/v1/station_service";

const { BULLETIN_ADDR: address, BULLETIN_CA: ca = "", BULLETIN_TOKEN_FILE: tokenFile = "" } = process.env;
const name = "stations/zhenhai-branch";

// Reads the token at each call, so that a new one counts at once.
const authorize: Interceptor = (next) => (request) => {
  request.header.set("authorization", `Bearer ${readFileSync(tokenFile, "utf8").trim()}`);
  return next(request);
};
const tls = { baseUrl: `https://${address}`, nodeOptions: { ca: readFileSync(ca) } };
const stations = createClient(StationService, createGrpcTransport({ ...tls, interceptors: [authorize] }));
console.log((await stations.getStation({ name })).name);
try {
  await stations.deleteStation({ name });
} catch (failed) {
  if (!(failed instanceof ConnectError) || failed.code !== Code.PermissionDenied) throw failed;
  console.log("a reader may not write");
}

const nobody = createClient(StationService, createGrpcTransport(tls));
try {
  await nobody.getStation({ name });
} catch (failed) {
  if (!(failed instanceof ConnectError) || failed.code !== Code.Unauthenticated) throw failed;
  console.log("nobody may read without a token");
}
