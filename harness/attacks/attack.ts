import type { Area } from "../../runtime/api/files.ts";
import type { MachineLayer, TaskLayer } from "../../runtime/protocol/layers.ts";
import type { NetworkRule } from "../../runtime/protocol/network.ts";
import type { NaiveTwin } from "../controls/naive-files.ts";
import type { Sightings } from "../network/sightings.ts";
import type { Way } from "./confinement.ts";

/** From where something is tried, and by whom. Each lane has a folder in suites/negative/. */
export type Lane =
  /** a process of a task */
  | "agent"
  /** the root of the task's own machine */
  | "root"
  /** a process of a task, in one machine with its victim */
  | "shared"
  /** the real agent, with its own tools */
  | "tools"
  /** a process of a task, on the task's network */
  | "network"
  /** the root of the task's own machine, on the network of another task */
  | "forged"
  /** a process in the place of QEMU */
  | "qemu"
  /** a caller of the control API */
  | "host"
  /** no attacks: broken walls, and an agent that waits behind broken walls, are refused */
  | "walls"
  | "warm"
  /** no attacks: legitimate work goes on */
  | "work"
  /** no attacks: requests to taskd are refused */
  | "wire";

interface AttackOf<L extends Lane> {
  /** `group.name` */
  id: string;
  lane: L;
  /** the end of a sentence about the attacker: "a task ..." */
  tries: string;
  /** in every run; without it, only in runs of everything (`--all`) and where a filter names it */
  essential?: true | undefined;
  /** why its control does not leak; at most ten attacks may say so */
  dead?: string;
  /** why its preparation or its control takes root on this host */
  needsRoot?: string;
  /** the machine may not outlive it: a new one is started afterwards */
  ruinous?: true;
}

/** A shell script in the task's folder; on the control, the machine's root runs it there without walls. */
export interface TaskAttack extends AttackOf<"agent" | "root" | "shared" | "tools"> {
  oracle: TaskOracle;
  script: string;
  /** what keeps it from getting through; its control is the same without that */
  held: HeldBy;
  /** in which of the task's sandboxes it runs */
  way: Way;
  /** calls of the agent's tools in place of the script, where the agent itself attacks */
  tools?: readonly ToolCall[];
  /** needs a process tree of its own, because it looks at it, or ends it */
  alone?: true;
  /** its time limit in milliseconds, where it is not the usual one */
  deadlineMs?: number;
  /** puts into the task's folder what a person would, before the attack */
  prepare?(own: string): void;
  /** the script counts its attempts, prints them in its last line, and fails after too few */
  counts?: true;
  /** for the oracle `excess`: a script of the machine's root prints numbers, of which the largest counts; `meanwhile` also while the attack runs */
  excess?: { measure: string; allowed: number; meanwhile?: true };
  /** a script of the machine's root that takes back what only this attack leaves behind */
  undo?: string;
}

/**
 * What keeps an attack of a task from getting through: layers of the task's walls (all of them, unless some are named); a layer
 * around its machine; that the victim is in another machine; what bubblewrap does whatever it is told, so that the control is the
 * machine's root; or the kernel and the files of the machine, which nobody leaves out.
 */
export type HeldBy =
  | { by: "task"; layers?: readonly TaskLayer[] }
  | { by: "machine"; layer: MachineLayer }
  | { by: "topology" | "bubblewrap" | "guest" };

/** How the harness sees, from outside of the attacker, that an attack of a task got through; see oracles.ts. */
export type TaskOracle =
  | "token"
  | "strangers"
  | "exports"
  | "record"
  | "change"
  | "guest-change"
  | "victim"
  | "bystander"
  | "growth"
  | "silence"
  | "excess"
  | "connection"
  | "modes"
  | "starvation";

/** A call of one of pi's tools. */
export type ToolCall = readonly [tool: "read" | "write" | "edit" | "bash", input: Record<string, unknown>];

/** A script of a task that wants to reach an address or a name that is not allowed. */
export interface NetworkAttack extends AttackOf<"network" | "forged"> {
  script: string;
  /** where the task may go, and where the other task may */
  allow?: readonly NetworkRule[];
  allowOther?: readonly NetworkRule[];
  reached: Reached;
  /**
   * The control: the host, in a network whose proxy is naive (the default), or the root of a machine that both tasks are in.
   */
  control?: "naive" | "machine";
  /** it does not use the proxy, so no answer is expected */
  isDirect?: true;
}

/** What was reached that should not have been, in words: from connections outside, and from the script's output. */
export type Reached = (seen: Sightings, output: string) => readonly string[];

/** A shell script in the place of QEMU, behind QEMU's walls; on the control, without them. */
export interface QemuAttack extends AttackOf<"qemu"> {
  oracle: QemuOracle;
  /** `$OUTSIDE`, `$EXPORT` and other places and ids are set; see `QemuWorld` */
  script: string;
  /** the layer without which it gets through, where one layer alone holds it */
  layer?: MachineLayer;
}

/**
 * How the harness sees that an attack from QEMU's place got through: a canary in the output; something outside of the exports that
 * changed; a victim that is gone or slowed down; a connection; a mode, type or attribute in the exports that must not be there; a
 * file that is too long; a process with capabilities; a descriptor of a ring.
 */
type QemuOracle = "token" | "change" | "victim" | "connection" | "modes" | "excess" | "rights" | "ring";

/** Something that a task or a person put into a folder, and an operation of the control API that meets it; on the control, of a naive twin. */
export interface HostAttack extends AttackOf<"host">, HostScene {
  oracle: HostOracle;
  /** the naive twin that it gets through */
  naive: NaiveTwin;
}

/** A canary in the answer, something that changed outside, no answer in time, an answer that is too long, or any answer at all. */
export type HostOracle = "token" | "change" | "silence" | "excess" | "accepted";

export interface HostScene {
  /** a shell script of the task, before the operation; the names of ScenePlaces are set in capitals */
  plant?: string;
  /** what a person, or a program with the state, did before; returns what takes it back where `own` is not all */
  // biome-ignore lint/suspicious/noConfusingVoidType: most take nothing back
  prepare?(places: ScenePlaces): (() => void) | undefined | void;
  operation(places: ScenePlaces): Operation;
}

/** Paths and ids that a scene names; known once the runtime under test is there. */
export interface ScenePlaces {
  workspace: string;
  outside: string;
  own: string;
  /** the attacker's id, and its directory of the state with outputs and uploads */
  attacker: string;
  guest: string;
}

/** A request to the control API, or to its naive twin. */
export type Operation =
  | { call: "preview"; path: string; area?: Area | undefined; task?: string | undefined }
  | { call: "list"; path: string; area?: Area | undefined; task?: string | undefined }
  | { call: "import"; name: string }
  /** create a task with this folder */
  | { call: "bind"; folder: string; shared?: boolean }
  /** show the task with this id */
  | { call: "find"; task: string };

/** Anything that is tried from any lane. */
export type Attack = TaskAttack | NetworkAttack | QemuAttack | HostAttack;

/** A row of a table of attacks: name, `tries`, script, and what this attack has beside its group. */
type Row<A extends Attack> = readonly [name: string, tries: string, script: string, more?: Partial<Omit<A, "id">>];

const BY_TASK: HeldBy = { by: "task" };

/**
 * The ways in of groups; a row may choose another. Where nothing is said, the sandbox that waits is taken, as ordinary commands do;
 * a fresh one for oracles that need a process tree for each attack, since making one wait takes seconds.
 */
const WAYS: Readonly<Record<string, Way>> = {
  // Only a fresh one is given a descriptor that the supervisor leaked.
  descriptors: "fresh",
  // These may end what waits, or the agent.
  "running-out": "fresh",
  ...Object.fromEntries(["proc", "secrets", "kernel", "network"].map((group) => [group, "agent" as const])),
};

const OF_TREES: ReadonlySet<TaskOracle> = new Set(["excess", "growth", "silence", "starvation", "victim"]);

const taskAttacks =
  (lane: TaskAttack["lane"], held: HeldBy, essential?: true) =>
  (group: string, oracle: TaskOracle, rows: readonly Row<TaskAttack>[]): TaskAttack[] =>
    rows.map(([name, tries, script, more]) => ({
      id: `${group}.${name}`,
      lane,
      essential,
      oracle,
      tries,
      script,
      held,
      way: WAYS[group] ?? (OF_TREES.has(more?.oracle ?? oracle) ? "fresh" : "waiting"),
      ...more,
    }));

/** Attacks of one group with the same oracle. */
export const agent = taskAttacks("agent", BY_TASK);
export const root = taskAttacks("root", { by: "topology" });
export const tools = taskAttacks("tools", BY_TASK, true);

/** Every run has them: they need no machine. */
export function qemu(
  group: string,
  common: Pick<QemuAttack, "oracle" | "layer">,
  rows: readonly Row<QemuAttack>[],
): QemuAttack[] {
  return rows.map(([name, tries, script, more]) => ({
    id: `${group}.${name}`,
    lane: "qemu",
    essential: true,
    tries,
    script,
    ...common,
    ...more,
  }));
}

export function network(
  group: string,
  common: Pick<NetworkAttack, "reached"> & Partial<NetworkAttack>,
  rows: readonly Row<NetworkAttack>[],
): NetworkAttack[] {
  return rows.map(([name, tries, script, more]) => ({
    id: `${group}.${name}`,
    lane: "network",
    tries,
    script,
    ...common,
    ...more,
  }));
}

export function groupOf({ id }: { id: string }): string {
  return id.split(".")[0] ?? id;
}
