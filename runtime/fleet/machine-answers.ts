import { hear } from "../api/answer.ts";
import type { MachineAnswer } from "../api/machine-answers.ts";
import type { Present } from "./fleet.ts";

/** Machines that are asked at the same time: paused ones wake for it, and each keeps a core busy. */
const AT_ONCE = 4;
/** Time for all of them, in milliseconds: the rest is said not to have been asked. */
const ALL_TOGETHER_MS = 20_000;
/** Looks at QEMU's word and ours until both are of one moment. */
const LOOKS = 3;

interface Asking {
  /** it is paused, and waits for its first task */
  waits(present: Present): boolean;
  /** wakes one that is paused; gives the reason where it may not go on */
  wake(machine: Present["machine"]): string | undefined;
  /** what the runtime believes of the tasks in a machine */
  believed(owner: string | null): Pick<MachineAnswer, "records" | "underway">;
  /** time that one machine has for one answer, in milliseconds */
  patienceMs: number;
}

/** Asks every machine what it says of itself; nothing that a machine does, or does not do, keeps the others from being asked. */
export async function askMachines(machines: readonly Present[], asking: Asking): Promise<MachineAnswer[]> {
  const overAt = performance.now() + ALL_TOGETHER_MS;
  const answers: MachineAnswer[] = [];
  const queue = [...machines.entries()];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [at, present] = next;
      answers[at] = await askMachine(present, asking, performance.now() > overAt);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answers;
}

async function askMachine(present: Present, asking: Asking, isTooLate: boolean): Promise<MachineAnswer> {
  const { machine, task } = present;
  if (isTooLate) {
    const late = { silent: `not asked: the machines before it took more than ${ALL_TOGETHER_MS / 1000} s` };
    return { machine: machine.id, state: machine.state, qemu: late, taskd: late, ...asking.believed(task) };
  }
  const { state, qemu } = await askQemu(present, asking.patienceMs);
  const reason = whyNotAsked(present, state, qemu, asking) ?? asking.wake(machine);
  const taskd = reason === undefined ? await askTaskd(present, asking.patienceMs) : { silent: reason };
  return { machine: machine.id, state, qemu, taskd, ...asking.believed(task) };
}

/** What QEMU calls its machine, and what the runtime did meanwhile. */
async function askQemu({ machine }: Present, patienceMs: number): Promise<Pick<MachineAnswer, "state" | "qemu">> {
  for (let look = 1; ; look++) {
    const { state } = machine;
    const qemu = await hear(async () => ({ status: (await machine.runState(patienceMs)).slice(0, 64) }));
    if (machine.state === state || look === LOOKS) return { state, qemu };
  }
}

/** A question that cannot be answered would only cost its patience. */
function whyNotAsked(
  present: Present,
  state: MachineAnswer["state"],
  qemu: MachineAnswer["qemu"],
  { waits }: Asking,
): string | undefined {
  if (state === "booting" || state === "stopping" || state === "ended") return `the machine is ${state}`;
  if (waits(present)) return "the machine waits for its first task, and was left alone";
  if ("silent" in qemu) return `its QEMU is silent: ${qemu.silent}`.slice(0, 1000);
  // One that the runtime has paused wakes when it is asked something; where the two do not agree it is left as it was found.
  const expected = state === "paused" ? "paused" : "running";
  if (qemu.said.status !== expected)
    return `the runtime calls it ${state} and its QEMU ${qemu.said.status}, so it was left as it is`;
  return undefined;
}

/** The state comes last, so that what the runtime believes is read in the moment in which it came. */
async function askTaskd({ machine }: Present, deadlineMs: number): Promise<MachineAnswer["taskd"]> {
  return hear(async () => {
    const diag = await machine.bridge.request("runtime_diag", {}, { deadlineMs });
    return { diag, state: await machine.bridge.request("runtime_get_state", {}, { deadlineMs }) };
  });
}
