import assert from "node:assert/strict";
import { test } from "node:test";

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { cut, errorOf, pages } from "bulletin-client";
import { ArticleService } from "bulletin-client/v1/article_service";
import { ChangeService } from "bulletin-client/v1/change_service";
import { View } from "bulletin-client/v1/reading";
import { Statistic_Assertion, Statistic_Qualifier } from "bulletin-client/v1/statistic";
import { ErrorInfoSchema, RetryInfoSchema } from "bulletin-client/google/rpc/error_details";
import { AggregateStatisticsRequest_Function, StatisticService } from "bulletin-client/v1/statistic_service";

import { keepToken, transport } from "./service.ts";

const articles = createClient(ArticleService, transport);
const changes = createClient(ChangeService, transport);
const statistics = createClient(StatisticService, transport);

async function failure(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("the call did not fail");
}

test("an article comes with the token of what it was read from", async () => {
  const kept = keepToken();
  const name = "articles/traffic-police-tieqi-grid-reform";
  const article = await articles.getArticle({ name, view: View.SOURCE }, kept);
  assert.match(kept.token, /^\d+-[0-9a-f]{16}$/);
  const head = await changes.getHead({});
  assert.ok(parseInt(kept.token) <= parseInt(head.token));
  const span = article.headlineSpan;
  assert.ok(span);
  assert.equal(cut(article.sourceText, span.fragments), span.quote);
  assert.ok(article.paragraphs.length > 0);
  for (const paragraph of article.paragraphs) {
    assert.equal(cut(article.sourceText, paragraph.fragments), paragraph.text);
  }
});

test("small pages hold what one page holds", async () => {
  const request = { parent: "articles/-", filter: "assertion = REPORTED" };
  const whole = await statistics.listStatistics({ ...request, pageSize: 1000 });
  assert.equal(whole.nextPageToken, "");
  const parts = await Array.fromAsync(pages(statistics.listStatistics, { ...request, pageSize: 3 }));
  assert.ok(parts.length > 3 && parts.every((part) => part.statistics.length <= 3));
  assert.deepEqual(
    parts.flatMap((part) => part.statistics),
    whole.statistics,
  );
  assert.ok(whole.statistics.every((one) => one.assertion === Statistic_Assertion.REPORTED));
});

test("a sum is as exact as what was added", async () => {
  const { groups } = await statistics.aggregateStatistics({
    parent: "articles/-",
    filter: 'subject:"非机动车"',
    function: AggregateStatisticsRequest_Function.SUM,
  });
  const sums = groups.filter((one) => one.assertion === Statistic_Assertion.REPORTED && one.unit === "起");
  assert.deepEqual(
    sums.map((one) => [one.value?.value, one.qualifier, one.bound?.value]),
    [["88112", Statistic_Qualifier.APPROXIMATE, "100"]],
  );
});

test("an error is read back with its details", async () => {
  const call = statistics.listStatistics({ parent: "articles/-", filter: "metrc = 1" });
  const error = errorOf(await failure(call));
  assert.ok(error);
  assert.deepEqual([error.code, error.reason], [Code.InvalidArgument, "FILTER_INVALID"]);
  assert.deepEqual(
    error.violations.map((one) => one.field),
    ["filter"],
  );
  const description = error.violations[0]?.description ?? "";
  // The sentence says what was wrong, and what is allowed.
  assert.match(description, /"metrc".*"metric"/);
  assert.ok(error.message.includes(description));
});

test("a failure that is not the service's has no error of it", async () => {
  const nowhere = createClient(ChangeService, createGrpcTransport({ baseUrl: "http://127.0.0.1:1" }));
  assert.equal(errorOf(await failure(nowhere.getHead({}))), undefined);
});

test("an error says how long to wait", () => {
  const info = { desc: ErrorInfoSchema, value: { domain: "bulletin.v1", reason: "OVERLOADED" } };
  const retry = { desc: RetryInfoSchema, value: { retryDelay: { seconds: 1n, nanos: 500_000_000 } } };
  const refused = (...details: ConstructorParameters<typeof ConnectError>[3] & {}) =>
    errorOf(new ConnectError("busy", Code.ResourceExhausted, undefined, details));
  assert.equal(refused(info)?.retryDelayMs, undefined);
  assert.equal(refused(info, retry)?.retryDelayMs, 1500);
});

test("places count code points", () => {
  assert.equal(cut("𠮷野家", [{ start: 1, end: 3 }]), "野家");
  assert.equal(cut("近300个", [{ start: 0, end: 1 }, { start: 4, end: 5 }]), "近个");
});
