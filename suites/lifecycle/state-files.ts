import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { $ } from "zx";
import { type Check, canRun } from "../../harness/checks/checks.ts";
import { beginWith, type CheckPart } from "../../harness/checks/part.ts";
import { SMALL_DISK, SmallDisk } from "../../harness/host/small-disk.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { makeSandbox, piwork, RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { attempt, Talk, toolOutput } from "../../harness/runtimes/talk.ts";
import { controlSocket, findPlaces } from "../../runtime/state/places.ts";

const DISK_MB = 8;

/** The state directory with a full disk, broken files, and files that others removed. */
export function stateFiles(logs: string): CheckPart {
  let sandbox: Sandbox;
  let disk: SmallDisk | undefined;
  let runtime: RunningRuntime;
  let task = "";
  const client = () => runtime.client;
  const talk = new Talk(client);
  const own = (path: string) => join(sandbox.state, "tasks", task, "guest", path);
  const list = async () => (await client().call("task_list", {})).map(({ id }) => id);
  /** What ends writes its records; what is done to them in between is what the next one finds. */
  const restart = async (between: () => void) => {
    await runtime[Symbol.asyncDispose]();
    between();
    runtime = await RunningRuntime.start(sandbox);
  };

  const begin = async () => {
    sandbox = makeSandbox(logs);
    if (canRun({ needsRoot: SMALL_DISK })) disk = new SmallDisk(sandbox.state, DISK_MB);
    runtime = await RunningRuntime.start(sandbox);
    task = (await client().call("task_create", { title: "Disk", folder: null })).id;
    await talk.prompt("before the disk was full", task);
  };

  const checks: Check[] = [
    {
      id: "disk.full-create",
      needsRoot: SMALL_DISK,
      claim: "with the disk of the state full, a task is refused with what to do, and nothing of it is left",
      async run() {
        disk?.fill();
        const { code, stderr } = await piwork([...sandbox.words, "task", "create", "One more"]);
        assert.deepEqual(
          [code, /disk of the state directory is full.*Free some space.*LIMIT_EXCEEDED/.test(stderr)],
          [1, true],
          stderr,
        );
        assert.deepEqual(await list(), [task]);
        assert.deepEqual(
          readdirSync(join(sandbox.state, "records")).filter((file) => file.endsWith(".json")),
          [`${task}.json`],
        );
      },
    },
    {
      id: "disk.full-prompt",
      standsOn: ["disk.full-create"],
      needsRoot: SMALL_DISK,
      claim: "with the disk full, a prompt whose loss could not be reported is refused, and commands still run",
      async run() {
        assert.equal(await attempt(() => talk.prompt("lost?", task)), "LIMIT_EXCEEDED");
        assert.equal((await talk.exec(["sh", "-c", "echo alive"], { task })).stdout.toString(), "alive\n");
        disk?.empty();
        assert.equal(await talk.ask("again", task), "again");
      },
    },
    {
      id: "disk.full-save",
      standsOn: ["disk.full-prompt"],
      needsRoot: SMALL_DISK,
      claim: "a turn that cannot be saved says so, the last session stays whole, and the next turn saves both",
      async run() {
        let started = () => {};
        const running = new Promise<void>((resolve) => {
          started = resolve;
        });
        const turn = talk.prompt("run: sleep 2; echo unsaved", task, started);
        await running;
        disk?.fill();
        const events = await turn;
        const end = events.at(-1);
        assert.equal(end?.event === "agent_end" && !end.payload.saved, true, JSON.stringify(end));
        const session = readFileSync(own("session/session.jsonl"), "utf8");
        assert.deepEqual([session.includes('"again"'), session.includes("unsaved")], [true, false]);
        assert.deepEqual(readdirSync(own("session")), ["session.jsonl"]);
        const { warnings } = await client().call("status", {});
        assert.equal(
          warnings.some((words) => /could not be written down/.test(words)),
          true,
          warnings.join("\n"),
        );
        disk?.empty();
        await talk.prompt("saved with it", task);
        assert.match(readFileSync(own("session/session.jsonl"), "utf8"), /unsaved/);
      },
    },
    {
      id: "disk.full-switch",
      needsRoot: SMALL_DISK,
      claim: "with the disk full, switching, stopping and deleting still work",
      async run() {
        const other = (await client().call("task_create", { title: "Other", folder: null })).id;
        disk?.fill();
        assert.equal((await client().call("task_switch", { task })).state, "active");
        assert.equal((await client().call("task_stop", { task: other })).state, "stopped");
        await client().call("task_delete", { task: other });
        assert.deepEqual(await list(), [task]);
        disk?.empty();
      },
    },
    {
      id: "disk.full-import",
      needsRoot: SMALL_DISK,
      claim: "an import that does not fit is refused and leaves nothing",
      async run() {
        const content = Readable.from([Buffer.alloc((DISK_MB + 2) * 1024 * 1024)]);
        assert.equal(await attempt(() => client().upload(task, "big", content)), "LIMIT_EXCEEDED");
        assert.deepEqual(readdirSync(own("uploads")), []);
        assert.equal(
          await attempt(() => client().upload(task, "small", Readable.from([Buffer.from("x")]))),
          "accepted",
        );
      },
    },
    {
      id: "socket.removed",
      claim: "a control socket that somebody removed is there again, and the runtime can be reached",
      async run() {
        const path = controlSocket(findPlaces({ state: sandbox.state }));
        rmSync(path);
        await waitFor("the socket", 10_000, () => existsSync(path) || undefined);
        assert.equal((await piwork([...sandbox.words, "status"])).code, 0);
      },
    },
    {
      id: "logs.one-runtime",
      claim: "a second runtime that would write to the same logs refuses and says what to choose",
      async run() {
        const other = join(sandbox.directory, "other-state");
        const words = ["--state", other, "--logs", sandbox.logs, "up", "--workspace", sandbox.workspace];
        const { code, stderr } = await piwork(words);
        assert.deepEqual([code, /process \d+.*--logs/.test(stderr)], [1, true], stderr);
      },
    },
    {
      id: "session.broken",
      claim:
        "a session file that is broken, or another task's, is never replaced: the task is refused, naming the file, until it is mended or moved away",
      async run() {
        await client().call("task_stop", { task });
        const path = own("session/session.jsonl");
        const whole = readFileSync(path);
        for (const broken of [
          whole.subarray(0, 40),
          Buffer.alloc(0),
          Buffer.from("not a session\n"),
          whole.subarray(0, whole.length - 5),
          Buffer.from(whole.toString().replace(`"taskId":"${task}"`, '"taskId":"another-task"')),
        ]) {
          writeFileSync(path, broken);
          const { code, stderr } = await piwork([...sandbox.words, "task", "switch", task]);
          assert.deepEqual([code, /session.*TASK_BOOTSTRAP_FAILED/.test(stderr)], [1, true], stderr);
          assert.equal(readFileSync(path).equals(broken), true, "the broken file was changed");
        }
        writeFileSync(path, whole);
        assert.match(await talk.ask("recall", task), /before the disk was full/);
        await client().call("task_stop", { task });
        renameSync(path, join(sandbox.state, "moved-away"));
        assert.equal(await talk.ask("recall", task), "");
      },
    },
    {
      id: "session.special",
      claim: "a session file that is a pipe, a directory or a link opens nothing and hangs nobody",
      async run() {
        await client().call("task_stop", { task });
        const path = own("session/session.jsonl");
        const others: (() => void)[] = [
          () => mkdirSync(path),
          () => symlinkSync("/etc/passwd", path),
          () => $.sync`mkfifo ${path}`,
        ];
        for (const make of others) {
          rmSync(path, { recursive: true, force: true });
          make();
          assert.equal(await attempt(() => client().call("task_switch", { task })), "TASK_BOOTSTRAP_FAILED");
        }
        rmSync(path, { recursive: true });
        assert.equal(await attempt(() => client().call("task_switch", { task })), "accepted");
      },
    },
    {
      id: "record.broken",
      claim:
        "a record that is broken is left as it is and named by status; the other tasks are there, and it is back once mended",
      async run() {
        const other = (await client().call("task_create", { title: "Whole", folder: null })).id;
        const path = join(sandbox.state, "records", `${task}.json`);
        const whole = readFileSync(path);
        for (const broken of ["{", `{"version": 2, "id": "${other}"}`]) {
          await restart(() => writeFileSync(path, broken));
          assert.deepEqual(await list(), [other]);
          const { warnings } = await client().call("status", {});
          assert.equal(
            warnings.some((words) => words.includes(path)),
            true,
            warnings.join("\n"),
          );
          assert.equal(readFileSync(path, "utf8"), broken);
        }
        await restart(() => writeFileSync(path, whole));
        assert.deepEqual((await list()).sort(), [task, other].sort());
      },
    },
    {
      id: "record.older-version",
      claim: "a record of the version before is read as what it said",
      async run() {
        const path = join(sandbox.state, "records", `${task}.json`);
        await restart(() => {
          const {
            sharedFolder: _a,
            model: _b,
            turn: _c,
            lostTurn: _d,
            growth: _e,
            thinking: _f,
            memoryBytes: _g,
            ...old
          } = JSON.parse(readFileSync(path, "utf8"));
          writeFileSync(path, JSON.stringify({ ...old, version: 1 }));
        });
        const { title, sharedFolder, lostTurn } = await client().call("task_show", { task });
        assert.deepEqual([title, sharedFolder, lostTurn], ["Disk", false, null]);
      },
    },
    {
      id: "trash.finished",
      standsOn: ["record.broken"],
      claim: "a deletion that a crash interrupted is finished by the next start, and nothing else is taken",
      async run() {
        const [other = ""] = (await list()).filter((id) => id !== task);
        await runtime[Symbol.asyncDispose]();
        mkdirSync(join(sandbox.state, "trash", other), { recursive: true });
        renameSync(join(sandbox.state, "records", `${other}.json`), join(sandbox.state, "trash", other, "record.json"));
        mkdirSync(join(sandbox.state, "trash", task), { recursive: true });
        runtime = await RunningRuntime.start(sandbox);
        assert.deepEqual(await list(), [task]);
        await waitFor("an empty trash", 10_000, () => readdirSync(join(sandbox.state, "trash")).length === 0);
        assert.equal(existsSync(join(sandbox.state, "tasks", other)), false);
        assert.equal(toolOutput(await talk.prompt("run: echo there", task)), "there\n");
      },
    },
  ];
  return {
    checks: beginWith(begin, checks),
    async close() {
      await runtime?.[Symbol.asyncDispose]();
      disk?.[Symbol.dispose]();
      sandbox?.[Symbol.dispose]();
    },
  };
}
