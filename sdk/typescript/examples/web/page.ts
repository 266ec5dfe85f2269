// A page that reads, lists, is refused, and follows changes, by gRPC-Web. The service must know its origin:
// docs/operations.md, "Who may call".

import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { errorOf, pages } from "bulletin-client";
import { ArticleService } from "bulletin-client/v1/article_service";
import { Change_Type, ChangeService, WatchChangesResponse_Type } from "bulletin-client/v1/change_service";
import { StationService } from "bulletin-client/v1/station_service";
import { StatisticService } from "bulletin-client/v1/statistic_service";

function show(line: string): void {
  const item = document.createElement("li");
  item.textContent = line;
  document.querySelector("ol")?.append(item);
}

async function read(baseUrl: string, token: string): Promise<void> {
  const authorize: Interceptor = (next) => (request) => {
    if (token) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const transport = createGrpcWebTransport({ baseUrl, interceptors: [authorize] });

  let seen = "";
  const onHeader = (headers: Headers) => {
    seen = headers.get("bulletin-token") ?? "";
  };
  const articles = createClient(ArticleService, transport);
  const article = await articles.getArticle({ name: "articles/paichusuo-work-conference" }, { onHeader });
  show(article.headline);

  // At least as fresh as the article was.
  const consistency = { requirement: { case: "atLeastAsFresh", value: seen } } as const;
  const statistics = createClient(StatisticService, transport);
  const filter = "assertion = REPORTED AND quantity.value >= 5000";
  const request = { parent: "articles/-", filter, pageSize: 2, consistency };
  for await (const page of pages(statistics.listStatistics, request)) {
    for (const statistic of page.statistics) show(`${statistic.metric} ${statistic.quantity?.asWritten}`);
  }

  const stations = createClient(StationService, transport);
  try {
    await stations.createStation({ stationId: "X", station: { regionCode: "宁波" } });
  } catch (failed) {
    const error = errorOf(failed);
    if (error === undefined) throw failed;
    show(error.reason);
    for (const { field, description } of error.violations) show(`${field} ${description}`);
  }

  for await (const message of createClient(ChangeService, transport).watchChanges({})) {
    if (message.type === WatchChangesResponse_Type.STARTED) show("watching");
    for (const change of message.changes) show(`${Change_Type[change.type]} ${change.name}`);
  }
}

document.querySelector("form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.currentTarget as HTMLFormElement);
  read(String(form.get("address")), String(form.get("token"))).catch((error) => show(String(error)));
});
