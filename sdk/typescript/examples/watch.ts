// Follows stations without missing a change, whatever happens to the connection.

import { setTimeout } from "node:timers/promises";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { errorOf } from "bulletin-client";
import {
  Change_Type,
  ChangeService,
  type WatchChangesRequestSchema,
  WatchChangesResponse_Type,
} from "bulletin-client/v1/change_service";
import { Record_Kind } from "bulletin-client/v1/record";

type Start = MessageInitShape<typeof WatchChangesRequestSchema>["start"];

const transport = createGrpcTransport({ baseUrl: `http://${process.env["BULLETIN_ADDR"]}` });
const changes = createClient(ChangeService, transport);
// Where to go on. Who keeps records keeps it with them, in one transaction.
let start: Start = { case: "snapshot", value: true };
let pause = 100;
for (;;) {
  try {
    for await (const message of changes.watchChanges({ start, kinds: [Record_Kind.STATION] })) {
      if (message.type === WatchChangesResponse_Type.SNAPSHOT_END) console.log("all stations are known");
      for (const change of message.changes) console.log(Change_Type[change.type], change.name);
      // In this order: while a message has a cursor, its token is not all there is to it.
      if (message.cursor) start = { case: "cursor", value: message.cursor };
      else if (message.token) start = { case: "token", value: message.token };
      pause = 100;
    }
  } catch (error) {
    // What the service itself says needs more than another try, unless it is Unavailable: docs/consumers.md,
    // "Following changes". A connection that breaks has other codes, such as Canceled, and no error of the service.
    const code = errorOf(error)?.code ?? Code.Unavailable;
    if (!(error instanceof ConnectError) || code !== Code.Unavailable) throw error;
  }
  await setTimeout(pause);
  pause = Math.min(2 * pause, 5000);
}
