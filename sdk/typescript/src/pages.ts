// Lists, page by page.

/**
 * All pages of a list, such as `pages(client.listStatistics, { parent: "articles/-" })`.
 */
export async function* pages<
  Request extends { pageToken?: string },
  Response extends { nextPageToken: string },
>(list: (request: Request) => Promise<Response>, request: Request): AsyncGenerator<Response> {
  let pageToken = request.pageToken ?? "";
  do {
    const page = await list({ ...request, pageToken });
    yield page;
    // A page may be shorter than asked for, even empty: only the token says that it was the last.
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}
