import { ISOLATION } from "../../harness/runtimes/piwork.ts";
import type { Tasks } from "./agreeing.ts";
import type { DumpedRuntime } from "./dumped-runtime.ts";
import type { Fault } from "./fault.ts";

/**
 * What cannot be done to a runtime that works: the panel's server has the runtime's own list, a machine ends with its last word, and
 * the kernel takes nothing from a QEMU that runs. Here one side is changed as it answers; all that is behind it is real.
 */
export function toldFaults(dumped: DumpedRuntime, tasks: Tasks): Fault[] {
  return [
    {
      kind: "panel-differs",
      words: "the panel shows a task as it was before",
      async make() {
        const { bound } = tasks;
        return {
          named: [`panel-differs ${bound}`],
          change: ({ panel }) => ({
            async panel() {
              const status = await panel();
              if (status === null) return null;
              const before = status.tasks.map((task) =>
                task.id === bound ? { ...task, state: "ready" as const } : task,
              );
              return { ...status, tasks: before };
            },
          }),
        };
      },
    },
    {
      kind: "panel-differs",
      how: "elsewhere",
      words: "another runtime answers at the panel's address",
      make: async () => ({
        named: ["panel-differs panel"],
        change: ({ panel }) => ({
          async panel() {
            const status = await panel();
            return status === null ? null : { ...status, pid: status.pid + 1 };
          },
        }),
      }),
    },
    {
      kind: "task-without-machine",
      words: "the runtime has lost the machine of a task that is open",
      async make() {
        const { unbound, active } = tasks;
        const { id, pid } = await dumped.machineOf(unbound);
        const lost = ISOLATION === "shared" ? [unbound, active] : [unbound];
        return {
          named: [
            ...lost.map((task) => `task-without-machine ${task}`),
            `qemu-without-machine process ${pid}`,
            `leftover-sockets ${id}`,
          ],
          change: ({ status, machineAnswers }) => ({
            async status() {
              const said = await status();
              return { ...said, machines: said.machines.filter((machine) => machine.id !== id) };
            },
            async machineAnswers(patienceMs) {
              const said = await machineAnswers(patienceMs);
              return { ...said, machines: said.machines.filter(({ machine }) => machine !== id) };
            },
          }),
        };
      },
    },
    {
      kind: "walls-missing",
      how: "host",
      words: "the host's kernel says that QEMU has a wall less",
      async make() {
        const { id } = await dumped.machineOf(tasks.unbound);
        return {
          named: [`walls-missing ${id}`],
          change: ({ host }) => ({
            async host(workspace) {
              const facts = await host(workspace);
              for (const { walls } of facts.machines.get(id)?.processes ?? [])
                for (const wall of walls) if (wall.wall === "seccomp") wall.holds = false;
              return facts;
            },
          }),
        };
      },
    },
  ];
}
