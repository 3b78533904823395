import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { TASKD_PORT, UNSAFE_WORD } from "../../runtime/protocol/rpc.ts";
import { prepareGroups } from "../walls/group.ts";
import { Link } from "./link.ts";
import { Port } from "./port.ts";
import { Requests } from "./requests.ts";
import { preparePrivateRoot } from "./shares.ts";
import { supervise } from "./supervisor.ts";

// A taskd that is wrong about itself ends, and its machine with it. Not by process.exit: that waits for the read of the port.
for (const end of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(end, (error: unknown) => {
    writeSync(2, `piwork: FAILED taskd: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.kill(process.pid, "SIGKILL");
  });
}

// When memory is short for all, it is a task that has to go.
writeFileSync("/proc/self/oom_score_adj", "-1000");
prepareGroups();
await preparePrivateRoot();
const unsafe = readFileSync("/proc/cmdline", "utf8").trim().split(" ").includes(UNSAFE_WORD);
const port = await Port.open(TASKD_PORT);
const link = new Link((line) => port.send(line));
const requests = new Requests(
  supervise({ link, port: port.device, unsafe }),
  (line) => port.send(line),
  (ack) => link.acknowledge(ack),
);
console.log("piwork: taskd listens");
// Each request runs beside the others: a long one must not keep a short one waiting.
port.listen((line) => void requests.receive(line).catch((error) => console.error("taskd: answering failed:", error)));
