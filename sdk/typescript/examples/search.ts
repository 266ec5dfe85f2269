// Searches articles, and cuts the words that were found out of their paragraphs.

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { cut } from "bulletin-client";
import { ArticleService } from "bulletin-client/v1/article_service";
import { View } from "bulletin-client/v1/reading";

const transport = createGrpcTransport({ baseUrl: `http://${process.env["BULLETIN_ADDR"]}` });
const articles = createClient(ArticleService, transport);
const request = { query: "枫桥经验", filter: 'headline:"派出所"', view: View.FULL };
const { results } = await articles.searchArticles(request);
for (const { article, highlights } of results) {
  console.log(article?.name);
  for (const { field, index, fragments } of highlights) {
    if (field !== "paragraphs") continue;
    const text = article?.paragraphs[index]?.text ?? "";
    console.log(index, ...fragments.map((one) => cut(text, [one])));
  }
}
