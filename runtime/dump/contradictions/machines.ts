import { saidIn } from "../../api/answer.ts";
import type { Contradiction } from "../../api/contradiction.ts";
import type { MachineSides, StateSnapshot } from "../../api/dump.ts";
import { isOpen } from "../../protocol/states.ts";
import { type Find, name } from "./name.ts";

type Known = MachineSides & { runtime: NonNullable<MachineSides["runtime"]> };

/** What QEMU opens there, and a link is made through. */
const SOCKETS = ["qmp.sock", "taskd.sock"];

/** Between the runtime and what the host's kernel and QEMU say of its machines. */
export const machines: Find = (snapshot) => {
  if (saidIn(snapshot.runtime) === undefined) return [];
  const up = snapshot.machines.filter((machine): machine is Known => machine.runtime !== null && !machine.underway);
  return [
    ...snapshot.tasks.flatMap(taskWithoutMachine),
    ...up.flatMap((machine) => [
      ...machineWithoutTask(machine, snapshot),
      ...qemuGone(machine),
      ...qemuFrozen(machine),
      ...runStateDiffers(machine),
      ...socketMissing(machine),
    ]),
    ...snapshot.machines.flatMap((machine) => [...qemuWithoutMachine(machine), ...leftoverSockets(machine)]),
  ];
};

function taskWithoutMachine({ id, runtime, machine }: StateSnapshot["tasks"][number]): Contradiction[] {
  if (runtime === null || runtime.underway || machine !== null) return [];
  const { state } = runtime.record;
  if (!isOpen(state) || state === "creating") return [];
  const says = `The runtime calls the task ${state}, and has no machine for it.`;
  return [name("task-without-machine", id, { runtime: `${state}, in no machine` }, says)];
}

function machineWithoutTask({ id, runtime }: Known, { tasks }: StateSnapshot): Contradiction[] {
  if (runtime.task === null) return [];
  const owner = tasks.find((task) => task.id === runtime.task)?.runtime ?? null;
  if (owner !== null && (owner.underway || owner.record.state !== "stopped")) return [];
  const belief = owner === null ? "not there" : "stopped";
  const says = `The machine belongs to the task ${runtime.task}, which is ${belief}; a machine ends with its task.`;
  return [name("machine-without-task", id, { runtime: `of ${runtime.task}, which is ${belief}` }, says)];
}

/** One that has ended and that nobody has buried is no machine either. */
function isAlive({ state }: { state: string }): boolean {
  return state !== "Z" && state !== "X";
}

function processOf({ runtime, host }: Known) {
  return host.processes.find(({ pid }) => pid === runtime.pid);
}

function qemuGone(machine: Known): Contradiction[] {
  const { id, runtime } = machine;
  const process = processOf(machine);
  if (process !== undefined && isAlive(process)) return [];
  const belief = `up, QEMU is process ${runtime.pid}`;
  const says = `The runtime calls the machine ${runtime.state}, with QEMU as process ${runtime.pid}; there is no such QEMU.`;
  return [
    name("qemu-gone", id, { runtime: belief, host: process === undefined ? "no such QEMU" : "it has ended" }, says),
  ];
}

function qemuFrozen(machine: Known): Contradiction[] {
  const { id, runtime } = machine;
  const process = processOf(machine);
  if (process === undefined || process.state.toUpperCase() !== "T") return [];
  const says = `The runtime calls the machine ${runtime.state}; its QEMU, process ${process.pid}, was stopped by a signal ('kill -CONT ${process.pid}' lets it go on).`;
  return [name("qemu-frozen", id, { runtime: "up", host: `process ${process.pid} is stopped` }, says)];
}

function runStateDiffers({ id, runtime, qemu }: Known): Contradiction[] {
  const status = saidIn(qemu)?.status;
  const expected = runtime.state === "paused" ? "paused" : "running";
  if (status === undefined || status === expected) return [];
  const says = `The runtime calls the machine ${runtime.state}, QEMU calls it ${status}.`;
  return [name("run-state-differs", id, { runtime: runtime.state, qemu: status }, says)];
}

function socketMissing({ id, runtime, host }: Known): Contradiction[] {
  const missing = SOCKETS.filter((socket) => host.sockets?.includes(socket) !== true);
  if (missing.length === 0) return [];
  const words = missing.join(" and ");
  const says = `The machine is ${runtime.state}, and ${words} of its QEMU is not there: a link that breaks could not be made again.`;
  return [name("socket-missing", id, { runtime: "up", host: `no ${words}` }, says)];
}

function qemuWithoutMachine({ id, runtime, underway, host }: MachineSides): Contradiction[] {
  return host.processes
    .filter((process) => !underway && isAlive(process) && process.pid !== runtime?.pid)
    .map(({ pid }) => {
      const says = `Process ${pid} is a QEMU with its sockets in ${id}, and no machine of the runtime ('kill ${pid}' ends it).`;
      const belief = runtime === null ? `no ${id}` : `the QEMU of ${id} is process ${runtime.pid}`;
      return name("qemu-without-machine", `process ${pid}`, { runtime: belief, host: `a QEMU for ${id}` }, says);
    });
}

function leftoverSockets({ id, runtime, underway, host }: MachineSides): Contradiction[] {
  if (runtime !== null || underway || host.sockets === null) return [];
  const says = `There are sockets of ${id}, which the runtime does not have; a runtime that was killed leaves them. They do no harm.`;
  return [name("leftover-sockets", id, { runtime: "no such machine", host: host.sockets.join(" ") || "empty" }, says)];
}
