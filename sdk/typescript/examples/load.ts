// Imports records in chunks: each is one revision, and may be sent again.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Station_Kind } from "bulletin-client/v1/station";
import {
  ImportRecordsRequest_Mode,
  type ImportRecordsRequestSchema,
  ImportRecordsResponse_Result_Outcome,
  TransferService,
} from "bulletin-client/v1/transfer_service";

const transport = createGrpcTransport({ baseUrl: `http://${process.env["BULLETIN_ADDR"]}` });
const transfer = createClient(TransferService, transport);
const good = {
  record: {
    case: "station",
    value: { name: "stations/load-typescript", displayName: "慈城派出所", kind: Station_Kind.POLICE_STATION },
  },
} as const;
const bad = {
  record: {
    case: "station",
    value: {
      name: "stations/load-typescript-2",
      displayName: "庄桥派出所",
      kind: Station_Kind.POLICE_STATION,
      parent: "stations/nobody-here",
    },
  },
} as const;

async function* chunks(): AsyncGenerator<MessageInitShape<typeof ImportRecordsRequestSchema>> {
  // The mode stands in the first message only.
  yield { mode: ImportRecordsRequest_Mode.UPSERT, records: [good, bad] };
  yield { records: [good] };
}

for await (const answer of transfer.importRecords(chunks())) {
  for (const { name, outcome, error } of answer.results) {
    console.log(name, ImportRecordsResponse_Result_Outcome[outcome], error?.message ?? "");
  }
}
