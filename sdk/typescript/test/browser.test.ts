// The page of examples/web in a browser, served from BULLETIN_WEB, which is another origin than the services.

import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Station_Kind } from "bulletin-client/v1/station";
import { StationService } from "bulletin-client/v1/station_service";
import type { Page } from "puppeteer-core";

import { withPage } from "./chromium.ts";
import { transport } from "./service.ts";

const web = process.env["BULLETIN_WEB"] ?? "";

function file(variable: string): string {
  return readFileSync(process.env[variable] ?? "", "utf8");
}

function expected(name: string): string[] {
  return readFileSync(`../examples/${name}.txt`, "utf8").trimEnd().split("\n");
}

async function submit(page: Page, place: string, address: string, token: string): Promise<void> {
  await page.goto(`${place}/page.html`);
  await page.type('input[name="address"]', address);
  if (token) await page.type('input[name="token"]', token);
  await page.click("button");
}

function lines(page: Page): Promise<string[]> {
  return page.$$eval("li", (items) => items.map((one) => one.textContent ?? ""));
}

/** What the page shows once this stands in it. */
async function linesTo(page: Page, part: string): Promise<string[]> {
  try {
    await page.waitForSelector(`li::-p-text(${part})`);
  } catch (error) {
    throw new Error(`there is no ${part} in ${await lines(page)}`, { cause: error });
  }
  return lines(page);
}

async function create(transport: Transport, stationId: string): Promise<void> {
  const station = { displayName: "网页派出所", kind: Station_Kind.POLICE_STATION };
  await createClient(StationService, transport).createStation({ stationId, station });
}

test("a page of another origin reads, lists, is refused with details, and watches", async () => {
  await withPage(async (page) => {
    await submit(page, web, `http://${process.env["BULLETIN_ADDR"]}`, "");
    const before = await linesTo(page, "watching");
    const [headline, refusal] = ["全市公安派出所工作会议召开", expected("errors").slice(1)];
    assert.deepEqual(before, [headline, ...expected("pages"), ...refusal, "watching"]);
    await create(transport, "seen-by-a-page");
    const after = await linesTo(page, "CREATED stations/seen-by-a-page");
    assert.deepEqual(after.slice(0, before.length), before);
  });
});

test("a page calls by TLS, as somebody whom a token names", async () => {
  const address = `https://${process.env["BULLETIN_TLS_ADDR"]}`;
  // A browser has no option for an authority of one's own: it is told which certificate to believe.
  const { publicKey } = new X509Certificate(file("BULLETIN_CERTIFICATE"));
  const key = publicKey.export({ type: "spki", format: "der" });
  const trusted = [createHash("sha256").update(key).digest("base64")];
  await withPage(async (page) => {
    await submit(page, web, address, file("BULLETIN_ADMIN_TOKEN_FILE").trim());
    const before = await linesTo(page, "watching");
    assert.equal(before[0], "全市公安派出所工作会议召开");
    const authorization = `Bearer ${file("BULLETIN_ADMIN_TOKEN_FILE").trim()}`;
    const admin = createGrpcTransport({
      baseUrl: address,
      nodeOptions: { ca: file("BULLETIN_CA") },
      interceptors: [
        (next) => (request) => {
          request.header.set("authorization", authorization);
          return next(request);
        },
      ],
    });
    await create(admin, "seen-by-an-admin");
    await linesTo(page, "CREATED stations/seen-by-an-admin");
  }, trusted);

  await withPage(async (page) => {
    await submit(page, web, address, "");
    assert.match((await linesTo(page, "ConnectError")).join(), /^ConnectError: \[unauthenticated\] /);
  }, trusted);

  await withPage(async (page) => {
    // Without the key, it is not believed.
    await submit(page, web, address, file("BULLETIN_ADMIN_TOKEN_FILE").trim());
    assert.match((await linesTo(page, "ConnectError")).join(), /^ConnectError: \[unknown\] .*fetch/);
  });
});

test("a page of an origin that was not named is told nothing", async () => {
  await withPage(async (page) => {
    const other = web.replace("127.0.0.1", "localhost");
    assert.notEqual(other, web);
    await submit(page, other, `http://${process.env["BULLETIN_ADDR"]}`, "");
    assert.match((await linesTo(page, "ConnectError")).join(), /^ConnectError: \[unknown\] .*fetch/);
  });
});
