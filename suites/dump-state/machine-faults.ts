import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { processStatus, qemusWithSocketsIn } from "../../harness/host/processes.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { sayAsRuntime, unmountIn } from "../../harness/machines/own-links.ts";
import { ISOLATION } from "../../harness/runtimes/piwork.ts";
import { QEMU, spawnHypervisor } from "../../runtime/machine/hypervisor.ts";
import { ALL_WALLS } from "../../runtime/machine/walls.ts";
import type { Tasks } from "./agreeing.ts";
import type { DumpedRuntime } from "./dumped-runtime.ts";
import type { Fault } from "./fault.ts";

const NOTICE_MS = 30_000;

/** Machines whose QEMU is not what the runtime thinks it is. */
export function machineFaults(dumped: DumpedRuntime, tasks: Pick<Tasks, "unbound" | "active">): Fault[] {
  const socketsOf = (machine: string) => join(dumped.places.sockets, machine);

  return [
    {
      kind: "leftover-sockets",
      words: "a runtime that was killed left the sockets of a machine",
      async make() {
        mkdirSync(socketsOf("machine-98"));
        return {
          named: ["leftover-sockets machine-98"],
          mend: () => rmSync(socketsOf("machine-98"), { recursive: true }),
        };
      },
    },
    {
      kind: "qemu-without-machine",
      words: "a QEMU has its sockets among the runtime's, and is none of its machines",
      async make() {
        const sockets = socketsOf("machine-99");
        mkdirSync(sockets, { mode: 0o700 });
        const paths = { image: "/usr/share", sockets, exports: [] };
        const words = [QEMU, "-machine", "none", "-nodefaults", "-display", "none", "-S"];
        const stranger = spawnHypervisor(paths, "tcg", words, ALL_WALLS);
        const [pid] = await waitFor("the stranger's QEMU", NOTICE_MS, () => {
          const found = qemusWithSocketsIn(sockets).filter((one) => nameOf(one).startsWith("qemu"));
          return found.length === 1 ? found : undefined;
        });
        const mend = async () => {
          stranger.kill();
          await stranger.ended;
          rmSync(sockets, { recursive: true });
        };
        return { named: [`qemu-without-machine process ${pid}`, "leftover-sockets machine-99"], mend };
      },
    },
    {
      kind: "socket-missing",
      words: "a socket of a machine that is up was moved away",
      async make() {
        const { id } = await dumped.machineOf(tasks.unbound);
        const path = join(socketsOf(id), "taskd.sock");
        renameSync(path, `${path}.aside`);
        return { named: [`socket-missing ${id}`], mend: () => renameSync(`${path}.aside`, path) };
      },
    },
    {
      kind: "qemu-frozen",
      words: "QEMU was stopped by a signal",
      async make() {
        const { id, pid } = await dumped.machineOf(tasks.unbound);
        process.kill(pid, "SIGSTOP");
        // The last of its threads may take a while.
        await waitFor("QEMU to stop", NOTICE_MS, () => /^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, "utf8")));
        return { named: [`qemu-frozen ${id}`], mend: () => process.kill(pid, "SIGCONT") };
      },
    },
    {
      kind: "run-state-differs",
      words: "a machine in which a turn is under way was paused, and not by the runtime",
      async make() {
        const { unbound } = tasks;
        const turn = dumped.talk.prompt("wait", unbound);
        const { id, pid } = await waitFor("the turn", NOTICE_MS, async () => {
          const { turn } = await dumped.client.call("task_show", { task: unbound });
          const machine = await dumped.machineOf(unbound);
          return turn !== null && machine.state === "running" ? machine : undefined;
        });
        const say = (command: string) => sayAsRuntime(dumped.pid, pid, { execute: command, id: 1_000_000 });
        await say("stop");
        const mend = async () => {
          await say("cont");
          await dumped.client.call("abort", { task: unbound });
          await turn;
        };
        return { named: [`run-state-differs ${id}`], mend };
      },
    },
    {
      kind: "export-differs",
      words: "a directory was taken out of QEMU's view",
      async make() {
        const { active } = tasks;
        const { id, pid } = await dumped.machineOf(active);
        await unmountIn(pid, ISOLATION === "vm" ? "/export/workspace/active" : "/export/workspace");
        // It sees it again when its machine is another one.
        const mend = async () => {
          process.kill(pid, "SIGKILL");
          await lost(dumped, active);
          await dumped.talk.prompt("in another machine", active);
        };
        return { named: [`export-differs ${id}`], mend };
      },
    },
    {
      kind: "qemu-gone",
      words: "QEMU was killed, and the runtime is kept from hearing of it",
      async make() {
        const { active } = tasks;
        const { id, pid } = await dumped.machineOf(active);
        // Whoever would tell the runtime that QEMU ended is its parent.
        const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
        process.kill(parent, "SIGSTOP");
        process.kill(pid, "SIGKILL");
        // The kernel takes a while to give its memory back.
        await waitFor("QEMU's end", NOTICE_MS, () => processStatus(pid)["State"]?.startsWith("Z") || undefined);
        const mend = async () => {
          process.kill(parent, "SIGCONT");
          await lost(dumped, active);
          await dumped.talk.prompt("in yet another one", active);
        };
        return { named: [`qemu-gone ${id}`], mend };
      },
    },
  ];
}

async function lost(dumped: DumpedRuntime, task: string): Promise<void> {
  await waitFor("the state 'errored'", NOTICE_MS, async () => {
    const { state } = await dumped.client.call("task_show", { task });
    return state === "errored" || undefined;
  });
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}
