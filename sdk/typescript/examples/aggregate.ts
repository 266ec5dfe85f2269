// Adds up what may be added; of the rest the service says why not.

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Statistic_Qualifier } from "bulletin-client/v1/statistic";
import {
  AggregateStatisticsRequest_Function,
  AggregateStatisticsResponse_Refusal_Reason,
  StatisticService,
} from "bulletin-client/v1/statistic_service";

const transport = createGrpcTransport({ baseUrl: `http://${process.env["BULLETIN_ADDR"]}` });
const statistics = createClient(StatisticService, transport);
const { groups } = await statistics.aggregateStatistics({
  parent: "articles/-",
  filter: "assertion = REPORTED",
  function: AggregateStatisticsRequest_Function.SUM,
});
for (const { count, unit, value, qualifier, refusal } of groups) {
  if (refusal) console.log(`${count}`, unit, AggregateStatisticsResponse_Refusal_Reason[refusal.reason]);
  else console.log(`${count}`, unit, value?.value, Statistic_Qualifier[qualifier]);
}
