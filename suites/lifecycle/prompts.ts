import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Check } from "../../harness/checks/checks.ts";
import { heartbeat, heartbeatCommand } from "../../harness/host/processes.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { ISOLATION, piwork, type RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { attempt, Talk, toolOutput } from "../../harness/runtimes/talk.ts";

/** From a running machine to an answer: tasks and prompts, seen from both sides. */
export function prompts(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  const folder = join(sandbox.workspace, "demo");
  const client = () => runtime().client;
  const talk = new Talk(client);
  const cli = (...words: string[]) => piwork([...sandbox.words, ...words]);
  let first = "";

  return [
    {
      id: "task.create",
      claim: "a task with a folder is created, ready, and active",
      async run() {
        mkdirSync(folder);
        const { code, stdout, stderr } = await cli("task", "create", "Demo", "--folder", "demo", "--json");
        assert.equal(code, 0, stderr);
        const task = JSON.parse(stdout);
        assert.deepEqual([task.title, task.folder, task.state], ["Demo", "demo", "active"]);
        assert.equal((await client().call("status", {})).activeTask, task.id);
        first = task.id;
      },
    },
    {
      id: "prompt.runs-as-task",
      standsOn: ["task.create"],
      claim: "'run:' runs in the task's folder, as the task's user, and the answer is streamed",
      async run() {
        const canary = randomBytes(8).toString("hex");
        writeFileSync(join(folder, canary), "");
        const { code, stdout, stderr } = await cli("prompt", "run: ls -la; id; pwd");
        assert.equal(code, 0, stderr);
        assert.match(stdout, new RegExp(canary));
        assert.match(stdout, /uid=(300\d\d)\(task\) gid=\1\(task\) groups=\1\(task\)\n\/work\n/);
      },
    },
    {
      id: "prompt.echo",
      standsOn: ["task.create"],
      claim: "other text is echoed",
      async run() {
        const text = "grüße, 世界\u2028 and more";
        const { stdout } = await cli("prompt", text);
        assert.equal(stdout, `${text}\n`);
      },
    },
    {
      id: "prompt.order",
      standsOn: ["task.create"],
      claim: "a prompt gives outputs and exactly one end, numbered upwards",
      async run() {
        const events = await talk.prompt("run: for i in 1 2 3; do echo $i; sleep 0.2; done");
        assert.deepEqual(
          events.slice(0, -1).filter(({ event }) => event !== "agent_output"),
          [],
        );
        assert.equal(events.at(-1)?.event, "agent_end");
        const numbers = events.map(({ seq }) => seq);
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => a - b),
        );
        assert.equal(toolOutput(events), "1\n2\n3\n");
      },
    },
    {
      id: "prompt.busy",
      standsOn: ["task.create"],
      claim: "a second prompt to a busy task is refused with TASK_BUSY, and the first goes on",
      async run() {
        const running = talk.prompt("run: sleep 1; echo done");
        await waitFor(
          "the first prompt in flight",
          10_000,
          async () => (await attempt(() => talk.prompt("x"))) === "TASK_BUSY" || undefined,
        );
        assert.equal(toolOutput(await running), "done\n");
      },
    },
    {
      id: "prompt.abort",
      standsOn: ["task.create"],
      claim: "abort ends the turn and what it runs",
      async run() {
        const beat = heartbeat(join(folder, "abort-beat"));
        const running = talk.prompt("run: while :; do printf x >> abort-beat; sleep 0.1; done");
        await beat.beats();
        assert.deepEqual(await client().call("abort", {}), { aborted: true });
        assert.equal((await running).at(-1)?.event, "agent_end");
        await beat.hasStopped();
        assert.deepEqual(await client().call("abort", {}), { aborted: false });
      },
    },
    {
      id: "folder.both-ways",
      standsOn: ["task.create"],
      claim: "host and task see each other's files with the same bytes, owner and modes",
      async run() {
        const bytes = randomBytes(300_000);
        writeFileSync(join(folder, "from-host"), bytes, { mode: 0o640 });
        const { stdout } = await talk.exec([
          "sh",
          "-c",
          "sha256sum from-host; stat -c '%U:%G %a' from-host; cp from-host from-task; chmod 755 from-task",
        ]);
        const hash = createHash("sha256").update(bytes).digest("hex");
        assert.equal(stdout.toString(), `${hash}  from-host\ntask:task 640\n`);
        const made = statSync(join(folder, "from-task"));
        assert.equal(
          createHash("sha256")
            .update(readFileSync(join(folder, "from-task")))
            .digest("hex"),
          hash,
        );
        assert.deepEqual([made.uid, made.mode & 0o7777], [process.getuid?.(), 0o755]);
      },
    },
    {
      id: "task.switch",
      standsOn: ["task.create"],
      claim: "switching goes to another task and back and leaves the machine of each; the first one's work goes on",
      async run() {
        const qemu = await runtime().qemuPid(first);
        const beat = heartbeat(join(folder, "background-beat"));
        const running = talk.prompt(
          "run: for i in $(seq 60); do printf x >> background-beat; sleep 0.1; done; echo all",
          first,
        );
        await beat.beats();
        const second = await client().call("task_create", { title: "Second", folder: null });
        assert.deepEqual(await states(), { [first]: "idle", [second.id]: "active" });
        await beat.beats();
        assert.equal((await client().call("task_switch", { task: first })).state, "active");
        assert.deepEqual(await states(), { [first]: "active", [second.id]: "idle" });
        assert.equal(toolOutput(await running), "all\n");
        assert.equal(await runtime().qemuPid(first), qemu);
        assert.equal((await runtime().qemuPid(second.id)) === qemu, ISOLATION === "shared");
      },
    },
    {
      id: "task.without-folder",
      standsOn: ["task.switch"],
      claim: "a task without a folder works in its outputs, and sees no folder of another",
      async run() {
        const second = (await client().call("task_list", {})).find(({ title }) => title === "Second");
        const { stdout } = await talk.exec(["sh", "-c", "echo hi > made; ls /work /outputs"], {
          task: second?.id ?? "",
        });
        assert.equal(stdout.toString(), "/outputs:\nmade\n\n/work:\nmade\n");
        assert.equal(
          readFileSync(join(sandbox.state, "tasks", second?.id ?? "", "guest/outputs/made"), "utf8"),
          "hi\n",
        );
      },
    },
    {
      id: "task.stop",
      standsOn: ["folder.both-ways"],
      claim: "stop ends the agent and all it started, even what ignores TERM; the next prompt opens the task again",
      async run() {
        const beat = heartbeat(join(folder, "stop-beat"));
        await talk.prompt(`run: ${heartbeatCommand("stop-beat")}`);
        await beat.beats();
        assert.equal((await client().call("task_stop", {})).state, "stopped");
        await beat.hasStopped();
        assert.equal(toolOutput(await talk.prompt("run: cat from-host | wc -c")).trim(), "300000");
      },
    },
    {
      id: "task.stop-errored",
      standsOn: ["task.create"],
      claim: "a stop also ends what outlived a task's agent, and until then nobody else gets its folder",
      async run() {
        mkdirSync(join(sandbox.workspace, "outlived"));
        const { id } = await client().call("task_create", { title: "Outlived", folder: "outlived" });
        const beat = heartbeat(join(sandbox.workspace, "outlived/beat"));
        const running = attempt(() => talk.exec(["sh", "-c", `${heartbeatCommand("beat")} sleep 600`], { task: id }));
        await beat.beats();
        await talk.prompt("die: during", id);
        assert.equal((await client().call("task_show", { task: id })).state, "errored");
        const taken = () => attempt(() => client().call("task_create", { title: "x", folder: "outlived" }));
        assert.equal(await taken(), "WORKSPACE_POLICY_VIOLATION");
        await beat.beats();
        assert.equal((await client().call("task_stop", { task: id })).state, "stopped");
        await running;
        await beat.hasStopped();
        await client().call("task_delete", { task: id });
        await client().call("task_switch", { task: first });
      },
    },
    {
      id: "task.stop-and-go",
      standsOn: ["task.create"],
      claim: "a stop in the middle of an opening, and a switch right after it: the task is stopped, then open",
      async run() {
        const { id } = await client().call("task_create", { title: "Stop and go", folder: null });
        for (const pause of [50, 300, 700]) {
          await client().call("task_stop", { task: id });
          const opening = attempt(() => client().call("task_switch", { task: id }));
          await delay(pause);
          const stopping = client().call("task_stop", { task: id });
          const again = attempt(() => client().call("task_switch", { task: id }));
          await opening;
          assert.equal((await stopping).state, "stopped");
          assert.equal(await again, "accepted", `after ${pause} ms`);
          assert.equal(await talk.ask("there", id), "there");
        }
        await client().call("task_delete", { task: id });
        await client().call("task_switch", { task: first });
      },
    },
    {
      id: "folder.refusals",
      claim: "a folder outside the workspace, behind a link, absent or a file is refused, and no task is left",
      async run() {
        symlinkSync("/etc", join(sandbox.workspace, "link"));
        writeFileSync(join(sandbox.workspace, "file"), "");
        const before = (await client().call("task_list", {})).length;
        for (const named of [
          "..",
          "../..",
          "/etc",
          "link",
          "demo/../../x",
          "file",
          "missing",
          "",
          `${sandbox.workspace}2`,
          sandbox.workspace,
        ]) {
          const code = await attempt(() => client().call("task_create", { title: "x", folder: named }));
          assert.equal(
            code === "WORKSPACE_POLICY_VIOLATION" || code === "INVALID_REQUEST",
            true,
            `'${named}' gave ${code}`,
          );
        }
        assert.equal((await client().call("task_list", {})).length, before);
      },
    },
    {
      id: "task.unknown",
      claim: "an unknown task is TASK_NOT_FOUND, an id that is a path INVALID_REQUEST",
      async run() {
        assert.equal(await attempt(() => client().call("task_show", { task: "no-such-task" })), "TASK_NOT_FOUND");
        assert.equal(await attempt(() => client().call("task_show", { task: "../../etc" })), "INVALID_REQUEST");
      },
    },
  ];

  async function states(): Promise<Record<string, string>> {
    return Object.fromEntries((await client().call("task_list", {})).map(({ id, state }) => [id, state]));
  }
}
