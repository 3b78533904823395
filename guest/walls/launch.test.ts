import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import { type TaskLayer, taskLayer } from "../../runtime/protocol/layers.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { launchWords } from "./launch.ts";

const launch = (...without: TaskLayer[]) =>
  launchWords(
    {
      directories: {
        work: "/slot/work",
        outputs: "/own/outputs",
        uploads: "/own/uploads",
        home: "/own/home",
        tmp: "/slot/tmp",
        session: "/slot/session",
        terminals: "/slot/terminals",
        facts: "/slot/facts",
      },
      accounts: { passwd: "/slot/passwd", group: "/slot/group" },
      group: "/groups/a",
      network: { path: "/proc/1/fd/9", name: "net:[1]" },
      memoryBytes: 1024 ** 3,
      owner: 20001,
      given: {},
      user: 30001,
    },
    "/work",
    ["sh", "-c", "$(x)"],
    without,
  );
const values = (words: string[], option: string) =>
  words.flatMap((word, at) => (word === option ? [`${words[at + 1]} ${words[at + 2]}`] : []));

test("a task sees its own directories, uploads read-only, and the system read-only", () => {
  const words = launch();
  assert.deepEqual(values(words, "--bind"), [
    "/slot/tmp /tmp",
    "/slot/session /session",
    "/own/home /home/task",
    "/slot/work /work",
    "/own/outputs /outputs",
  ]);
  assert.deepEqual(values(words, "--ro-bind"), [
    "/usr /usr",
    "/etc /etc",
    "/slot/passwd /etc/passwd",
    "/slot/group /etc/group",
    "/slot/facts /task",
    "/own/uploads /uploads",
  ]);
});

test("the command is words, never a shell's text", () =>
  assert.deepEqual(launch().slice(-4), ["--", "sh", "-c", "$(x)"]));

test("bubblewrap is started as the task's user already, and gives it one that only this task has", () => {
  const words = launch();
  const asTask = "/usr/bin/setpriv --reuid=20001 --regid=20001 --clear-groups -- /usr/bin/bwrap";
  assert.equal(words.join(" ").includes(asTask), true);
  assert.equal(words.join(" ").includes("--unshare-user --uid 30001 --gid 30001"), true);
});

// Memory, processes and CPU are the control group's; the filter and the session of a terminal are single words.
test("each layer can be left out, and nothing else goes with it", () => {
  const elsewhere = new Set<TaskLayer>(["memory", "processes", "cpu"]);
  const whole = launch();
  for (const layer of taskLayer.options) {
    const changed = launch(layer);
    assert.equal(changed.join(" ") === whole.join(" "), elsewhere.has(layer), layer);
    assert.deepEqual(changed.slice(-3), ["sh", "-c", "$(x)"], layer);
  }
});

test("taskDescriptors: a process opens so many files, and no more", async (t) => {
  const group = mkdtempSync(join(tmpdir(), "piwork-group-"));
  t.after(() => rmSync(group, { recursive: true }));
  writeFileSync(join(group, "cgroup.procs"), "");
  const words = launch().slice(0, launch().indexOf("/groups/a"));
  // Only root may lower the score that this process has.
  const [, shell = "", ...prepare] = words.map((word) => word.replace("/proc/self/oom_score_adj", "/dev/null"));
  const count = "1 while open($f[@f], q(<), q(/dev/null)); print fileno($f[-2]) + 1";
  const { stdout } = await execa(shell, [...prepare, group, `${Number.MAX_SAFE_INTEGER}`, "perl", "-e", count]);
  assert.equal(Number(stdout), LIMITS.taskDescriptors);
});
