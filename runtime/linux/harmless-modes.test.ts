import assert from "node:assert/strict";
import { test } from "node:test";
import { HARMLESS_MODES } from "./harmless-modes.ts";
import { decide } from "./seccomp.fixture.ts";
import { assemble } from "./seccomp.ts";
import type { SyscallName } from "./syscalls.ts";

const program = assemble(HARMLESS_MODES);

const [O_RDWR, O_CREAT, O_TMPFILE] = [2, 0o100, 0o20200000];
const AT = 0xffff_ff9cn; // AT_FDCWD
/** Every way to give a file a mode. */
const ways: [what: string, call: SyscallName, args: (mode: number) => (number | bigint)[]][] = [
  ["chmod", "chmod", (mode) => [0, mode]],
  ["fchmod", "fchmod", (mode) => [0, mode]],
  ["fchmodat", "fchmodat", (mode) => [AT, 0, mode]],
  ["creat", "creat", (mode) => [0, mode]],
  ["open with O_CREAT", "open", (mode) => [0, O_RDWR | O_CREAT, mode]],
  ["open with O_TMPFILE", "open", (mode) => [0, O_RDWR | O_TMPFILE, mode]],
  ["openat with O_CREAT", "openat", (mode) => [AT, 0, O_RDWR | O_CREAT, mode]],
  ["openat with O_TMPFILE", "openat", (mode) => [AT, 0, O_RDWR | O_TMPFILE, mode]],
  ["mknod", "mknod", (mode) => [0, 0o100000 | mode, 0]],
  ["mknodat", "mknodat", (mode) => [AT, 0, 0o100000 | mode, 0]],
];
for (const [what, call, args] of ways) {
  test(`${what}: no set-id bit, every other mode`, () => {
    for (const mode of [0o4755, 0o2755, 0o6777, 0o4000])
      assert.equal(decide(program, call, ...args(mode)), "EPERM", mode.toString(8));
    for (const mode of [0, 0o644, 0o1777])
      assert.equal(decide(program, call, ...args(mode)), "allow", mode.toString(8));
  });
}

test("nodes: pipes and sockets, no devices, whatever stands above the mode", () => {
  const [pipe, socket, file, character, block] = [0o010644, 0o140644, 0o644, 0o020644, 0o060644];
  for (const [call, before] of [
    ["mknod", [0]],
    ["mknodat", [AT, 0]],
  ] as const) {
    for (const mode of [pipe, socket, file]) assert.equal(decide(program, call, ...before, mode, 0), "allow");
    for (const mode of [character, block, 0x7_0000 | character])
      assert.equal(decide(program, call, ...before, mode, 0), "EPERM");
  }
});

test("a mode that means nothing is not looked at, and one that cannot be seen is refused", () => {
  const O_DIRECTORY = 0o200000;
  assert.equal(decide(program, "openat", AT, 0, O_RDWR, 0o6777), "allow");
  assert.equal(decide(program, "open", 0, O_DIRECTORY, 0o6777), "allow");
  assert.equal(decide(program, "openat2"), "ENOSYS");
  assert.equal(decide(program, "fchmodat2"), "ENOSYS");
});
