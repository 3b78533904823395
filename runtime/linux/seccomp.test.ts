import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, run, X86_64 } from "./seccomp.fixture.ts";
import { assemble, deny, hasAny, is, isNot } from "./seccomp.ts";
import { NEWEST_SYSCALL, SYSCALLS } from "./syscalls.ts";

const RUBBISH = 0xdead_beef_0000_0000n;

const program = assemble([
  ...deny("EPERM", ["mount"]),
  ...deny("EACCES", ["ioctl"], is(1, 0x5412)),
  ...deny("EPERM", ["ioctl"], is(1, 0x541c)),
  ...deny("EAFNOSUPPORT", ["socket"], isNot(0, 1), isNot(0, 2)),
  ...deny("EPERM", ["open"], hasAny(1, 0o100), hasAny(2, 0o6000)),
  ...deny("EPERM", ["keyctl"], hasAny(5, 0x8000_0000_0000_0001n)),
  ...deny("EPERM", ["bpf"], { arg: 0, mask: 0xff_0000_00ffn, value: 0x12_0000_0034n, equal: true }),
  ...deny("EPERM", ["acct"], { arg: 0, mask: 0xff_0000_00ffn, value: 0x12_0000_0034n, equal: false }),
]);

const cases: [call: Parameters<typeof decide>[1], args: (number | bigint)[], expected: string][] = [
  ["mount", [], "EPERM"],
  ["umount2", [], "allow"],
  [0, [], "allow"],
  [NEWEST_SYSCALL, [], "allow"],
  [NEWEST_SYSCALL + 1, [], "ENOSYS"],
  [0x4000_0000, [], "ENOSYS"],
  [0x4000_0000 + SYSCALLS.mount, [], "ENOSYS"],
  [0xffff_ffff, [], "ENOSYS"],
  ["ioctl", [0, 0x5412], "EACCES"],
  ["ioctl", [0, 0x541c], "EPERM"],
  ["ioctl", [0, 0x5413], "allow"],
  ["ioctl", [0x5412, 0], "allow"],
  // The kernel takes 32 bits of it, whatever stands above.
  ["ioctl", [0, RUBBISH | 0x5412n], "EACCES"],
  ["socket", [1], "allow"],
  ["socket", [2], "allow"],
  ["socket", [3], "EAFNOSUPPORT"],
  ["socket", [RUBBISH | 2n], "allow"],
  ["socket", [RUBBISH | 40n], "EAFNOSUPPORT"],
  ["open", [0, 0o101, 0o4755], "EPERM"],
  ["open", [0, 0o101, RUBBISH | 0o2755n], "EPERM"],
  ["open", [0, 0o1, 0o4755], "allow"],
  ["open", [0, 0o101, 0o755], "allow"],
  ["keyctl", [0, 0, 0, 0, 0, 1n], "EPERM"],
  ["keyctl", [0, 0, 0, 0, 0, 1n << 63n], "EPERM"],
  ["keyctl", [0, 0, 0, 0, 0, ~(1n | (1n << 63n))], "allow"],
  ["bpf", [0x12_0000_0034n], "EPERM"],
  ["bpf", [0xaa_aa12_aaaa_aa34n], "EPERM"],
  ["bpf", [0x13_0000_0034n], "allow"],
  ["bpf", [0x12_0000_0035n], "allow"],
  ["acct", [0x12_0000_0034n], "allow"],
  ["acct", [0x13_0000_0034n], "EPERM"],
  ["acct", [0x12_0000_0035n], "EPERM"],
];
for (const [call, args, expected] of cases) {
  const words = args.map((arg) => arg.toString(16)).join(", ");
  test(`${call}(${words}): ${expected}`, () => assert.equal(decide(program, call, ...args), expected));
}

test("another architecture kills the process, whatever it calls", () => {
  const I386 = 0x4000_0003;
  for (const call of [0, SYSCALLS.mount, 0x4000_0000]) assert.equal(run(program, I386, call, []), "kill");
  assert.equal(run(program, X86_64, 0, []), "allow");
});

test("rules that are too many for a short jump still find their end", () => {
  const families = Array.from({ length: 100 }, (_, family) => family);
  const long = assemble([
    ...deny("EAFNOSUPPORT", ["socket"], ...families.map((family) => isNot(0, family))),
    ...families.flatMap((request) => deny("EPERM", ["ioctl"], is(1, request))),
    ...deny("EPERM", ["mount"]),
  ]);
  assert.equal(long.length > 255 * 8, true);
  assert.deepEqual(
    [decide(long, "socket", 0), decide(long, "socket", 99), decide(long, "socket", 100)],
    ["allow", "allow", "EAFNOSUPPORT"],
  );
  assert.deepEqual([decide(long, "ioctl", 0, 99), decide(long, "ioctl", 0, 100)], ["EPERM", "allow"]);
  assert.equal(decide(long, "mount"), "EPERM");
});

test("what cannot be assembled is said", () => {
  assert.throws(() => assemble(deny("EPERM", ["ioctl"], hasAny(0, 0))), /no argument/);
  assert.throws(() => assemble(deny("EPERM", ["ioctl"], is(0, 0x100, 0xffn))), /no argument/);
  assert.throws(() => assemble(Array.from({ length: 5000 }, () => deny("EPERM", ["mount"])).flat()), /too long/);
});
