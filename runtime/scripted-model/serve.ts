import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Dialect } from "./dialect.ts";
import { createProvider } from "./server.ts";

/**
 * Runs the server as a program: takes the key from PIWORK_SCRIPTED_KEY, prints its port as a line of JSON, and ends when its input
 * ends, so that it does not outlive its parent.
 */
export async function serveDialects(dialects: readonly Dialect[]): Promise<void> {
  const key = process.env["PIWORK_SCRIPTED_KEY"] ?? "";
  if (key === "") {
    console.error("Set PIWORK_SCRIPTED_KEY to the key that requests are to carry.");
    process.exit(2);
  }
  const server = createProvider(key, dialects).listen(0, "127.0.0.1");
  await once(server, "listening");
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
  process.stdin.on("close", () => process.exit(0)).resume();
}
