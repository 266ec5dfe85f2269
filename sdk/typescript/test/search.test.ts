import assert from "node:assert/strict";
import { test } from "node:test";

import { createClient } from "@connectrpc/connect";
import { cut } from "bulletin-client";
import { Paragraph_Kind } from "bulletin-client/v1/article";
import { ArticleService, type SearchArticlesResponse_Result } from "bulletin-client/v1/article_service";
import { View } from "bulletin-client/v1/reading";

import { keepToken, transport } from "./service.ts";

const articles = createClient(ArticleService, transport);
const query = "枫桥经验";

/** What the highlights cut out of the paragraphs. */
function found(result: SearchArticlesResponse_Result): string[] {
  const paragraphs = result.article?.paragraphs ?? [];
  return result.highlights
    .filter((one) => one.field === "paragraphs")
    .flatMap((one) => one.fragments.map((fragment) => cut(paragraphs[one.index]?.text ?? "", [fragment])));
}

test("highlights cut the words out of the paragraphs", async () => {
  const { results } = await articles.searchArticles({ query, view: View.FULL });
  assert.ok(results.some((one) => one.article?.name === "articles/paichusuo-work-conference"));
  for (const result of results) {
    const pieces = found(result);
    assert.ok(pieces.length > 0);
    for (const piece of pieces) assert.ok(piece !== "" && query.includes(piece), piece);
  }
});

test("highlights count code points", async () => {
  // Characters of two UTF-16 units before the words.
  const text = `𠮷𠮷说，要推广${query}。`;
  const article = { headline: "𠮷", paragraphs: [{ text, kind: Paragraph_Kind.BODY }] };
  await articles.createArticle({ articleId: "astral-typescript", article });
  const name = "articles/astral-typescript";
  const kept = keepToken();
  await articles.publishArticle({ name }, kept);
  const consistency = { requirement: { case: "atLeastAsFresh", value: kept.token } } as const;
  const { results } = await articles.searchArticles({ query, view: View.FULL, consistency });
  const own = results.filter((one) => one.article?.name === name);
  assert.equal(own.length, 1);
  // One word or two: together they are what was asked for.
  assert.equal(own.flatMap(found).join(""), query);
});
