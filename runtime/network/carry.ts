import type { Readable, Writable } from "node:stream";
import { LIMITS } from "../protocol/limits.ts";
import { ProxyRefusal } from "./refusal.ts";

/** What a message may be, and how much of it came; more than that is an error of both ends. */
export class Meter {
  bytes = 0;

  count(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > LIMITS.networkRequestBytes)
      throw new ProxyRefusal(413, `More than ${LIMITS.networkRequestBytes} bytes in one direction.`, "too many bytes");
  }
}

/** Passes on what comes, no faster than it is taken, up to its end. `broken` is told what keeps it from that. */
export function carry(from: Readable, to: Writable, meter: Meter, broken: (error: Error) => void): void {
  from.on("data", (chunk: Buffer) => {
    try {
      meter.count(chunk);
    } catch (error) {
      return broken(error as Error);
    }
    if (!to.write(chunk)) from.pause();
  });
  to.on("drain", () => from.resume());
  from.once("end", () => to.end());
  from.once("error", broken);
  to.once("error", broken);
  // Also where it was destroyed without a word.
  from.once("close", () => {
    if (!from.readableEnded) broken(new Error("the connection was closed in the middle"));
  });
}
