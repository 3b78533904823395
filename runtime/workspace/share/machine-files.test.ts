import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { execa } from "execa";
import type { FilePlaces, Handover, MachineFiles } from "../files.ts";
import { makeGuestDirectories } from "../guest-directories.ts";
import { exportAll, exportSingly } from "./machine-files.ts";

const directory = mkdtempSync(join(tmpdir(), "piwork-machine-files-"));
after(() => rmSync(directory, { recursive: true }));

function makePlaces(name: string, task: string): FilePlaces {
  const places = { workspace: join(directory, name, "workspace"), tasks: join(directory, name, "tasks") };
  mkdirSync(join(places.workspace, `${task}-folder`), { recursive: true });
  makeGuestDirectories(places.tasks, task);
  return places;
}

const places = makePlaces("own", "one");

/** What the machine has to prove. */
function provenBy(handover: Handover | null): string[] {
  using given = handover;
  return given?.message.proofs.map(({ tag, path }) => `${tag}:${path ?? ""}`) ?? [];
}

/** Names that QEMU finds in an export. */
async function namesIn({ view, exports }: MachineFiles, name: string): Promise<string> {
  const path = exports.find((one) => one.name === name)?.path ?? "";
  const [program = "", ...words] = [...view, "ls", path];
  return (await execa(program, words)).stdout;
}

test("a machine of all tasks proves its places once, and one that becomes a template its task as well", async () => {
  const task = { id: "one", folder: "one-folder" };
  const all = exportAll(places, { provesTasks: false });
  const template = exportAll(places, { provesTasks: true });
  assert.deepEqual(provenBy(all.greet()), ["workspace:", "tasks:"]);
  assert.deepEqual(provenBy(await all.give(task)), []);
  assert.deepEqual(provenBy(await template.give(task)), ["tasks:one/guest", "workspace:one-folder"]);
});

test("a machine of one task has what it was given, and no more once that is withdrawn", async () => {
  const source = exportSingly(places, join(directory, "stage"));
  const files = await source.open("machine-1");
  assert.equal(files.greet(), null);
  assert.deepEqual(provenBy(await files.give({ id: "one", folder: null })), ["tasks:one/guest"]);
  assert.deepEqual([await namesIn(files, "tasks"), await namesIn(files, "workspace")], ["one", ""]);
  const bound = await files.give({ id: "one", folder: "one-folder" });
  assert.deepEqual(provenBy(bound), ["tasks:one/guest", "workspace:one-folder"]);
  assert.equal(await namesIn(files, "workspace"), "one-folder");
  await files.withdrawFolder();
  assert.deepEqual([await namesIn(files, "tasks"), await namesIn(files, "workspace")], ["one", ""]);
  await files.withdraw();
  assert.deepEqual([await namesIn(files, "tasks"), await namesIn(files, "workspace")], ["", ""]);
  await files.close();
  await source.close();
});

test("a machine that has rehearsed with files of nobody can have a task", async () => {
  const source = exportSingly(places, join(directory, "stage-2"));
  const files = await source.open("machine-1");
  const rehearsal = makePlaces("rehearsal", "nobody");
  provenBy(await files.give({ id: "nobody", folder: "nobody-folder" }, rehearsal));
  assert.equal(await namesIn(files, "workspace"), "nobody-folder");
  await files.withdraw();
  provenBy(await files.give({ id: "one", folder: "one-folder" }));
  assert.deepEqual([await namesIn(files, "tasks"), await namesIn(files, "workspace")], ["one", "one-folder"]);
  await files.close();
  await source.close();
  assert.deepEqual(readdirSync(places.workspace), ["one-folder"]);
  assert.equal(existsSync(join(rehearsal.workspace, "nobody-folder")), true);
});
