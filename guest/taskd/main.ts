import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { LineSplitter } from "../../runtime/protocol/lines.ts";
import { TASKD_PORT, UNSAFE_WORD } from "../../runtime/protocol/rpc.ts";
import { Link } from "../link/link.ts";
import { Port } from "../link/port.ts";
import { Outlet } from "../network/outlet.ts";
import { prepareGroups } from "../walls/group.ts";
import { preparePrivateRoot } from "./mounting.ts";
import { RememberedRequests } from "./requests.ts";
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
preparePrivateRoot();
const unsafe = readFileSync("/proc/cmdline", "utf8").trim().split(" ").includes(UNSAFE_WORD);
const port = await Port.open(TASKD_PORT);
const outlet = await Outlet.open();
const say = (line: string) => port.send(Buffer.from(`${line}\n`));
const link = new Link(say);
const requests = new RememberedRequests(supervise(link, outlet, port.device, unsafe), say, (ack) =>
  link.acknowledge(ack),
);
console.log("piwork: taskd listens");
const splitter = new LineSplitter(LIMITS.lineBytes);
port.listen((bytes) => {
  // Each request runs beside the others: a long one must not keep a short one waiting.
  for (const line of splitter.push(bytes))
    void requests.receive(line).catch((error) => console.error("taskd: answering failed:", error));
});
