// The service under test is the one at BULLETIN_ADDR; scripts/check-sdk starts it with the seed page.

import { createGrpcTransport } from "@connectrpc/connect-node";

export const transport = createGrpcTransport({ baseUrl: `http://${process.env["BULLETIN_ADDR"]}` });

/** Call options that keep the header `bulletin-token`. */
export function keepToken(): { token: string; onHeader: (headers: Headers) => void } {
  const kept = {
    token: "",
    onHeader: (headers: Headers) => {
      kept.token = headers.get("bulletin-token") ?? "";
    },
  };
  return kept;
}
