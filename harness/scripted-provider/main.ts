import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createProvider } from "./server.ts";

/**
 * A model without a model, for development and tests: docs/scripted-provider.md. It prints its port as a line of JSON and
 * ends with whoever started it, when its input ends.
 */

const key = process.env["PIWORK_SCRIPTED_KEY"] ?? "";
if (key === "") {
  console.error("Set PIWORK_SCRIPTED_KEY to the key that requests are to carry.");
  process.exit(2);
}
const server = createProvider(key).listen(0, "127.0.0.1");
await once(server, "listening");
console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
process.stdin.on("close", () => process.exit(0)).resume();
