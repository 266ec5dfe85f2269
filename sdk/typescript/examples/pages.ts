// Lists what a filter lets through, page by page to the end.

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { pages } from "bulletin-client";
import { StatisticService } from "bulletin-client/v1/statistic_service";

const transport = createGrpcTransport({ baseUrl: `http://${process.env["BULLETIN_ADDR"]}` });
const statistics = createClient(StatisticService, transport);
const filter = "assertion = REPORTED AND quantity.value >= 5000";
for await (const page of pages(statistics.listStatistics, { parent: "articles/-", filter, pageSize: 2 })) {
  for (const statistic of page.statistics) console.log(statistic.metric, statistic.quantity?.asWritten);
}
