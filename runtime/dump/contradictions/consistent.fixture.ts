import type { StateSnapshot } from "../../api/dump.ts";
import { aTask } from "../../api/record.fixture.ts";
import type { TaskRecord } from "../../api/record.ts";
import { taskLayer } from "../../protocol/layers.ts";
import type { TaskView } from "../../protocol/rpc.ts";

const AT = "2026-01-01T00:00:00.000Z";

/** A snapshot in which all sides agree: an active task with a folder in a machine of its own, a stopped one, and a machine that waits. */
export function consistent(): StateSnapshot {
  const [one, two] = [aTask("one", { state: "active", folder: "folder" }), aTask("two")];
  const view = aView("one", { state: "active", folder: "folder", turns: 2, agentPid: 50 });
  return {
    takenAt: AT,
    state: "/state",
    runtime: { said: { confined: true, history: [], status: status([one, two]) } },
    panel: { said: { pid: 1, activeTask: "one", tasks: [structuredClone(one), structuredClone(two)] } },
    host: { workspace: "/workspace", tasks: "/state/tasks", activeTask: { said: "one" } },
    machines: [
      {
        ...machine("machine-1", 11, "running", "one"),
        qemu: { said: { status: "running" } },
        taskd: { said: { state: { activeTaskId: "one", tasks: [view] }, diag: diagnosis() } },
      },
      {
        ...machine("machine-2", 12, "paused", null),
        qemu: { said: { status: "paused" } },
        taskd: { silent: "it waits for its first task" },
      },
    ],
    tasks: [task(one, "machine-1", { said: view }, 2), task(two, null, { silent: "it is in no machine" }, 0)],
  };
}

/** What a taskd says of a task that is ready and has no agent, but for what a test wants of it. */
export function aView(taskId: string, changes: Partial<TaskView> = {}): TaskView {
  const nothing = { folder: null, turns: 0, agentPid: null, promptId: null, execIds: [] };
  return { taskId, state: "ready", agent: "probe", ...nothing, ...changes };
}

function status(tasks: TaskRecord[]): Extract<StateSnapshot["runtime"], { said: unknown }>["said"]["status"] {
  return {
    version: "0",
    pid: 1,
    startedAt: AT,
    workspace: "/workspace",
    state: "/state",
    logs: "/logs",
    isolation: "vm",
    memoryBytes: 1024 ** 3,
    starting: null,
    acceleration: null,
    image: null,
    template: null,
    warnings: [],
    machines: [view("machine-1", 11, "running", "one"), view("machine-2", 12, "paused", null)],
    tasks: structuredClone(tasks),
    activeTask: "one",
  };
}

function view(id: string, pid: number, state: "running" | "paused", task: string | null) {
  return { id, state, pid, memoryMb: 1024, residentKb: 1, task, bootMs: 1, startedAt: AT };
}

function machine(id: string, pid: number, state: "running" | "paused", owner: string | null) {
  const shown = (at: string, from: string) => ({ at, from });
  const own = [shown("tasks/one/guest", "/state/tasks/one/guest"), shown("workspace/folder", "/workspace/folder")];
  const roots = [shown("workspace", "/workspace (not here)"), shown("tasks", "/tasks (not here)")];
  return {
    id,
    runtime: view(id, pid, state, owner),
    underway: false,
    host: {
      processes: [{ pid, state: "S", walls: [wall("seccomp")], exports: owner === null ? roots : [...roots, ...own] }],
      sockets: ["qmp.sock", "taskd.sock"],
    },
  };
}

function wall(name: "seccomp") {
  return { wall: name, holds: true, seen: "Seccomp 2" };
}

function task(
  known: TaskRecord,
  machine: string | null,
  taskd: StateSnapshot["tasks"][number]["taskd"],
  turns: number,
): StateSnapshot["tasks"][number] {
  const { id } = known;
  const head = {
    type: "piwork-session",
    version: 1,
    taskId: id,
    agent: "probe",
    lastTurn: "turn",
    savedAt: AT,
  } as const;
  return {
    id,
    runtime: { record: known, underway: false, lastChange: null },
    machine,
    taskd,
    panel: { said: structuredClone(known) },
    host: {
      record: { said: structuredClone(known) },
      keptSince: AT,
      session: turns === 0 ? { is: "absent" } : { is: "saved", head: { ...head, turns } },
    },
    planted: { silent: "not looked at" },
    network: { silent: "not looked at" },
  };
}

function diagnosis() {
  const layers = taskLayer.options.map((layer) => ({ layer, holds: true, seen: "so" }));
  const mount = (target: string) => ({ target: `/run/piwork/${target}`, type: "9p", options: "rw" });
  return {
    monotonicMs: 1,
    wallMs: 1,
    kernel: "6",
    node: "v20",
    clocksource: "tsc",
    port: { uid: 0, mode: "600" },
    memoryTotalKb: 1,
    memoryAvailableKb: 1,
    taskdResidentKb: 1,
    taskdPeakKb: 1,
    events: { sent: 1, acknowledged: 1 },
    history: [],
    walls: [{ taskId: "one", layers }],
    mounts: ["tasks", "workspace", ...["work", "outputs", "uploads", "home"].map((name) => `slots/1/${name}`)].map(
      mount,
    ),
  };
}
