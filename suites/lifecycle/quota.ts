import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { beginWith, type CheckPart } from "../../harness/checks/part.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { makeSandbox, piwork, RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { attempt, Talk } from "../../harness/runtimes/talk.ts";
import { saidIn } from "../../runtime/api/answer.ts";
import { stateDump } from "../../runtime/api/dump.ts";
import { isOpen } from "../../runtime/protocol/states.ts";

const MEGABYTES = 40;
const FILES = 400;
/** Time in which a task that writes without end is stopped, in milliseconds; beside a busy host it takes half of it. */
const WRITE_MS = 150_000;

/** What a task leaves in its folder: how much, and what of it is dangerous. */
export function quota(logs: string): CheckPart {
  let sandbox: Sandbox;
  let runtime: RunningRuntime;
  const client = () => runtime.client;
  const talk = new Talk(client);

  async function makeTask(name: string): Promise<{ id: string; folder: string }> {
    const folder = join(sandbox.workspace, name);
    mkdirSync(folder);
    return { id: (await client().call("task_create", { title: name, folder: name })).id, folder };
  }
  /** Lets a task write until somebody stops it, and gives what that command was told. */
  async function writeWithoutEnd(id: string, loop: string): Promise<string> {
    const outcome = await attempt(() =>
      talk.exec(["sh", "-c", `i=0; while :; do i=$((i + 1)); ${loop}; done`], { task: id, timeoutMs: WRITE_MS }),
    );
    await waitFor("the end of the task", 20_000, async () => (await stateOf(id)) === "stopped" || undefined);
    return outcome;
  }
  const stateOf = async (id: string) => (await client().call("task_show", { task: id })).state;

  const begin = async () => {
    sandbox = makeSandbox(join(logs, "quota"));
    const words = ["--task-bytes", `${MEGABYTES}M`, "--task-files", `${FILES}`];
    runtime = await RunningRuntime.start(sandbox, { words });
  };

  const checks: Check[] = [
    {
      id: "quota.bytes",
      claim:
        "a task that adds more bytes than it may is stopped with LIMIT_EXCEEDED, in the middle of a command; another one goes on",
      async run() {
        const other = await makeTask("other");
        const { id, folder } = await makeTask("bytes");
        assert.equal(await writeWithoutEnd(id, "head -c 4000000 /dev/zero >f$i; sleep 0.1"), "LIMIT_EXCEEDED");
        const { growth } = await client().call("task_show", { task: id });
        assert.match(growth?.exceeded ?? "", /40\.0 MiB/);
        assert.equal(readdirSync(folder).length > 0, true, "something was removed");
        assert.equal((await talk.exec(["true"], { task: other.id })).code, 0);
      },
    },
    {
      id: "quota.again",
      standsOn: ["quota.bytes"],
      claim: "such a task is not opened before there is room again; stopping it gave it none",
      async run() {
        const { id } = (await client().call("task_list", {})).find(({ title }) => title === "bytes") ?? assert.fail();
        assert.equal(await attempt(() => client().call("task_switch", { task: id })), "LIMIT_EXCEEDED");
        const folder = join(sandbox.workspace, "bytes");
        for (const name of readdirSync(folder)) rmSync(join(folder, name));
        assert.equal(await attempt(() => client().call("task_switch", { task: id })), "accepted");
      },
    },
    {
      id: "quota.files",
      claim: "a task that makes more files than it may is stopped, wherever it makes them",
      async run() {
        const { id } = await makeTask("files");
        assert.equal(await writeWithoutEnd(id, ": >/outputs/f$i"), "LIMIT_EXCEEDED");
      },
    },
    {
      id: "quota.home",
      claim: "a task that makes more files than it may in its home is stopped as well",
      async run() {
        const { id, folder } = await makeTask("home");
        assert.equal(await writeWithoutEnd(id, ": >~/f$i"), "LIMIT_EXCEEDED");
        assert.deepEqual(readdirSync(folder), [], "it wrote elsewhere");
        assert.notDeepEqual(readdirSync(join(sandbox.state, "tasks", id, "guest/home")), []);
      },
    },
    {
      id: "quota.ordinary",
      claim:
        "a task that stays below its limits is left alone, also when it writes and removes much more than that in all",
      async run() {
        const { id } = await makeTask("ordinary");
        const script = "for i in 1 2 3 4; do head -c 30000000 /dev/zero >f; rm f; sleep 0.6; done";
        assert.equal((await talk.exec(["sh", "-c", script], { task: id })).code, 0);
        assert.notEqual(await stateOf(id), "stopped");
      },
    },
    {
      id: "planted.listed",
      claim:
        "'piwork task show' lists links that leave the folder and files that tools of the host would run, as the task made them",
      async run() {
        const { id, folder } = await makeTask("planted");
        assert.doesNotMatch((await piwork([...sandbox.words, "task", "show", id])).stdout, /post-checkout|tasks.json/);
        const script = `mkdir -p .git/hooks .vscode sub; ln -s ../../etc out; ln -s sub in; echo x >.vscode/tasks.json
          printf '#!/bin/sh\\n' >.git/hooks/post-checkout; chmod +x .git/hooks/post-checkout`;
        assert.equal((await talk.exec(["sh", "-c", script], { task: id })).code, 0);
        const { planted } = await client().call("task_inspect", { task: id });
        const paths = planted.findings.map(({ path, kind, changedSinceTask }) => `${kind} ${path} ${changedSinceTask}`);
        assert.deepEqual(paths, [
          "runs .git/hooks/post-checkout true",
          "runs .vscode/tasks.json true",
          "leaves out true",
        ]);
        const { stdout } = await piwork([...sandbox.words, "task", "show", id]);
        for (const word of ["post-checkout", "tasks.json", "etc"]) assert.match(stdout, new RegExp(word));
        assert.equal(existsSync(join(folder, "out")), false, "the planted link leads somewhere");
      },
    },
    {
      id: "dump-state.whole",
      standsOn: ["planted.listed"],
      claim:
        "'piwork dump-state --json' has the status, each machine's own facts with the layers of every task, and what was planted",
      async run() {
        const { stdout, code } = await piwork([...sandbox.words, "dump-state", "--json"]);
        const dump = stateDump.parse(JSON.parse(stdout));
        assert.equal(code, 0);
        const status = saidIn(dump.runtime)?.status;
        assert.equal(dump.tasks.length, status?.tasks.length);
        const walls = dump.machines.flatMap(({ taskd }) => saidIn(taskd)?.diag.walls ?? []);
        const open = (status?.tasks ?? []).filter(({ state }) => isOpen(state)).map(({ id }) => id);
        assert.deepEqual(walls.map(({ taskId }) => taskId).sort(), open.sort());
        assert.equal(walls.length > 0, true, "no task is open");
        for (const { taskId, layers } of walls)
          assert.equal(layers.length > 0 && layers.every(({ holds }) => holds), true, taskId);
        const planted = dump.tasks.map((task) => saidIn(task.planted)?.findings.length);
        assert.equal(planted.includes(3), true, `findings: ${planted}`);
      },
    },
  ];
  return {
    checks: beginWith(begin, checks),
    async close() {
      await runtime?.[Symbol.asyncDispose]();
      sandbox?.[Symbol.dispose]();
    },
  };
}
