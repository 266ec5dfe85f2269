// Errors of the service as values.

import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";

/** One field that breaks its rule. */
export interface Violation {
  field: string;
  description: string;
}

/** What the service says is wrong; its reason is an ErrorReason without the prefix. */
export interface BulletinError {
  code: Code;
  reason: string;
  message: string;
  violations: Violation[];
  /** How long to wait before the call is worth another try, in milliseconds; where the service says so. */
  retryDelayMs?: number;
}

/** The service's own error in a failed call; undefined where another made it, such as a broken connection. */
export function errorOf(error: unknown): BulletinError | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const info = error.findDetails(ErrorInfoSchema).find((one) => one.domain === "bulletin.v1");
  if (info === undefined) return undefined;
  const violations = error
    .findDetails(BadRequestSchema)
    .flatMap((request) => request.fieldViolations)
    .map(({ field, description }) => ({ field, description }));
  const found: BulletinError = { code: error.code, reason: info.reason, message: error.rawMessage, violations };
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return delay === undefined ? found : { ...found, retryDelayMs: durationMs(delay) };
}
