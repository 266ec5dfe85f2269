// Gives calls a time by which they must have ended.

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ChangeService } from "bulletin-client/v1/change_service";

const transport = createGrpcTransport({ baseUrl: `http://${process.env["BULLETIN_ADDR"]}` });
const changes = createClient(ChangeService, transport);
await changes.getHead({}, { timeoutMs: 10_000 });
console.log("answered in time");
try {
  // A watch has no end of its own.
  for await (const _ of changes.watchChanges({}, { timeoutMs: 500 }));
} catch (failed) {
  if (!(failed instanceof ConnectError) || failed.code !== Code.DeadlineExceeded) throw failed;
  console.log("the time was up");
}
