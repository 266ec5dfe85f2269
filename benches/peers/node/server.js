// Serves articles as one would in Node, to be measured beside Bulletin.
"use strict";

const cluster = require("node:cluster");
const { parseArgs } = require("node:util");
const grpc = require("@grpc/grpc-js");
const pg = require("pg");
const { Article, GetArticleRequest, ListArticlesRequest, ListArticlesResponse, View } =
  require("messages").bulletin.v1;

const POOL_SIZE = 8;
const PAGE_SIZE_DEFAULT = 50;
const PAGE_SIZE_MAX = 1000;
// So that a page is a message that clients take by default.
const PAGE_BYTES_MAX = 3 << 20;

// What a view reads of an article. The first basic_length bytes of a record are its BASIC view.
const COLUMNS = {
  [View.VIEW_BASIC]: "substr(record, 1, basic_length) as record, '' as text",
  [View.VIEW_FULL]: "record, '' as text",
  [View.VIEW_SOURCE]:
    "record, coalesce((select text from sources where sha256 = source_sha256), '') as text",
};

const SERVICE = {
  getArticle: method("GetArticle", GetArticleRequest, Article),
  listArticles: method("ListArticles", ListArticlesRequest, ListArticlesResponse),
};

function method(name, request, response) {
  return {
    path: `/bulletin.v1.ArticleService/${name}`,
    requestStream: false,
    responseStream: false,
    requestDeserialize: (bytes) => request.decode(bytes),
    // The writer's memory is cut from a slab, so this copies nothing.
    responseSerialize: (message) => response.encode(message).finish(),
  };
}

class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function getArticle(pool, request) {
  const view = request.view || View.VIEW_FULL;
  const { rows } = await pool.query({
    // A statement with a name is prepared once a connection.
    name: `get ${view}`,
    text: `select ${columnsOf(view)} from articles where name = $1`,
    values: [request.name],
  });
  if (rows.length === 0) {
    throw new Refusal(grpc.status.NOT_FOUND, `article "${request.name}" does not exist`);
  }
  return readArticle(rows[0]);
}

async function listArticles(pool, request) {
  if (request.filter || request.orderBy || request.showDeleted || request.total) {
    const refusal = "filter, order_by, show_deleted and total are not served here";
    throw new Refusal(grpc.status.UNIMPLEMENTED, refusal);
  }
  const view = request.view || View.VIEW_BASIC;
  const columns = columnsOf(view);
  const size = pageSize(request.pageSize);
  const { rows } = await pool.query({
    name: `list ${view} by ${size}`,
    // One row more than the page may have tells whether there is a next page. The limit is written out: with
    // a parameter Postgres would plan each call anew.
    text: `select ${columns} from articles where name > $1 and not is_deleted order by name limit ${size + 1}`,
    values: [nameOf(request.pageToken)],
  });
  return readPage(rows, size);
}

function readPage(rows, size) {
  const articles = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += row.record.length + Buffer.byteLength(row.text);
    if (articles.length === size || (articles.length > 0 && bytes > PAGE_BYTES_MAX)) {
      const nextPageToken = Buffer.from(articles.at(-1).name).toString("base64url");
      return { articles, nextPageToken };
    }
    articles.push(readArticle(row));
  }
  return { articles };
}

function readArticle({ record, text }) {
  const article = Article.decode(record);
  if (text) article.sourceText = text;
  return article;
}

function columnsOf(view) {
  const columns = COLUMNS[view];
  if (!columns) throw new Refusal(grpc.status.INVALID_ARGUMENT, `view has no value ${view}`);
  return columns;
}

function pageSize(asked) {
  if (asked < 0) {
    const refusal = `page_size must not be negative, got ${asked}`;
    throw new Refusal(grpc.status.INVALID_ARGUMENT, refusal);
  }
  return Math.min(asked || PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX);
}

function nameOf(token) {
  const name = Buffer.from(token, "base64url");
  if (name.toString("base64url") !== token) {
    throw new Refusal(grpc.status.INVALID_ARGUMENT, "page_token is not of this list");
  }
  return name.toString();
}

// Answers a call with what a handler resolves to. A client learns of other errors only that it was not its fault.
function unary(pool, handler) {
  return (call, callback) => {
    handler(pool, call.request).then(
      (response) => callback(null, response),
      (error) => {
        if (error instanceof Refusal) return callback({ code: error.code, details: error.message });
        console.error(error);
        callback({ code: grpc.status.INTERNAL, details: "the database did not answer" });
      },
    );
  };
}

async function connect() {
  const connectionString = process.env.DATABASE_URL;
  const pool = new pg.Pool({ connectionString, max: POOL_SIZE, min: POOL_SIZE });
  pool.on("error", (error) => console.error(error));
  // The pool connects when it is asked: now, rather than in the first calls.
  const clients = await Promise.all(Array.from({ length: POOL_SIZE }, () => pool.connect()));
  clients.forEach((client) => client.release());
  return pool;
}

async function serve(listen) {
  const pool = await connect();
  const server = new grpc.Server({
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 20_000,
  });
  server.addService(SERVICE, {
    getArticle: unary(pool, getArticle),
    listArticles: unary(pool, listArticles),
  });
  const port = await new Promise((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync(listen, credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
  const stop = () => server.tryShutdown(() => pool.end().then(() => process.exit()));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  return `${listen.slice(0, listen.lastIndexOf(":"))}:${port}`;
}

// Processes that share the address; each has connections of its own to the database.
function serveByWorkers(workers) {
  let ready = 0;
  for (let started = 0; started < workers; started++) {
    cluster.fork().on("message", (address) => {
      ready += 1;
      if (ready === workers) console.log(`serving on ${address}`);
    });
  }
  cluster.on("exit", (_, code) => process.exit(code ?? 1));
  const stop = () => Object.values(cluster.workers).forEach((worker) => worker.kill());
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

async function main() {
  const { values } = parseArgs({
    options: {
      listen: { type: "string", default: "127.0.0.1:0" },
      workers: { type: "string", default: "1" },
    },
  });
  const workers = Number(values.workers);
  if (!Number.isInteger(workers) || workers < 1) throw new Error("--workers must be 1 or more");
  if (cluster.isPrimary && workers > 1) return serveByWorkers(workers);
  const address = await serve(values.listen);
  if (cluster.isPrimary) console.log(`serving on ${address}`);
  else process.send(address);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
