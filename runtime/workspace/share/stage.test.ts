import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { Stage } from "./stage.ts";

const directory = mkdtempSync(join(tmpdir(), "piwork-stage-"));
const opened: Stage[] = [];
after(() => {
  for (const stage of opened) stage.close(); // a test that fails leaves its own
  rmSync(directory, { recursive: true });
});
const workspace = join(directory, "workspace");
mkdirSync(join(workspace, "a/deep"), { recursive: true });
for (const name of ["other", "all/first", "all/second"]) mkdirSync(join(workspace, name), { recursive: true });
writeFileSync(join(workspace, "a/deep/file"), "mine");
symlinkSync("a", join(workspace, "link"));
let stages = 0;

async function open(): Promise<{ stage: Stage; root: string }> {
  const root = join(directory, `stage-${++stages}`);
  const stage = await Stage.open(root);
  opened.push(stage);
  return { stage, root };
}

/** What a process sees that was started in the view. */
async function inView(stage: Stage, ...command: string[]): Promise<string> {
  const [program = "", ...words] = [...stage.prefix, ...command];
  return (await execa(program, words, { reject: false })).stdout;
}

test("a directory is shown in the view, writable, and nowhere else", async () => {
  const { stage, root } = await open();
  stage.makeShares("machine-1");
  await stage.show("machine-1", "workspace", workspace, ["a", "deep"]);
  const shown = join(root, "machine-1/workspace/a/deep");
  assert.equal(await inView(stage, "cat", `${shown}/file`), "mine");
  await inView(stage, "touch", `${shown}/made`);
  assert.equal(existsSync(join(workspace, "a/deep/made")), true);
  assert.match(await inView(stage, "grep", ` ${shown} `, "/proc/self/mounts"), /nosuid,nodev/);
  assert.deepEqual(readdirSync(root), [], "the host sees it too");
  assert.equal(readFileSync("/proc/self/mounts", "utf8").includes(root), false);
  stage.close();
});

test("what is hidden is gone from the view, and its files are as they were", async () => {
  const { stage, root } = await open();
  stage.makeShares("machine-1");
  await stage.show("machine-1", "workspace", workspace, ["a", "deep"]);
  await stage.hide("machine-1");
  assert.equal(await inView(stage, "ls", join(root, "machine-1/workspace")), "");
  await stage.clear("machine-1");
  assert.equal(await inView(stage, "ls", root), "");
  assert.equal(readFileSync(join(workspace, "a/deep/file"), "utf8"), "mine");
  stage.close();
});

test("what cannot be hidden keeps nothing else shown, and is hidden the next time", async () => {
  const { stage, root } = await open();
  const isShown = async (path: string) =>
    (await inView(stage, "cat", "/proc/self/mounts")).includes(` ${root}/${path} `);
  stage.makeShares("machine-1");
  await stage.show("machine-1", "workspace", workspace, ["a"]);
  for (const name of ["first", "second"]) await stage.show("machine-1", "tasks", workspace, ["all", name]);
  // Without a mount there, the kernel refuses to take one away.
  await inView(stage, "umount", join(root, "machine-1/tasks/all/second"));
  await assert.rejects(stage.hide("machine-1"), /the kernel refused it/);
  const left = await Promise.all(["workspace/a", "tasks/all/first"].map((path) => isShown(`machine-1/${path}`)));
  assert.deepEqual(left, [false, false]);
  await inView(stage, "mount", "--bind", join(workspace, "all/second"), join(root, "machine-1/tasks/all/second"));
  await stage.hide("machine-1");
  assert.equal(await isShown("machine-1/tasks/all/second"), false);
  await stage.clear("machine-1");
  assert.equal(await inView(stage, "ls", root), "");
  assert.equal(readFileSync(join(workspace, "a/deep/file"), "utf8"), "mine");
  stage.close();
});

test("a machine that ends while it is shown something leaves nothing", async () => {
  const { stage, root } = await open();
  const show = () => stage.show("machine-1", "workspace", workspace, ["a", "deep"]);
  stage.makeShares("machine-1");
  const [, , late] = await Promise.allSettled([show(), stage.clear("machine-1"), show()]);
  assert.equal(late.status === "rejected" && late.reason.code, "TASK_NOT_READY");
  assert.equal(await inView(stage, "ls", root), "");
  assert.equal((await inView(stage, "cat", "/proc/self/mounts")).includes(`${root}/machine-1`), false);
  assert.equal(readFileSync(join(workspace, "a/deep/file"), "utf8"), "mine");
  stage.close();
});

test("a machine that ends while things are hidden from it leaves nothing", async () => {
  const { stage, root } = await open();
  stage.makeShares("machine-1");
  for (const tag of ["workspace", "tasks"] as const) await stage.show("machine-1", tag, workspace, ["a"]);
  await Promise.all([stage.hide("machine-1"), stage.clear("machine-1")]);
  assert.equal(await inView(stage, "ls", root), "");
  stage.close();
});

test("no link on the way is followed, and what was made for it goes with the machine", async () => {
  const { stage, root } = await open();
  stage.makeShares("machine-1");
  const shown = stage.show("machine-1", "workspace", workspace, ["link", "deep"]);
  await assert.rejects(shown, { code: "WORKSPACE_POLICY_VIOLATION" });
  await stage.clear("machine-1");
  assert.equal(await inView(stage, "ls", root), "");
  stage.close();
});

test("a folder that the view reaches and this process does not is refused, and nothing of it is held", async () => {
  const { stage } = await open();
  stage.makeShares("machine-1");
  const pid = Number(/--mount=\/proc\/(\d+)\//.exec(stage.prefix.join(" "))?.[1]);
  // In the view alone, another directory is where the folder is.
  await inView(stage, "mount", "--bind", join(workspace, "other"), join(workspace, "a"));
  const shown = stage.show("machine-1", "workspace", workspace, ["a"]);
  await assert.rejects(shown, { code: "WORKSPACE_POLICY_VIOLATION", message: /replaced while it was being opened/ });
  const held = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  assert.deepEqual(
    held.filter((path) => path.startsWith(workspace)),
    [],
  );
  stage.close();
});

test("with its last process it ends, and every mount with it", async () => {
  const { stage, root } = await open();
  stage.makeShares("machine-1");
  await stage.show("machine-1", "workspace", workspace, ["a"]);
  const [, mount = ""] = /--mount=\/proc\/(\d+)\//.exec(stage.prefix.join(" ")) ?? [];
  process.kill(Number(mount), "SIGKILL");
  for (let look = 0; look < 200 && !stage.isGone; look++) await delay(10);
  assert.equal(stage.isGone, true);
  assert.deepEqual(readdirSync(root), []);
  await stage.clear("machine-1"); // nothing is left to do
  assert.equal(readFileSync(join(workspace, "a/deep/file"), "utf8"), "mine");
});
