import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { removeLeftSockets, removeSockets } from "./left-sockets.ts";

const directory = mkdtempSync(join(tmpdir(), "piwork-left-"));
after(() => rmSync(directory, { recursive: true }));
const outside = join(directory, "outside");
mkdirSync(outside);
writeFileSync(join(outside, "mine"), "");

const MANY = 10_000;
const WAIT_MS = 60_000;

/** A directory of sockets with more in it than a machine has, links among them, and a directory that nobody may enter. */
function fill(sockets: string, id: string, files = 1): void {
  const closed = join(sockets, id, "closed");
  mkdirSync(closed, { recursive: true });
  for (let file = 0; file < files; file++) writeFileSync(join(sockets, id, `${file}`), "");
  writeFileSync(join(closed, "file"), "");
  symlinkSync(outside, join(sockets, id, "link"));
}

function fail(...words: unknown[]): never {
  throw new Error(words.map((word) => JSON.stringify(word)).join(" "));
}

/** None where it is being removed. */
function filesIn(path: string): number {
  try {
    return readdirSync(path).length;
  } catch {
    return 0;
  }
}

async function untilEmpty(sockets: string): Promise<void> {
  for (const end = performance.now() + WAIT_MS; performance.now() < end; await delay(20))
    if (readdirSync(sockets).length === 0) return;
  assert.fail(`${readdirSync(sockets)} stayed`);
}

test("what machines of an earlier runtime left goes, however much, while this one starts its own", async () => {
  const sockets = join(directory, "sockets");
  fill(sockets, "machine-1", MANY);
  fill(sockets, "left-by-one-that-ended-meanwhile");
  symlinkSync(outside, join(sockets, "machine-2"));
  const removed = removeLeftSockets(sockets, fail);
  const filesLeft = Math.max(...readdirSync(sockets).map((name) => filesIn(join(sockets, name))));
  assert.equal(filesLeft > MANY / 2, true, `the loop stood still until ${filesLeft} of ${MANY} files were left`);
  assert.equal(existsSync(join(sockets, "machine-1")), false, "a new machine would have found it");
  mkdirSync(join(sockets, "machine-1"));
  await removed;
  assert.equal(existsSync(join(sockets, "machine-1")), true, "that of the new machine");
  rmSync(join(sockets, "machine-1"), { recursive: true });
  await untilEmpty(sockets);
  assert.equal(existsSync(join(outside, "mine")), true);
});

test("a directory that is not there needs no removal", async () => {
  await removeSockets(join(directory, "nothing"), fail);
});

test("sockets of rehearsals, templates and probes are removed as well, and nothing else", async () => {
  const sockets = join(directory, "kinds");
  for (const left of ["machine-1", "rehearsal-machine-12/workspace/folder", "rehearsal", "template", "probe-kvm"])
    mkdirSync(join(sockets, left), { recursive: true });
  for (const other of ["machine-x", "others-machine-1"]) mkdirSync(join(sockets, other));
  await removeLeftSockets(sockets, fail);
  assert.deepEqual(readdirSync(sockets).sort(), ["machine-x", "others-machine-1"]);
});
