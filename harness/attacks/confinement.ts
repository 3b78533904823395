import { type TaskLayer, taskLayer } from "../../runtime/protocol/layers.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { SMALL_MEMORY_BYTES } from "../runtimes/quota.ts";

/**
 * Something that is attacked. To judge another sandbox, write one of these: how a shell script is run where the
 * attacker is, in a folder that the world knows as `own`.
 */
export interface Confinement {
  name: string;
  /** what it is, for reports */
  description: string;
  /** the command that runs a script in the attacker's folder, and where in the machine that command is run */
  enter(script: string): { argv: string[]; unconfined?: true; without?: TaskLayer[] };
  /** the agent of the task runs it, in its own sandbox: the probe as it is told, pi because its model says so */
  agent?: "probe" | "pi";
  /** it runs in the sandbox that waits for the task's next command */
  waits?: true;
  /** what the machine's root does for it to the attacker's control group, `$ATTACKER_GROUP`, and how that is taken back */
  groups?: { change: string; undo: string };
}

/** Where the attacker's folder is for the machine's root. */
const OWN_FOR_ROOT = "/run/piwork/workspace/own";

/** Piwork's own walls, some layers of them left out. */
export function piworkWithout(without: TaskLayer[]): Confinement {
  const groups = without.flatMap((layer) => UNBOUND[layer] ?? []);
  return {
    name: "piwork",
    description: without.length === 0 ? "a task" : `a task without ${without.join(", ")}`,
    enter: (script) => ({ argv: ["sh", "-c", script], without }),
    ...(groups.length === 0
      ? {}
      : {
          groups: {
            change: groups.map(({ change }) => change).join("\n"),
            undo: groups.map(({ undo }) => undo).join("\n"),
          },
        }),
  };
}

const unbound = (file: string, value: number): NonNullable<Confinement["groups"]> => ({
  change: `echo max >"$ATTACKER_GROUP/${file}"`,
  undo: `echo ${value} >"$ATTACKER_GROUP/${file}"`,
});

/** The layers of a control group belong to a task, not to a command: root takes them off it. */
const UNBOUND: Partial<Record<TaskLayer, NonNullable<Confinement["groups"]>>> = {
  memory: unbound("memory.max", SMALL_MEMORY_BYTES),
  processes: unbound("pids.max", LIMITS.taskProcesses),
  cpu: {
    change:
      "echo -cpu >/sys/fs/cgroup/tasks/cgroup.subtree_control && echo -cpu >/sys/fs/cgroup/cgroup.subtree_control",
    undo: "echo +cpu >/sys/fs/cgroup/cgroup.subtree_control && echo +cpu >/sys/fs/cgroup/tasks/cgroup.subtree_control && echo 10000 >/sys/fs/cgroup/supervisor/cpu.weight",
  },
};

/** The machine's root, which no wall of a task is around. */
export const CONTROL: Confinement = {
  name: "control",
  description: "the machine's root, in the task's folder",
  enter: (script) => ({ argv: ["sh", "-c", `cd ${OWN_FOR_ROOT} || exit\n${script}`], unconfined: true }),
};

/** Plain bubblewrap, as agents are often started with it: everything readable, the folder writable, all namespaces. */
export const BWRAP: Confinement = {
  name: "bwrap",
  description: "plain bubblewrap in the machine: --unshare-all, / read-only, the folder writable",
  enter: (script) => ({
    argv: [
      "setpriv",
      "--reuid=20001",
      "--regid=20001",
      "--clear-groups",
      "bwrap",
      "--unshare-all",
      "--die-with-parent",
      "--ro-bind",
      "/",
      "/",
      "--dev",
      "/dev",
      "--proc",
      "/proc",
      "--tmpfs",
      "/tmp",
      "--bind",
      OWN_FOR_ROOT,
      OWN_FOR_ROOT,
      "--chdir",
      OWN_FOR_ROOT,
      "sh",
      "-c",
      script,
    ],
    unconfined: true,
  }),
};

/** All of Piwork's walls, around a sandbox that is made for the attack. */
export const PIWORK: Confinement = piworkWithout([]);

/** The same around the real agent, which attacks them itself. */
export const BY_PI: Confinement = { ...PIWORK, name: "pi", description: "pi, with its own tools", agent: "pi" };

/** The sandboxes that a task has: one made for a command, the one that waits for the next command, and the agent's. */
export type Way = "fresh" | "waiting" | "agent";

/** All of Piwork's walls, by each way in. A machine that is there to be attacked leaks a descriptor into a fresh one. */
export const WHOLE: Readonly<Record<Way, Confinement>> = {
  fresh: PIWORK,
  waiting: {
    ...PIWORK,
    description: "a task, in the sandbox that waited for its command",
    enter: (script) => ({ argv: ["sh", "-c", script] }),
    waits: true,
  },
  agent: { ...PIWORK, description: "the agent of a task", agent: "probe" },
};

const isBound = (layer: TaskLayer) => layer in UNBOUND;

/**
 * Confinements without some layers, each made once: a shell stays in each of them. For an attack that names no layer all are left
 * out but the bounds of the control group, which would take half a second to take off and to put back.
 */
export const OPEN = {
  all: piworkWithout(taskLayer.options),
  unbounded: piworkWithout(taskLayer.options.filter((layer) => !isBound(layer))),
} as const;
