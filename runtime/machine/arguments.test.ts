import assert from "node:assert/strict";
import { test } from "node:test";
import { type MachineShape, qemuArguments } from "./arguments.ts";

const shape: MachineShape = {
  accelerator: "tcg",
  memoryMb: 768,
  fileDevices: ["-device", "files"],
  kernelWords: ["piwork.x=1"],
  fixedAddresses: false,
};

const paths = { image: "/image", sockets: "/sockets", exports: [] };

/** The values of every use of one option. */
function values(option: string, args: string[]): string[] {
  return args.flatMap((word, at) => (word === option ? [args[at + 1] ?? ""] : []));
}

test("no network card, nothing that listens but Unix sockets, no default devices", () => {
  const args = qemuArguments(shape, paths);
  assert.deepEqual(values("-nic", args), ["none"]);
  assert.equal(args.includes("-nodefaults") && args.includes("-no-user-config"), true);
  assert.deepEqual(
    args.filter((word) => /tcp|udp|telnet|websocket|(^|,)(host|port|to)=|vnc|gdb|netdev/.test(word)),
    [],
  );
});

test("what tasks say to the world goes over a port of its own", () => {
  const args = qemuArguments(shape, paths);
  assert.deepEqual(
    values("-device", args).filter((device) => device.startsWith("virtserialport")),
    ["virtserialport,chardev=taskd,name=piwork.taskd", "virtserialport,chardev=network,name=piwork.network"],
  );
  const sockets = values("-chardev", args).flatMap((word) => /path=([^,]*)/.exec(word)?.[1] ?? []);
  assert.deepEqual(sockets, ["/sockets/qmp.sock", "/sockets/taskd.sock", "/sockets/network.sock"]);
});

test("the sandbox denies everything it can", () => {
  assert.deepEqual(values("-sandbox", qemuArguments(shape, paths)), [
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
  ]);
});

test("the root disk is read-only", () => {
  assert.match(values("-blockdev", qemuArguments(shape, paths))[0] ?? "", /read-only=on/);
});

test("acceleration chooses the processor model", () => {
  assert.deepEqual(values("-cpu", qemuArguments({ ...shape, accelerator: "kvm" }, paths)), ["host"]);
  assert.deepEqual(values("-cpu", qemuArguments(shape, paths)), ["max"]);
});

test("a comma in a path stays in the path", () => {
  const args = qemuArguments(shape, { image: "/a,b", sockets: "/s,readonly=on", exports: [] });
  assert.match(values("-blockdev", args)[0] ?? "", /filename=\/a,,b\/root\.erofs,read-only=on/);
  assert.match(values("-chardev", args)[1] ?? "", /path=\/s,,readonly=on\/qmp\.sock,/);
});

test("programs have addresses at random, unless fixed ones are asked for", () => {
  const isFixed = (fixedAddresses: boolean) =>
    values("-append", qemuArguments({ ...shape, fixedAddresses }, paths))[0]?.includes("norandmaps");
  assert.deepEqual([isFixed(false), isFixed(true)], [false, true]);
});

test("a clone has its kernel in its memory", () => {
  const args = qemuArguments({ ...shape, memory: "clone" }, paths);
  assert.deepEqual(
    ["-kernel", "-initrd", "-append"].flatMap((option) => values(option, args)),
    [],
  );
});

test("kernel words are appended", () => {
  assert.match(values("-append", qemuArguments(shape, paths))[0] ?? "", /^console=ttyS0 .* piwork\.x=1$/);
});

test("memory can be added to a machine once, and to no other", () => {
  assert.deepEqual(values("-m", qemuArguments(shape, paths)), ["768M"]);
  assert.deepEqual(values("-m", qemuArguments({ ...shape, addableMb: 256 }, paths)), ["768M,slots=1,maxmem=1024M"]);
});
