import assert from "node:assert/strict";
import { test } from "node:test";
import { CONTRADICTIONS, type ContradictionKind, contradiction } from "../../api/contradiction.ts";
import { type StateSnapshot, stateDump } from "../../api/dump.ts";
import { aView, consistent } from "./consistent.fixture.ts";
import { findContradictions } from "./find.ts";

/** The parts of the fixture, to put something wrong with one of them. */
function parts(snapshot: StateSnapshot) {
  const [machine, waiting] = snapshot.machines as [Machine, Machine];
  const [one, two] = snapshot.tasks as [Task, Task];
  const taskd = machine.taskd as Extract<Machine["taskd"], { said: unknown }>;
  const view = taskd.said.state.tasks[0] as Exclude<View, null>;
  const known = one.runtime as Exclude<Task["runtime"], null>;
  const process = machine.host.processes[0] as Machine["host"]["processes"][number];
  const runtime = (snapshot.runtime as Extract<StateSnapshot["runtime"], { said: unknown }>).said;
  const panel = (snapshot.panel as Extract<StateSnapshot["panel"], { said: unknown }>).said;
  return { snapshot, machine, waiting, one, two, view, known, process, runtime, panel, diag: taskd.said.diag };
}
type Machine = StateSnapshot["machines"][number];
type Task = StateSnapshot["tasks"][number];
type View = Extract<Task["taskd"], { said: unknown }>["said"];
type Parts = ReturnType<typeof parts>;

/** What is put wrong for each kind, and what it is named for: `kind subject`. */
const WRONG: Record<ContradictionKind, [change: (parts: Parts) => void, ...named: string[]][]> = {
  "task-state-differs": [
    [({ view }) => (view.state = "ready"), "task-state-differs one"],
    [
      ({ known, one }) => {
        known.record.state = "errored";
        one.host.record = { said: structuredClone(known.record) };
        one.panel = { said: structuredClone(known.record) };
      },
      "task-state-differs one",
      "process-without-task one",
    ],
  ],
  "task-unknown-to-taskd": [[({ one }) => (one.taskd = { said: null }), "task-unknown-to-taskd one"]],
  "task-unknown-to-runtime": [
    [({ two }) => (two.taskd = { said: aView("two", { state: "errored" }) }), "task-unknown-to-runtime two"],
  ],
  "process-without-task": [
    [
      ({ two }) => (two.taskd = { said: aView("two", { state: "errored", agentPid: 7 }) }),
      "task-unknown-to-runtime two",
      "process-without-task two",
    ],
  ],
  "turn-differs": [
    [({ view }) => (view.promptId = "theirs"), "turn-differs one"],
    [
      ({ known, one }) => {
        known.record.turn = { id: "ours", startedAt: "2026-01-01T00:00:00.000Z" };
        one.host.record = { said: structuredClone(known.record) };
      },
      "turn-differs one",
    ],
  ],
  "folder-differs": [[({ view }) => (view.folder = null), "folder-differs one"]],
  "active-task-differs": [
    [({ snapshot }) => (snapshot.host.activeTask = { said: "two" }), "active-task-differs one"],
    [({ panel }) => (panel.activeTask = null), "active-task-differs one"],
    [
      ({ machine, runtime, process, snapshot }) => {
        runtime.status.isolation = "shared";
        process.exports = [at("workspace", "/workspace"), at("tasks", "/state/tasks")];
        snapshot.machines = [machine];
        said(machine.taskd).state.activeTaskId = "two";
      },
      "active-task-differs one",
    ],
  ],
  "agent-missing": [
    [({ view }) => (view.agentPid = null), "agent-missing one"],
    [({ diag }) => (diag.walls = [{ taskId: "one", layers: [] }]), "agent-missing one"],
  ],
  "walls-missing": [
    [({ diag }) => Object.assign(diag.walls[0]?.layers[3] ?? {}, { holds: false }), "walls-missing one"],
    [({ diag }) => diag.walls[0]?.layers.pop(), "walls-missing one"],
    [({ process }) => Object.assign(process.walls[0] ?? {}, { holds: false }), "walls-missing machine-1"],
  ],
  "mount-missing": [
    [({ diag }) => (diag.mounts = diag.mounts.filter(({ target }) => !target.endsWith("/work"))), "mount-missing one"],
    [
      ({ diag }) => (diag.mounts = diag.mounts.filter(({ target }) => !target.endsWith("workspace"))),
      "mount-missing one",
    ],
  ],
  "export-differs": [
    [({ process }) => process.exports?.pop(), "export-differs machine-1"],
    [({ process }) => process.exports?.push(at("workspace/other", "/workspace/other")), "export-differs machine-1"],
    [
      ({ process }) => Object.assign(process.exports?.[3] ?? {}, { from: "/workspace/renamed" }),
      "export-differs machine-1",
    ],
    [
      ({ waiting }) => waiting.host.processes[0]?.exports?.push(at("tasks/one/guest", "/x")),
      "export-differs machine-2",
    ],
  ],
  "task-without-machine": [
    [
      ({ one }) => {
        one.machine = null;
        one.taskd = { silent: "it is in no machine" };
      },
      "task-without-machine one",
    ],
  ],
  "machine-without-task": [
    [({ waiting }) => Object.assign(waiting.runtime ?? {}, { task: "two" }), "machine-without-task machine-2"],
    [({ waiting }) => Object.assign(waiting.runtime ?? {}, { task: "gone" }), "machine-without-task machine-2"],
  ],
  "qemu-gone": [
    [({ waiting }) => (waiting.host.processes = []), "qemu-gone machine-2"],
    [({ waiting }) => Object.assign(waiting.host.processes[0] ?? {}, { state: "Z" }), "qemu-gone machine-2"],
  ],
  "qemu-frozen": [[({ process }) => (process.state = "T"), "qemu-frozen machine-1"]],
  "qemu-without-machine": [
    [({ waiting, process }) => waiting.host.processes.push({ ...process, pid: 99 }), "qemu-without-machine process 99"],
  ],
  "run-state-differs": [
    [({ machine }) => (machine.qemu = { said: { status: "paused" } }), "run-state-differs machine-1"],
    [({ waiting }) => (waiting.qemu = { said: { status: "running" } }), "run-state-differs machine-2"],
  ],
  "socket-missing": [[({ machine }) => machine.host.sockets?.pop(), "socket-missing machine-1"]],
  "leftover-sockets": [
    [
      ({ snapshot, waiting }) =>
        snapshot.machines.push({ ...waiting, id: "machine-9", runtime: null, host: { processes: [], sockets: [] } }),
      "leftover-sockets machine-9",
    ],
  ],
  "record-differs": [
    [({ one }) => Object.assign(said(one.host.record) ?? {}, { title: "other" }), "record-differs one"],
    [({ one }) => (one.host.record = { silent: "it is no JSON" }), "record-differs one"],
  ],
  "record-missing": [[({ two }) => (two.host.record = { said: null }), "record-missing two"]],
  "leftover-state": [
    [({ snapshot, two }) => snapshot.tasks.push(stranger(two, true)), "leftover-state stranger"],
    [
      ({ snapshot, two }) => {
        snapshot.takenAt = "2026-01-01T00:01:00.000Z";
        snapshot.tasks.push(stranger(two, false));
      },
      "leftover-state stranger",
    ],
  ],
  "session-stale": [
    [({ view }) => (view.turns = 3), "session-stale one"],
    [({ one }) => (one.host.session = { is: "absent" }), "session-stale one"],
  ],
  "session-foreign": [
    [({ two }) => (two.host.session = { is: "unreadable" }), "session-foreign two"],
    [({ one, two }) => (two.host.session = one.host.session), "session-foreign two"],
  ],
  "panel-differs": [
    [({ panel }) => (panel.pid = 2), "panel-differs panel"],
    [({ one }) => (one.panel = { said: null }), "panel-differs one"],
    [({ one }) => Object.assign(said(one.panel) ?? {}, { state: "idle" }), "panel-differs one"],
  ],
};

function at(name: string, from: string) {
  return { at: name, from };
}

function said<T>(answer: { said: T } | { silent: string }): T {
  if ("silent" in answer) throw new Error(answer.silent);
  return answer.said;
}

function stranger(like: Task, hasRecord: boolean): Task {
  const record = hasRecord ? like.host.record : { said: null };
  return { ...like, id: "stranger", runtime: null, panel: { said: null }, host: { ...like.host, record } };
}

const named = (snapshot: StateSnapshot) =>
  findContradictions(snapshot).map(({ kind, subject }) => `${kind} ${subject}`);

test("where all sides agree nothing contradicts, and the snapshot is a document of its schema", () => {
  const snapshot = consistent();
  assert.deepEqual(named(snapshot), []);
  stateDump.parse({ schema: 2, ...snapshot, takes: 1, contradictions: [], unsettled: 0 });
});

for (const kind of Object.keys(CONTRADICTIONS) as ContradictionKind[])
  test(`${kind} is named, with its subject, and nothing else is`, () => {
    for (const [change, ...expected] of WRONG[kind]) {
      const snapshot = consistent();
      change(parts(snapshot));
      assert.deepEqual(named(snapshot), expected, String(change));
      for (const found of findContradictions(snapshot)) contradiction.parse(found);
      assert.equal(
        expected.some((name) => name.startsWith(`${kind} `)),
        true,
        `${expected} has no ${kind}`,
      );
    }
  });

test("what the runtime is at work on is not compared", () => {
  for (const change of [
    ({ view }: Parts) => (view.state = "ready"),
    ({ view }: Parts) => (view.folder = null),
    ({ view }: Parts) => (view.promptId = "theirs"),
    ({ one }: Parts) => (one.taskd = { said: null }),
    ({ one }: Parts) => (one.panel = { said: null }),
    ({ one }: Parts) => (one.host.record = { said: null }),
    ({ view }: Parts) => (view.turns = 3),
    ({ process }: Parts) => process.exports?.pop(),
    ({ diag }: Parts) => (diag.mounts = []),
    ({ snapshot }: Parts) => (snapshot.host.activeTask = { said: "two" }),
  ]) {
    const snapshot = consistent();
    const found = parts(snapshot);
    found.known.underway = true;
    change(found);
    assert.deepEqual(named(snapshot), [], String(change));
  }
});

test("a side that is silent contradicts nobody", () => {
  const silent = { silent: "no answer within 5 s" };
  for (const change of [
    ({ snapshot }: Parts) => (snapshot.runtime = silent),
    ({ snapshot, one, two }: Parts) => (snapshot.panel = one.panel = two.panel = silent),
    ({ machine, one }: Parts) => (machine.qemu = machine.taskd = one.taskd = silent),
    ({ snapshot }: Parts) => (snapshot.host.activeTask = silent),
  ]) {
    const snapshot = consistent();
    change(parts(snapshot));
    assert.deepEqual(named(snapshot), [], String(change));
  }
});

test("with a machine for each task, nobody tells the taskd of an idle task that another one became active", () => {
  const idle = (isolation: "vm" | "shared") => {
    const snapshot = consistent();
    const { known, one, runtime, process, panel } = parts(snapshot);
    known.record.state = "idle";
    one.host.record = one.panel = { said: structuredClone(known.record) };
    runtime.status.isolation = isolation;
    runtime.status.activeTask = panel.activeTask = "two";
    snapshot.host.activeTask = { said: "two" };
    if (isolation === "shared") process.exports = [at("workspace", "/workspace"), at("tasks", "/state/tasks")];
    if (isolation === "shared") snapshot.machines.pop();
    return named(snapshot);
  };
  assert.deepEqual(idle("vm"), []);
  assert.deepEqual(idle("shared"), ["task-state-differs one", "active-task-differs two"]);
});

test("a machine that rehearses for the pool does so on directories of nobody", () => {
  const snapshot = consistent();
  const { waiting } = parts(snapshot);
  Object.assign(waiting.runtime ?? {}, { state: "running" });
  waiting.qemu = { said: { status: "running" } };
  waiting.host.processes[0]?.exports?.push(at("workspace/folder", "/sockets/rehearsal/folder"));
  assert.deepEqual(named(snapshot), []);
});

test("a directory of a task that is being made is no leftover, and what is mounted in a folder is part of it", () => {
  const snapshot = consistent();
  const { process, two } = parts(snapshot);
  process.exports?.push(at("workspace/folder/disk", "/workspace/folder/disk"));
  snapshot.takenAt = "2026-01-01T00:00:10.000Z";
  snapshot.tasks.push(stranger(two, false));
  assert.deepEqual(named(snapshot), []);
});
