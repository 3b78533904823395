import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { TASKD_PORT } from "../../runtime/protocol/rpc.ts";
import { Port } from "./port.ts";
import { Requests } from "./requests.ts";
import { type Emit, supervise } from "./supervisor.ts";

const port = await Port.open(TASKD_PORT);
let seq = 0;

const emit: Emit = (taskId, event, payload) => {
  const line = { type: "event", event, timestamp: Date.now(), taskId, seq: ++seq, payload } as RuntimeEvent;
  return port.send(JSON.stringify(line));
};

const requests = new Requests(supervise(emit, port.device), (line) => port.send(line));
console.log("piwork: taskd listens");
for await (const line of port.lines()) {
  // Each request runs beside the others: a long one must not keep a short one waiting.
  requests.receive(line).catch((error) => console.error("taskd: answering failed:", error));
}
