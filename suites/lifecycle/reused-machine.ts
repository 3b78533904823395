import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Check } from "../../harness/checks/checks.ts";
import { waitForEnd } from "../../harness/host/wait-for.ts";
import { makeSandbox, RunningRuntime } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";

/** What is kept in a machine outside of every task: files, a process, and a word of its kernel. */
const plant = (word: string) =>
  `echo ${word} >/run/${word}; echo ${word} >/dev/kmsg; setsid sh -c 'exec sleep 100000' ${word} >/dev/null 2>&1 & echo planted`;
/** Whatever of it there is. */
const LOOK = 'ls /run; dmesg; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n"';

/** A machine that was a task's is no other task's. */
export function reusedMachine(logs: string): Check[] {
  return [
    {
      id: "own-machine.not-reused",
      claim:
        "what the root of a stopped task's machine has planted is not in the machine of the next task, nor of the same one",
      deadlineMs: 300_000,
      async run() {
        using sandbox = makeSandbox(logs);
        await using runtime = await RunningRuntime.start(sandbox, { unsafe: true, isolation: "vm" });
        const { client } = runtime;
        const talk = new Talk(() => client);
        const asRoot = async (task: string, script: string) => {
          const { stdout, stderr, code } = await talk.exec(["sh", "-c", script], { task, unconfined: true });
          return { text: `${stdout}${stderr}`, code };
        };
        const create = async (title: string) => (await client.call("task_create", { title, folder: null })).id;
        const word = `planted${randomBytes(8).toString("hex")}`;
        const first = await create("First");
        const qemu = await runtime.qemuPid(first);
        assert.match((await asRoot(first, plant(word))).text, /planted/);
        assert.equal((await asRoot(first, LOOK)).text.includes(word), true, "the control does not find it");
        await client.call("task_stop", { task: first });
        await waitForEnd(qemu, "the QEMU of the stopped task");
        const second = await create("Second");
        await client.call("task_switch", { task: first });
        for (const task of [second, first]) {
          assert.notEqual(await runtime.qemuPid(task), qemu);
          const { text } = await asRoot(task, LOOK);
          assert.match(text, /PATH=/, "nothing was looked at");
          assert.equal(text.includes(word), false, `${task} is in a machine that was another's`);
        }
      },
    },
  ];
}
