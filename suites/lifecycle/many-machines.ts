import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Check } from "../../harness/checks/checks.ts";
import { isThere, processTree, qemusOf } from "../../harness/host/processes.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { makeSandbox, RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";
import { type Mount, mountsOf } from "../../runtime/linux/mountinfo.ts";
import { findPlaces } from "../../runtime/state/places.ts";

const TASKS = 10;
/** Time in which nothing of a runtime that was killed is left, in milliseconds. */
const GONE_MS = 10_000;

/** A runtime with several machines, of which one ends, or that is killed with all of them. */
export function manyMachines(logs: string): Check[] {
  return [
    {
      id: "own-machine.diag-of-others",
      claim: "a machine that ends while it is asked about itself is named with the reason, and the others are heard",
      async run() {
        using sandbox = makeSandbox(logs);
        await using runtime = await RunningRuntime.start(sandbox);
        const create = (title: string) => runtime.client.call("task_create", { title, folder: null });
        const [ending, other] = [await create("Ending"), await create("Other")];
        const pid = await runtime.qemuPid(ending.id);
        const machineOf = async (task: string) =>
          (await runtime.client.call("task_boundary", { task })).machine ?? assert.fail("no machine");
        const [ends, answers] = [await machineOf(ending.id), await machineOf(other.id)];
        process.kill(pid, "SIGSTOP"); // so that it has not answered before it ends
        const asked = runtime.client.call("diag", {});
        asked.catch(() => {}); // thrown below
        await delay(500);
        process.kill(pid, "SIGKILL");
        const { machines, silent } = await asked;
        assert.deepEqual(
          machines.map(({ machine }) => machine),
          [answers],
        );
        assert.deepEqual(
          silent.map(({ machine }) => machine),
          [ends],
        );
        assert.match(silent[0]?.why ?? "", /killed by signal 9/);
      },
    },
    {
      id: "own-machine.kill-9-of-many",
      claim: `kill -9 of a runtime with ${TASKS} tasks, each in its machine, leaves within ${GONE_MS / 1000} s no process, no mount and no memory file, and the next one brings each back with its own turn`,
      deadlineMs: 600_000,
      async run() {
        using sandbox = makeSandbox(logs);
        const tokens = new Map<string, string>();
        const first = await RunningRuntime.start(sandbox);
        const talk = new Talk(() => first.client);
        for (let count = 1; count <= TASKS; count++) {
          const { id } = await first.client.call("task_create", { title: `Many ${count}`, folder: null });
          const token = randomBytes(8).toString("hex");
          await talk.prompt(token, id);
          tokens.set(id, token);
        }
        const pids = await Promise.all([...tokens.keys()].map((id) => first.qemuPid(id)));
        assert.equal(new Set(pids).size, TASKS, "two tasks have one machine");
        const tree = processTree(first.process.pid as number);
        const memories = memoryFilesOf(first.process.pid as number);
        assert.equal(memories.size > 0, true, "the machines are no clones");
        assert.equal(
          tree.some((pid) => socketMountsOf(pid, sandbox).length > 0),
          true,
          "the machines were shown nothing",
        );
        first.process.kill("SIGKILL");
        await first.exited;
        await waitFor("the end of every process", GONE_MS, () => !tree.some(isThere) || undefined);
        assert.deepEqual(qemusOf(sandbox), []);
        assert.deepEqual(socketMountsOf("self", sandbox), []);
        for (const pid of allProcesses())
          for (const memory of memoryFilesOf(pid)) assert.equal(memories.has(memory), false, `process ${pid}`);
        await using second = await RunningRuntime.start(sandbox);
        const again = new Talk(() => second.client);
        for (const [id, token] of tokens) assert.equal(await again.ask("recall", id), JSON.stringify(token), id);
      },
    },
  ];
}

function allProcesses(): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/** Mounts of a process that have to do with this runtime's sockets, beside which its machines are shown their files. */
function socketMountsOf(pid: number | "self", { state }: Sandbox): Mount[] {
  const { sockets } = findPlaces({ state });
  return mountsOf(pid).filter(({ root, target }) => root.includes(sockets) || target.includes(sockets));
}

/** The memory files that a process has open, by their number in the kernel. */
function memoryFilesOf(pid: number): Set<number> {
  const found = new Set<number>();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const path = `/proc/${pid}/fd/${fd}`;
      if (readlinkSync(path).startsWith("/memfd:piwork")) found.add(statSync(path).ino);
    }
  } catch {
    // it, or a descriptor of it, is gone
  }
  return found;
}
