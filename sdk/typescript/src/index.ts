// What a client of `bulletin.v1` needs beside the generated code, which is under `bulletin-client/v1/…`.

export { errorOf, type BulletinError, type Violation } from "./errors.js";
export { pages } from "./pages.js";
export { cut } from "./text.js";
