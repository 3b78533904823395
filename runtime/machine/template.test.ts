import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { crc32 } from "node:zlib";
import { LIMITS } from "../protocol/limits.ts";
import {
  MACHINE_MEMORY_MB,
  machineMemoryMb,
  pruneTemplates,
  readTemplate,
  TEMPLATE_SCHEMA,
  Template,
  templateDirectory,
  templatesDirectory,
  writeManifest,
} from "./template.ts";

const cache = mkdtempSync(join(tmpdir(), "piwork-templates-"));
after(() => rmSync(cache, { recursive: true }));

const MEMORY = Buffer.alloc(64 * 1024, 7);
const STATE = Buffer.from("the rest of the machine");

/** Changes a manifest as a disk might: it still is one. */
function damageManifest(directory: string, what: RegExp, becomes: string): void {
  const file = join(directory, "manifest.json");
  const before = readFileSync(file, "utf8");
  const after = before.replace(what, becomes);
  assert.notEqual(after, before);
  writeFileSync(file, after);
}

/** A template as a build leaves it, of a machine that never was. */
function publish(key: string) {
  const directory = templateDirectory(cache, key);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "memory"), MEMORY);
  writeFileSync(join(directory, "state"), STATE);
  const manifest = {
    ...({ schema: TEMPLATE_SCHEMA, key, agent: "probe", accelerator: "tcg", lastSeq: 3, buildMs: 1 } as const),
    createdAt: new Date().toISOString(),
    state: { bytes: STATE.length, sha256: createHash("sha256").update(STATE).digest("hex") },
    memory: { bytes: MEMORY.length, crc32: crc32(MEMORY), runs: [[4096, MEMORY.length]] as [number, number][] },
  };
  writeManifest(directory, manifest);
  return directory;
}

const key = (digit: string) => digit.repeat(64);

async function load(directory: string, of: string): Promise<boolean> {
  const manifest = readTemplate(directory, of);
  if (manifest === undefined) return false;
  using template = await Template.load(directory, manifest);
  return template !== undefined;
}

test("a machine has what its tasks may use, what is kept from them, and what describes it, in whole pieces", () => {
  const GIB = 1024 ** 3;
  assert.equal(machineMemoryMb(GIB / 4), MACHINE_MEMORY_MB);
  for (const gib of [1, 1.5, 2, 4, 32]) {
    const mb = machineMemoryMb(gib * GIB);
    const described = gib * 1024 * (1 + 1 / LIMITS.describedBytes);
    const kept = (LIMITS.supervisorMemoryBytes + LIMITS.kernelMemoryBytes) / 1024 ** 2;
    assert.equal(mb % 128, 0);
    assert.equal(mb >= described + kept && mb < described + kept + 128, true, `${gib} GiB`);
  }
});

test("a whole one is loaded", async () => {
  assert.equal(await load(publish(key("1")), key("1")), true);
});

const damages: Record<string, (directory: string) => void> = {
  "its memory cut short": (directory) => truncateSync(join(directory, "memory"), 100),
  "a byte of its memory changed": (directory) => writeFileSync(join(directory, "memory"), Buffer.alloc(64 * 1024, 8)),
  "its state cut short": (directory) => truncateSync(join(directory, "state"), 3),
  "a byte of its state changed": (directory) => writeFileSync(join(directory, "state"), "The rest of the machine"),
  "no memory": (directory) => rmSync(join(directory, "memory")),
  "memory that belongs elsewhere": (directory) => damageManifest(directory, /"runs":\[\[4096/, '"runs":[[8192'),
  "another last event": (directory) => damageManifest(directory, /"lastSeq":3/, '"lastSeq":4'),
  "a manifest that is none": (directory) => writeFileSync(join(directory, "manifest.json"), "{}"),
};

for (const [name, damage] of Object.entries(damages)) {
  test(`one with ${name} is not`, async () => {
    const directory = publish(key("2"));
    damage(directory);
    assert.equal(await load(directory, key("2")), false);
  });
}

test("one that vanishes while it is loaded leaves nothing behind", async () => {
  const directory = publish(key("5"));
  const manifest = readTemplate(directory, key("5")) ?? assert.fail("it is not whole");
  rmSync(join(directory, "memory"));
  assert.equal(await Template.load(directory, manifest), undefined);
  assert.equal(held(), 0);
});

/** How much memory without a name this process has open. */
function held(): number {
  return readdirSync("/proc/self/fd").filter((fd) => leadsTo(fd).includes("piwork-template")).length;
}

function leadsTo(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // it was for the look at the directory
  }
}

test("one that was made for something else is not", () => {
  assert.equal(readTemplate(publish(key("3")), `${"3".repeat(16)}${"4".repeat(48)}`), undefined);
});

test("those that were used last are kept", () => {
  rmSync(templatesDirectory(cache), { recursive: true });
  for (const [at, digit] of ["a", "b", "c"].entries()) {
    const directory = publish(key(digit));
    const time = new Date(2020, 1, at === 0 ? 9 : at);
    for (const file of readdirSync(directory)) utimesSync(join(directory, file), time, time);
  }
  const drafts = [".build-killed", ".build-goes-on"].map((name) => join(templatesDirectory(cache), name));
  for (const draft of drafts) mkdirSync(draft);
  utimesSync(drafts[0] as string, new Date(2020, 1), new Date(2020, 1));
  pruneTemplates(cache, 2);
  assert.deepEqual(readdirSync(templatesDirectory(cache)), [".build-goes-on", "a".repeat(16), "c".repeat(16)]);
  rmSync(drafts[1] as string, { recursive: true });
});
