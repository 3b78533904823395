import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { aTask } from "../api/record.fixture.ts";
import type { Bridge } from "../bridge/bridge.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { Machine } from "../machine/machine.ts";
import { PiworkError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { hostDirectories } from "../workspace/host-directories.ts";
import { filesPath } from "../workspace/paths.ts";
import { TaskBook } from "./book.ts";
import { EventStream } from "./event-stream.ts";
import { FolderBaselines } from "./folder-baselines.ts";
import { TaskPermissions } from "./permissions.ts";
import type { Quota } from "./quota.ts";
import { Records } from "./records.ts";
import { Tasks } from "./tasks.ts";
import type { Trash } from "./trash.ts";

/** Tasks whose machines were taken over: each answers and says what the test wants. */
function setUp(answer: (command: string) => unknown) {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "piwork-tasks-")));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const name of ["records", "tasks", "workspace"]) mkdirSync(join(directory, name));
  const records = new Records(join(directory, "records"));
  for (const id of ["good", "evil"]) records.write(aTask(id));
  const events = new EventStream();
  const sayReady = (taskId: string, requestId: string) =>
    events.publish({ event: "task_ready", taskId, payload: { requestId, state: "active" } });
  const left: string[] = [];
  const machines = new Map<string, { machine: Machine; task: string }>();
  const enter = async (task: string): Promise<Machine> => {
    const bridge = {
      closedFor: undefined as PiworkError | undefined,
      closed: new Promise(() => {}),
      async request(command: string, payload: { taskId: string }, { id = "" } = {}) {
        const given = answer(command);
        if (given instanceof Error) throw given;
        if (command === "switch_task") setImmediate(sayReady, payload.taskId, id);
        return given;
      },
    };
    const files = filesPath.forAllTasks({ workspace: directory, tasks: directory });
    const machine = { bridge: bridge as unknown as Bridge, state: "running", files } as Machine;
    machines.set(task, { machine, task });
    return machine;
  };
  const fleet = {
    enter: async (task: string) => machines.get(task)?.machine ?? enter(task),
    machineOf: (task: string) => machines.get(task)?.machine,
    opened: () => {},
    async leave(task: string) {
      left.push(task);
      const { bridge } = machines.get(task)?.machine ?? {};
      if (bridge !== undefined)
        (bridge as { closedFor?: PiworkError }).closedFor = new PiworkError("PI_PROCESS_DEAD", "ended");
      machines.delete(task);
    },
  } as unknown as Fleet;
  const book = new TaskBook({ records, lastSavedTurn: () => undefined, changed: () => {}, warn: () => {} });
  const tasks = new Tasks({
    book,
    records,
    fleet,
    agent: "probe",
    trash: {} as Trash,
    permissions: new TaskPermissions({ decisions: join(directory, "decisions"), policy: join(directory, "policy") }),
    providers: () => [],
    model: null,
    memoryBytes: LIMITS.taskMemoryBytes,
    assertMemory: () => {},
    baselines: new FolderBaselines(join(directory, "beginnings"), join(directory, "workspace"), () => {}),
    quota: { admit: async () => {}, settle: async () => {} } as unknown as Quota,
    files: hostDirectories({ workspace: directory, tasks: join(directory, "tasks"), drafts: directory }),
    workspace: join(directory, "workspace"),
    events,
  });
  return { tasks, book, sayReady, left, machines };
}

test("a machine that does not let go of its task is ended all the same", async () => {
  const { tasks, book, left } = setUp((command) =>
    command === "stop_task" ? new PiworkError("SWITCH_TIMEOUT", "no answer") : {},
  );
  await tasks.switchTo("evil");
  assert.equal((await tasks.stop("evil")).state, "stopped");
  assert.deepEqual([left, book.find("evil").state], [["evil"], "stopped"]);
});

test("a machine that says unasked that its task is ready does not make it the active one", async () => {
  const { tasks, book, sayReady } = setUp(() => ({}));
  await tasks.switchTo("evil");
  await tasks.switchTo("good");
  sayReady("evil", "x");
  assert.equal(book.activeId, "good");
});

test("only a task whose machine is paused makes room, the one that was used first", async () => {
  const { tasks, machines, left } = setUp(() => ({}));
  await tasks.switchTo("good");
  await tasks.switchTo("evil");
  assert.equal(await tasks.park(), false);
  const pause = (task: string) => ((machines.get(task)?.machine as { state: string }).state = "paused");
  pause("good");
  assert.equal(await tasks.park(), true);
  assert.deepEqual(left, ["good"]);
});

test("a task that is not opened again after its machine died leaves no machine behind", async () => {
  const { tasks, book, machines, left } = setUp(() => ({}));
  await tasks.switchTo("good");
  const { machine } = machines.get("good") as { machine: Machine };
  (machine.bridge as { closedFor?: PiworkError }).closedFor = new PiworkError("PI_PROCESS_DEAD", "it died");
  machines.delete("good");
  tasks.noteLost("good");
  book.note("good", { folder: "gone" });
  await assert.rejects(tasks.reach("good"), { code: "WORKSPACE_POLICY_VIOLATION" });
  assert.deepEqual([left, [...machines.keys()]], [["good"], []]);
});
