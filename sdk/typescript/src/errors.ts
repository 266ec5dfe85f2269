// Errors of the service as values.

import { Code, ConnectError } from "@connectrpc/connect";

import { BadRequestSchema, ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.js";

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
  return { code: error.code, reason: info.reason, message: error.rawMessage, violations };
}
