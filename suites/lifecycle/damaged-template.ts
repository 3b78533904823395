import assert from "node:assert/strict";
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { ISOLATION, makeSandbox, RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";
import { listTemplates, readTemplate, templateKey } from "../../runtime/machine/template.ts";
import { findImage } from "../../runtime/state/image.ts";
import { findPlaces, REPOSITORY } from "../../runtime/state/places.ts";
import { filesPath } from "../../runtime/workspace/paths.ts";

/** What becomes of the file of a template, and how. */
const DAMAGES: readonly [what: string, damage: (directory: string) => void][] = [
  [
    "truncated",
    (directory) => truncateSync(join(directory, "memory"), statSync(join(directory, "memory")).size - 4096),
  ],
  ["flipped-memory", (directory) => flip(join(directory, "memory"))],
  ["flipped-state", (directory) => flip(join(directory, "state"))],
  ["other-key", (directory) => replaceKey(join(directory, "manifest.json"))],
];

/** A template that is not what was saved: nothing comes of it, and a whole one takes its place. */
export function damagedTemplate(logs: string): Check[] {
  return DAMAGES.map(([what, damage], at) => {
    const isLast = at === DAMAGES.length - 1;
    return {
      id: `template.${what}`,
      claim: `a template whose file is damaged (${what}) is named in the log, and machines are booted meanwhile, whose consoles are in qemu.log${isLast ? "; another is made, and cloned from then on" : ""}`,
      deadlineMs: 600_000,
      async run() {
        using sandbox = makeSandbox(join(logs, what));
        const { cache, template } = copyCache(sandbox);
        const { key, createdAt } = readTemplate(template) ?? assert.fail("the copy is not whole");
        damage(template);
        await using runtime = await RunningRuntime.start(sandbox, { environment: { XDG_CACHE_HOME: cache } });
        const log = readFileSync(join(sandbox.logs, "piwork.log"), "utf8").split("\n").filter(Boolean);
        const said = log.map((line) => JSON.parse(line)).find(({ message }) => /template is damaged/.test(message));
        assert.deepEqual([said?.level, said?.directory], ["warn", template]);
        const talk = new Talk(() => runtime.client);
        const { id } = await runtime.client.call("task_create", { title: "Meanwhile", folder: null });
        assert.equal(await talk.ask("meanwhile", id), "meanwhile");
        assert.equal(isClone(await runtime.qemuPid(id)), false, "it was cloned from a damaged template");
        assert.match(readFileSync(join(sandbox.logs, "qemu.log"), "utf8"), /piwork: taskd listens/);
        if (!isLast) return;
        const made = await waitFor("another template", 300_000, () => readTemplate(template, key));
        assert.notEqual(made.createdAt, createdAt);
        if (ISOLATION === "shared") return;
        const cloned = await waitFor("a clone for the next task", 60_000, async () => {
          const { machines } = await runtime.client.call("status", {});
          return machines.find(({ task, pid }) => task === null && pid !== null && isClone(pid));
        });
        const next = (await runtime.client.call("task_create", { title: "Next", folder: null })).id;
        assert.equal(await talk.ask("cloned", next), "cloned");
        return { cloned: cloned.id };
      },
    };
  });
}

/** A cache of its own with the image and the template of this version. */
function copyCache(sandbox: Sandbox): { cache: string; template: string } {
  const from = findPlaces().cache;
  const cache = join(sandbox.directory, "cache");
  const image = findImage(from, REPOSITORY) ?? assert.fail("there is no image");
  const found = listTemplates(from).find(
    ({ manifest }) =>
      manifest !== null && manifest.key === templateKey({ ...manifest, image, unsafe: false, files: filesPath }),
  );
  if (found === undefined) assert.fail("there is no template");
  const copies = { images: image.dir, templates: found.directory };
  for (const [kind, directory] of Object.entries(copies)) {
    mkdirSync(join(cache, "piwork", kind), { recursive: true });
    cpSync(directory, join(cache, "piwork", kind, basename(directory)), { recursive: true, preserveTimestamps: true });
  }
  cpSync(join(from, "acceleration.json"), join(cache, "piwork/acceleration.json"));
  return { cache, template: join(cache, "piwork/templates", basename(found.directory)) };
}

/** A clone goes on from what it is told to read. */
function isClone(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes("-incoming");
}

/** Turns over some bits in the middle of a file. */
function flip(path: string): void {
  const at = Math.floor(statSync(path).size / 2);
  const byte = readFileSync(path).at(at) ?? 0;
  const file = openSync(path, "r+");
  try {
    writeSync(file, Buffer.from([byte ^ 0xff]), 0, 1, at);
  } finally {
    closeSync(file);
  }
}

function replaceKey(path: string): void {
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...manifest, key: "0".repeat(64) }));
}
