import { randomBytes } from "node:crypto";
import type { GivenFiles } from "../protocol/given-files.ts";
import { type Payload, PROTOCOL_VERSION } from "../protocol/rpc.ts";

/** What a machine is greeted with: its clock and its randomness are the host's. */
export function greeting(files: GivenFiles | null, afterSeq: number, time = Date.now()): Payload<"runtime_hello"> {
  const entropy = randomBytes(64).toString("hex");
  return { protocol: PROTOCOL_VERSION, files, afterSeq, time, entropy };
}
