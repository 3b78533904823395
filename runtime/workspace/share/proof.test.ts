import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { MountProof } from "../../protocol/share.ts";
import type { Handover } from "../files.ts";
import { listDirectory } from "../listing.ts";
import { shareDevices } from "./machine-files.ts";
import { prove } from "./proof.ts";

const path = mkdtempSync(join(tmpdir(), "piwork-share-"));
test.after(() => rmSync(path, { recursive: true }));

/** Plays the guest, honestly or not. */
function check(guest: (file: string, reply: string) => void): void {
  using handover = begin();
  const { file, reply } = proofIn(handover);
  guest(join(path, file), reply);
  handover.check();
}

function begin(): Handover {
  return prove([{ tag: "workspace", root: path, parts: [] }]);
}

function proofIn({ message }: Handover): MountProof {
  const [proof] = message.proofs;
  if (proof === undefined) throw new Error("there is no proof");
  return proof;
}

function answer(file: string, read: string, reply: string): void {
  appendFileSync(file, `${read}${reply}`);
}

function honest(file: string, reply: string): void {
  answer(file, readFileSync(file, "utf8"), reply);
}

test("a share that works both ways is accepted and leaves nothing behind", () => {
  check(honest);
  assert.deepEqual(readdirSync(path), []);
});

test("nobody is shown the file of a proof that goes on; one that only looks like it is shown", async () => {
  const own = `.piwork-mount-${"0".repeat(32)}`;
  appendFileSync(join(path, own), "");
  const names = async () => (await listDirectory({ root: path, parts: [] }, "")).entries.map(({ name }) => name);
  const proof = begin();
  assert.deepEqual([await names(), readdirSync(path).length], [[own], 2]);
  proof[Symbol.dispose]();
  rmSync(join(path, own));
  assert.deepEqual(await names(), []);
});

const lies: Record<string, (file: string, reply: string) => void> = {
  "a guest that read something else": (file, reply) => answer(file, `${readFileSync(file, "utf8")}x`, reply),
  "a guest that read nothing": (file, reply) => answer(file, "", reply),
  "no reply": () => {},
  "another reply": (file) => honest(file, "0".repeat(32)),
  "a reply that is a link": (file, reply) => {
    honest(file, reply);
    renameSync(file, join(path, "real"));
    symlinkSync("real", file);
  },
};

for (const [name, guest] of Object.entries(lies)) {
  test(`${name} is refused`, () => {
    assert.throws(() => check(guest), /not the directory it should be/);
    rmSync(join(path, "real"), { force: true });
    assert.deepEqual(readdirSync(path), []);
  });
}

test("a directory in place of the reply is refused, and goes", () => {
  const replace = (file: string) => {
    rmSync(file);
    mkdirSync(file);
  };
  assert.throws(() => check(replace), /not the directory it should be/);
  assert.deepEqual(readdirSync(path), []);
});

test("what is in such a directory stays, and the place is closed", () => {
  const proof = begin();
  const { file: name } = proofIn(proof);
  const file = join(path, name);
  const places = () => readdirSync("/proc/self/fd").filter((fd) => linkAt(fd) === path).length;
  assert.equal(places(), 1);
  rmSync(file);
  mkdirSync(join(file, "inner"), { recursive: true });
  proof[Symbol.dispose]();
  assert.equal(existsSync(join(file, "inner")), true);
  assert.equal(places(), 0);
  rmSync(file, { recursive: true });
});

/** Where a descriptor leads; nowhere once it is closed. */
function linkAt(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

test("a directory that cannot be proven leaves nothing of those before it", () => {
  const absent = { tag: "workspace", root: path, parts: ["absent"] } as const;
  assert.throws(() => prove([{ tag: "tasks", root: path, parts: [] }, absent]), { code: "WORKSPACE_POLICY_VIOLATION" });
  assert.deepEqual(readdirSync(path), []);
});

test("exactly the named shares are exported", () => {
  const words = shareDevices([{ name: "workspace", path: "/home/me" }]);
  assert.deepEqual(
    words.filter((word) => word.startsWith("local,")),
    ["local,id=workspace,path=/home/me,security_model=none,multidevs=remap"],
  );
  assert.deepEqual(shareDevices([]), []);
});
