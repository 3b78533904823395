import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import type { Check } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { piwork, type RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { attempt, Talk } from "../../harness/runtimes/talk.ts";

/** Which folder a task gets, when, and with whom it may share it. */
export function binding(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  const client = () => runtime().client;
  const talk = new Talk(client);
  const folder = (name: string) => {
    mkdirSync(join(sandbox.workspace, name), { recursive: true });
    return name;
  };
  const create = async (named: string | null, sharedFolder = false) =>
    (await client().call("task_create", { title: "Bound", folder: named, sharedFolder })).id;
  const refusal = (named: string, sharedFolder = false) => attempt(() => create(named, sharedFolder));
  const forget = async (...ids: string[]) => {
    for (const task of ids) await client().call("task_delete", { task });
  };

  return [
    {
      id: "bind.late",
      claim: "a folder bound late is at /work for the agent, by relative and by absolute path, and for a new shell",
      async run() {
        const task = await create(null);
        await talk.prompt("remember this", task);
        await talk.exec(["sh", "-c", "echo kept > from-before"], { task });
        writeFileSync(join(sandbox.workspace, folder("late"), "inside"), "of the folder");
        assert.equal(await talk.ask("read: inside", task), "ENOENT");
        assert.equal((await client().call("task_bind", { task, folder: "late" })).folder, "late");
        assert.equal(await talk.ask("read: inside", task), "of the folder");
        assert.equal(await talk.ask("read: /work/inside", task), "of the folder");
        const { stdout } = await talk.exec(["sh", "-c", "cat inside /work/inside; echo made > made; ls /outputs"], {
          task,
        });
        assert.equal(stdout.toString(), "of the folderof the folderfrom-before\n");
        assert.equal(readFileSync(join(sandbox.workspace, "late/made"), "utf8"), "made\n");
        assert.match(await talk.ask("recall", task), /"remember this"/);
        await forget(task);
      },
    },
    {
      id: "bind.late-is-not-in-outputs",
      claim: "a folder bound late is not seen in the outputs, neither from inside nor on the host",
      async run() {
        const task = await create(null);
        writeFileSync(join(sandbox.workspace, folder("late-outputs"), "inside"), "");
        await client().call("task_bind", { task, folder: "late-outputs" });
        const { stdout } = await talk.exec(["ls", "-A", "/outputs"], { task });
        assert.equal(stdout.toString(), "");
        assert.deepEqual(readdirSync(join(sandbox.state, "tasks", task, "guest/outputs")), []);
        await forget(task);
      },
    },
    {
      id: "bind.final",
      claim: "a bound folder stays: another one, none, or the same after a stop change nothing",
      async run() {
        const task = await create(folder("final"));
        assert.equal(
          await attempt(() => client().call("task_bind", { task, folder: folder("other") })),
          "WORKSPACE_POLICY_VIOLATION",
        );
        const unbind = { task, folder: null } as unknown as { task: string; folder: string };
        assert.equal(await attempt(() => client().call("task_bind", unbind)), "INVALID_REQUEST");
        await client().call("task_stop", { task });
        assert.equal(
          await attempt(() => client().call("task_bind", { task, folder: "other" })),
          "WORKSPACE_POLICY_VIOLATION",
        );
        assert.equal((await client().call("task_bind", { task, folder: "final" })).folder, "final");
        const record = JSON.parse(readFileSync(join(sandbox.state, "records", `${task}.json`), "utf8"));
        assert.equal(record.folder, "final");
        await forget(task);
      },
    },
    {
      id: "bind.busy",
      claim:
        "a folder is not bound while a prompt or a command runs in the task; another one is afterwards, and the machine has nothing of the first",
      async run() {
        const task = await create(null);
        folder("busy");
        const bind = () => attempt(() => client().call("task_bind", { task, folder: "busy" }));
        const prompt = talk.prompt("wait", task);
        await waitFor(
          "the prompt in flight",
          10_000,
          async () => (await client().call("task_show", { task })).turn !== null || undefined,
        );
        assert.equal(await bind(), "TASK_BUSY");
        await client().call("abort", { task });
        await prompt;
        let started = () => {};
        const running = new Promise<void>((resolve) => {
          started = resolve;
        });
        const command = talk.exec(["sh", "-c", "echo started; sleep 1"], { task }, started);
        await running;
        assert.equal(await bind(), "TASK_BUSY");
        await command;
        assert.equal((await client().call("task_show", { task })).folder, null);
        const mounts = readFileSync(`/proc/${await runtime().qemuPid(task)}/mountinfo`, "utf8");
        assert.equal(mounts.includes("/busy "), false, mounts);
        await client().call("task_bind", { task, folder: folder("free") });
        await talk.exec(["sh", "-c", "echo made > made"], { task });
        assert.equal(readFileSync(join(sandbox.workspace, "free/made"), "utf8"), "made\n");
        const next = await create("busy");
        await forget(task, next);
      },
    },
    {
      id: "folder.apart",
      claim: "two open tasks have neither equal nor nested folders, however they are named, unless it is allowed",
      async run() {
        folder("apart/inner");
        const task = await create("apart");
        for (const named of ["apart", "apart/inner", "apart/", join(sandbox.workspace, "apart/inner")])
          assert.equal(await refusal(named), "WORKSPACE_POLICY_VIOLATION", named);
        const unbound = await create(null);
        assert.equal(
          await attempt(() => client().call("task_bind", { task: unbound, folder: "apart" })),
          "WORKSPACE_POLICY_VIOLATION",
        );
        const shared = await create("apart/inner", true);
        assert.equal(
          await attempt(() => client().call("task_bind", { task: unbound, folder: "apart/inner", sharedFolder: true })),
          "accepted",
        );
        await client().call("task_stop", { task });
        const next = await create("apart");
        assert.equal(await attempt(() => client().call("task_switch", { task })), "WORKSPACE_POLICY_VIOLATION");
        await forget(next, shared, unbound);
        assert.equal(await attempt(() => client().call("task_switch", { task })), "accepted");
        await forget(task);
      },
    },
    {
      id: "folder.apart-by-identity",
      needsRoot: "only root mounts a folder at a second place of the host",
      claim: "a folder that is another one's under a second name (a bind mount) is refused as well",
      async run() {
        const [first, second] = [folder("identity"), folder("second-name")];
        const task = await create(first);
        assert.equal(await refusal(folder("identity-other")), "accepted", "the control was refused");
        await $`mount --bind ${join(sandbox.workspace, first)} ${join(sandbox.workspace, second)}`;
        try {
          assert.equal(await refusal(second), "WORKSPACE_POLICY_VIOLATION");
        } finally {
          await $`umount ${join(sandbox.workspace, second)}`;
        }
        const others = (await client().call("task_list", {})).filter((other) => other.folder === "identity-other");
        await forget(task, ...others.map(({ id }) => id));
      },
    },
    {
      id: "folder.replaced",
      claim: "a folder that became a link while its task was stopped is refused, and the task opens once it is back",
      async run() {
        const task = await create(folder("replaced"));
        await client().call("task_stop", { task });
        const path = join(sandbox.workspace, "replaced");
        renameSync(path, `${path}-moved`);
        symlinkSync("/etc", path);
        assert.equal(await attempt(() => client().call("task_switch", { task })), "WORKSPACE_POLICY_VIOLATION");
        rmSync(path);
        renameSync(`${path}-moved`, path);
        assert.equal(await attempt(() => client().call("task_switch", { task })), "accepted");
        await forget(task);
      },
    },
    {
      id: "bind.command-line",
      claim: "'task bind' takes a folder as a person writes it, from where they are",
      async run() {
        const task = await create(null);
        folder("typed/deeper");
        const { code, stderr } = await piwork([...sandbox.words, "task", "bind", "deeper", "--task", task], {
          cwd: join(sandbox.workspace, "typed"),
        });
        assert.equal(code, 0, stderr);
        assert.equal((await client().call("task_show", { task })).folder, "typed/deeper");
        await forget(task);
      },
    },
  ];
}
