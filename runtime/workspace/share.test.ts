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
import { test } from "node:test";
import { ShareProof, shareDevices } from "./share.ts";

const path = mkdtempSync(join(tmpdir(), "piwork-share-"));
test.after(() => rmSync(path, { recursive: true }));

/** Plays the guest, honestly or not. */
function prove(guest: (file: string, reply: string) => void): void {
  using proof = new ShareProof("workspace", null, path);
  guest(join(path, proof.request.file), proof.request.reply);
  proof.check();
}

function answer(file: string, read: string, reply: string): void {
  writeFileSync(`${file}.reply`, `${read}${reply}`);
}

function honest(file: string, reply: string): void {
  answer(file, readFileSync(file, "utf8"), reply);
}

test("a share that works both ways is accepted and leaves nothing behind", () => {
  prove(honest);
  assert.deepEqual(readdirSync(path), []);
});

const lies: Record<string, (file: string, reply: string) => void> = {
  "a guest that read something else": (file, reply) => answer(file, `${readFileSync(file, "utf8")}x`, reply),
  "a guest that read nothing": (file, reply) => answer(file, "", reply),
  "no reply": () => {},
  "another reply": (file) => honest(file, "0".repeat(32)),
  "a reply that is a link": (file, reply) => {
    writeFileSync(join(path, "real"), `${readFileSync(file, "utf8")}${reply}`);
    symlinkSync("real", `${file}.reply`);
  },
};

for (const [name, guest] of Object.entries(lies)) {
  test(`${name} is refused`, () => {
    assert.throws(() => prove(guest), /not the directory it should be/);
    rmSync(join(path, "real"), { force: true });
    assert.deepEqual(readdirSync(path), []);
  });
}

test("a directory in place of the reply is refused, and goes", () => {
  assert.throws(() => prove((file) => mkdirSync(`${file}.reply`)), /not the directory it should be/);
  assert.deepEqual(readdirSync(path), []);
});

test("what is in such a directory stays, everything else of the proof goes", () => {
  const proof = new ShareProof("workspace", null, path);
  const reply = join(path, `${proof.request.file}.reply`);
  const places = () => readdirSync("/proc/self/fd").filter((fd) => linkAt(fd) === path).length;
  assert.equal(places(), 1);
  mkdirSync(join(reply, "inner"), { recursive: true });
  proof[Symbol.dispose]();
  assert.deepEqual([existsSync(join(path, proof.request.file)), existsSync(join(reply, "inner"))], [false, true]);
  assert.equal(places(), 0);
  rmSync(reply, { recursive: true });
});

/** Where a descriptor leads; nowhere once it is closed. */
function linkAt(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

test("exactly the named shares are exported", () => {
  const words = shareDevices({ workspace: "/home/me" });
  assert.deepEqual(
    words.filter((word) => word.startsWith("local,")),
    ["local,id=workspace,path=/home/me,security_model=none,multidevs=remap"],
  );
  assert.deepEqual(shareDevices({}), []);
});
