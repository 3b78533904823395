import { writeSync } from "node:fs";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { TASKD_PORT } from "../../runtime/protocol/rpc.ts";
import { Port } from "./port.ts";
import { Requests } from "./requests.ts";
import { type Emit, supervise } from "./supervisor.ts";

// A taskd that is wrong about itself ends, and its machine with it. Not by process.exit: that waits for the read of the port.
for (const end of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(end, (error: unknown) => {
    writeSync(2, `piwork: FAILED taskd: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.kill(process.pid, "SIGKILL");
  });
}

const port = await Port.open(TASKD_PORT);
let seq = 0;

const emit: Emit = async (taskId, event, payload) => {
  const line = JSON.stringify({
    type: "event",
    event,
    timestamp: Date.now(),
    taskId,
    seq: ++seq,
    payload,
  } as RuntimeEvent);
  if (Buffer.byteLength(line) >= LIMITS.lineBytes) {
    throw new PiworkError("LIMIT_EXCEEDED", `An event would be longer than ${LIMITS.lineBytes} bytes.`);
  }
  return port.send(line);
};

const requests = new Requests(supervise(emit, port.device), (line) => port.send(line));
console.log("piwork: taskd listens");
for await (const line of port.lines()) {
  // Each request runs beside the others: a long one must not keep a short one waiting.
  requests.receive(line).catch((error) => console.error("taskd: answering failed:", error));
}
