import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { waitFor } from "../../harness/host/wait-for.ts";
import { askAsRuntime, sayAsTaskd } from "../../harness/machines/own-links.ts";
import { ISOLATION } from "../../harness/runtimes/piwork.ts";
import { saidIn } from "../../runtime/api/answer.ts";
import { NOTHING_CHOSEN } from "../../runtime/machine/rehearsal.ts";
import type { Tasks } from "./agreeing.ts";
import type { DumpedRuntime } from "./dumped-runtime.ts";
import type { Fault } from "./fault.ts";

const NOTICE_MS = 30_000;

/** A runtime and a taskd that do not know the same, because something was said on the link between them that neither has said. */
export function linkFaults(dumped: DumpedRuntime, tasks: Tasks): Fault[] {
  /** Asks something of taskd behind the runtime's back. */
  const ask = async (task: string, type: string, payload: object) => {
    const { pid } = await dumped.machineOf(task);
    const request = { id: randomBytes(8).toString("hex"), type, payload };
    // A machine that was paused is awake for a moment after it was asked something.
    await askAsRuntime(dumped.pid, pid, request, () => dumped.client.call("diag", {}));
  };
  /** Says an event as the taskd of a task. The next one that taskd says has the same number, and is taken for known. */
  const forge = async (task: string, event: string, payload: object) => {
    const { pid, id } = await dumped.machineOf(task);
    const answers = await dumped.client.call("machine_answers", { patienceMs: 5_000 });
    const answer = answers.machines.find(({ machine }) => machine === id);
    if (answer === undefined || "silent" in answer.taskd) throw new Error(`${id} is silent`);
    const { sent } = answer.taskd.said.diag.events;
    const envelope = { type: "event", event, timestamp: Date.now(), taskId: task, payload };
    await sayAsTaskd(pid, { ...envelope, seq: sent + 1 });
  };
  /** What taskd says of a task. */
  const viewOf = async (task: string) => {
    const { machines } = await dumped.client.call("machine_answers", { patienceMs: 5_000 });
    const known = machines.flatMap(({ taskd }) => saidIn(taskd)?.state.tasks ?? []);
    return known.find(({ taskId }) => taskId === task);
  };
  const becomes = (task: string, state: string) =>
    waitFor(`the state '${state}'`, NOTICE_MS, async () => {
      const record = await dumped.client.call("task_show", { task });
      return record.state === state || undefined;
    });

  return [
    {
      kind: "turn-differs",
      words: "taskd has a prompt that the runtime did not send",
      async make() {
        const { active } = tasks;
        await ask(active, "prompt", { taskId: active, message: "wait" });
        const mend = () => ask(active, "abort", { taskId: active });
        return { named: [`turn-differs ${active}`], mend };
      },
    },
    {
      kind: "task-state-differs",
      words: "a task was switched to in its machine, and not by the runtime",
      async make() {
        const { unbound, active } = tasks;
        await dumped.client.call("task_stop", { task: unbound });
        await dumped.talk.prompt("opened, and not switched to", unbound);
        await ask(unbound, "switch_task", { taskId: unbound });
        const others = [`task-state-differs ${active}`, `active-task-differs ${active}`];
        const mend = async () => {
          for (const task of [unbound, active]) await dumped.client.call("task_switch", { task });
        };
        return { named: [`task-state-differs ${unbound}`, ...(ISOLATION === "shared" ? others : [])], mend };
      },
    },
    {
      kind: "folder-differs",
      words: "taskd was given a folder for a task that has none",
      async make() {
        const { unbound } = tasks;
        const { id, pid } = await dumped.machineOf(unbound);
        const folder = join(dumped.sandbox.workspace, "late");
        mkdirSync(folder);
        if (ISOLATION === "vm") await showInStage(dumped, pid, folder, `${id}/workspace/late`);
        const proof = {
          tag: "workspace",
          path: "late",
          file: `.piwork-mount-${"a".repeat(32)}`,
          reply: "b".repeat(32),
        };
        writeFileSync(join(folder, proof.file), "proof");
        await ask(unbound, "create_or_open_task", {
          taskId: unbound,
          title: "Unbound",
          folder: "late",
          agent: "probe",
          ...NOTHING_CHOSEN,
          files: { kind: "share", proofs: [proof] },
        });
        await waitFor("the bind", NOTICE_MS, async () => (await viewOf(unbound))?.folder === "late" || undefined);
        for (const name of readdirSync(folder)) rmSync(join(folder, name));
        const mend = () => dumped.client.call("task_bind", { task: unbound, folder: "late" });
        return { named: [`folder-differs ${unbound}`, ...(ISOLATION === "vm" ? [`export-differs ${id}`] : [])], mend };
      },
    },
    {
      kind: "process-without-task",
      words: "the runtime was told that a task has stopped, which goes on in its machine",
      async make() {
        const task = await dumped.makeTask("Forged");
        const { id } = await dumped.machineOf(task);
        await forge(task, "task_stopped", {});
        await becomes(task, "stopped");
        return {
          named: [
            `process-without-task ${task}`,
            `task-unknown-to-runtime ${task}`,
            ...(ISOLATION === "vm" ? [`machine-without-task ${id}`] : []),
          ],
          mend: () => leave(dumped, task),
        };
      },
    },
    {
      kind: "task-unknown-to-taskd",
      words: "a task was stopped in its machine, and the runtime did not hear of it",
      async make() {
        const task = await dumped.makeTask("Unheard");
        // That it has stopped, which taskd says next, is taken away with the answer; by this one, its number is known.
        await forge(task, "task_bootstrap_state", { step: "forged" });
        await ask(task, "stop_task", { taskId: task });
        const isGone = async () => (await viewOf(task)) === undefined || undefined;
        await waitFor("the end of the task in its machine", NOTICE_MS, isGone);
        const alsoActive = ISOLATION === "shared" ? [`active-task-differs ${task}`] : [];
        return { named: [`task-unknown-to-taskd ${task}`, ...alsoActive], mend: () => leave(dumped, task) };
      },
    },
  ];
}

/** Deletes a task about which the two do not agree; what was active before is active again. */
async function leave(dumped: DumpedRuntime, task: string): Promise<void> {
  await dumped.client.call("task_delete", { task });
  const { tasks } = await dumped.client.call("status", {});
  const active = tasks.find(({ title }) => title === "Active");
  if (active !== undefined) await dumped.client.call("task_switch", { task: active.id });
}

/** Shows a directory where the runtime shows a machine what its task was given: in the view that QEMU's parent has. */
async function showInStage(dumped: DumpedRuntime, qemu: number, directory: string, at: string): Promise<void> {
  const target = join(dumped.places.sockets, "stage", at);
  const script = 'mkdir -p "$2" && mount --bind "$1" "$2"';
  const { stdout } = await $`ps -o ppid= -p ${qemu}`;
  const users = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
  await $`nsenter --target=${stdout.trim()} ${users} --mount sh -c ${script} sh ${directory} ${target}`;
}
