// The pages of the ops port in a browser, as somebody uses them: links, marks, the token, colours, small screens.
// usage: node check_page.mjs OPEN GUARDED TOKEN_FILE [SCREENSHOT]

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { withPage } from "../sdk/typescript/test/chromium.ts";

const [open, guarded, tokenFile, screenshot] = process.argv.slice(2);
const article = "articles/traffic-police-tieqi-grid-reform";

/** Everything that a browser complains of, what breaks the content security policy too. */
function complaints(page) {
  const found = [];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) found.push(message.text());
  });
  page.on("pageerror", (error) => found.push(String(error)));
  page.on("requestfailed", (request) => found.push(`${request.url()} failed`));
  page.on("response", (response) => {
    if (response.status() >= 400 && response.status() !== 401) found.push(`${response.url()} ${response.status()}`);
  });
  return found;
}

/** Clicks a link within the page, and gives what is the target then. */
async function follow(page, selector) {
  await page.click(selector);
  const target = await page.waitForSelector(":target");
  assert.ok(await target.isIntersectingViewport(), `what ${selector} leads to is not seen`);
  return target.evaluate((element) => element.id || element.className);
}

async function openAndClick(page, place, selector) {
  await page.goto(place);
  await Promise.all([page.waitForNavigation(), page.click(selector)]);
}

/** The least contrast of any text with what is behind it. */
function leastContrast(page) {
  return page.evaluate(() => {
    const numbers = (color) => color.match(/[\d.]+/g).map(Number);
    const light = (color) => {
      const parts = numbers(color).slice(0, 3).map((part) => part / 255);
      const linear = parts.map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const behind = (element) => {
      const color = getComputedStyle(element).backgroundColor;
      if (numbers(color)[3] !== 0) return color;
      return element.parentElement ? behind(element.parentElement) : "rgb(255, 255, 255)";
    };
    let least = { contrast: 21, text: "" };
    for (const element of document.querySelectorAll("main *")) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!own) continue;
      const [one, other] = [light(getComputedStyle(element).color), light(behind(element))];
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (contrast < least.contrast) least = { contrast, text: element.outerHTML.slice(0, 200) };
    }
    return least;
  });
}

await withPage(async (page) => {
  const found = complaints(page);
  await page.setViewport({ width: 1120, height: 620 });
  await openAndClick(page, `${open}/look`, `a[href="/look/${article}"]`);
  assert.equal(await page.$eval("h1", (head) => head.textContent), "宁波公安交警勤务机制改革见成效");

  const number = '#at-statistic-t05 a[href="#statistic-t05"]';
  assert.equal(await follow(page, number), "statistic-t05");
  const row = await page.$eval(":target", (row) => row.textContent);
  for (const part of ["4.75万", "47500起", "查处非机动车逆向行驶", "市六区"]) assert.ok(row.includes(part), part);
  if (screenshot) await page.screenshot({ path: screenshot });
  assert.equal(await follow(page, "#statistic-t05 th a"), "at-statistic-t05");

  // Without a mouse: a link that has the focus is followed by Enter.
  await page.focus('#at-statistic-t04 a[href="#statistic-t04"]');
  await page.keyboard.press("Enter");
  await page.waitForSelector("#statistic-t04:target");

  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    const { contrast, text } = await leastContrast(page);
    assert.ok(contrast >= 4.5, `${scheme}: ${contrast} of ${text}`);
  }

  await Promise.all([page.waitForNavigation(), page.click(`a[href="/look/${article}/versions"]`)]);
  assert.ok(await page.$("li#r1"), "there is no first version");
  await openAndClick(page, `${open}/look/${article}`, ".units tbody th a");
  assert.match(page.url(), /\/look\/stations\//);

  await page.goto(`${open}/look`);
  await page.type('input[name="q"]', "非机动车");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  assert.ok((await page.$$eval(".place mark", (marks) => marks.map((mark) => mark.textContent))).includes("非机动车"));

  await page.setViewport({ width: 360, height: 640 });
  for (const path of ["", `/${article}`, `/${article}/versions`, "/stations/zhenhai-zhaobaoshan"]) {
    await page.goto(`${open}/look${path}`);
    const [wide, seen] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
    assert.ok(wide <= seen, `/look${path} is ${wide} wide on ${seen}`);
  }
  assert.deepEqual(found, []);
});

await withPage(async (page) => {
  const place = `${guarded}/look/${article}`;
  const first = await page.goto(place);
  assert.equal(first.status(), 401);
  const found = complaints(page);
  await page.type('input[name="token"]', readFileSync(tokenFile, "utf8").trim());
  await Promise.all([page.waitForNavigation(), page.click(".entrance button")]);
  assert.equal(page.url(), place);
  assert.ok(await page.$("#statistic-t05"), "the article is not shown");
  assert.equal(await page.evaluate(() => document.cookie), "", "a script can read the cookie");
  assert.deepEqual(found, []);
  await Promise.all([page.waitForNavigation(), page.click('form[action="/look/leave"] button')]);
  assert.ok(await page.$('input[name="token"]'), "the token is not forgotten");
});
console.log("the pages work in a browser");
