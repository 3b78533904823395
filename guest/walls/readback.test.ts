import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mount } from "../../runtime/linux/mountinfo.ts";
import { type TaskLayer, taskLayer } from "../../runtime/protocol/layers.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { judgeLayers, type Seen } from "./readback.ts";

const MACHINE = {
  namespaces: { pid: "pid:[1]", ipc: "ipc:[1]", uts: "uts:[1]", net: "net:[1]", user: "user:[1]" },
  session: "1",
};
const CONFINEMENT = {
  directories: {
    work: "/slot/work",
    outputs: "/slot/outputs",
    uploads: "/slot/uploads",
    home: "/slot/home",
    tmp: "/slot/tmp",
    session: "/slot/session",
    terminals: "/slot/terminals",
    facts: "/slot/facts",
  },
  group: "/groups/a",
  memoryBytes: LIMITS.taskMemoryBytes,
  network: { path: "/proc/1/fd/9", name: "net:[2]" },
  owner: 20001,
  given: {},
};

const mount = (target: string, more: Partial<Mount> = {}): Mount => ({
  root: "/",
  target,
  type: "tmpfs",
  device: "0:1",
  options: ["rw", "nosuid", "nodev"],
  superOptions: ["rw"],
  ...more,
});
const READ_ONLY = ["ro", "nosuid", "nodev"];

/** Whole walls, by what the kernel says of them. */
const WHOLE: Seen = {
  rights: {
    Uid: "20001\t20001\t20001\t20001",
    Gid: "20001\t20001\t20001\t20001",
    ...Object.fromEntries(["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((set) => [set, "0000000000000000"])),
    NoNewPrivs: "1",
    Seccomp: "2",
    Seccomp_filters: "1",
  },
  mounts: [
    mount("/", { options: READ_ONLY }),
    mount("/dev", { options: READ_ONLY }),
    mount("/usr", { options: READ_ONLY }),
    mount("/tmp", { superOptions: ["rw", "size=262144k"] }),
    mount("/dev/shm", { superOptions: ["rw", "size=65536k"] }),
    mount("/dev/pts", { type: "devpts", superOptions: ["rw", "max=256"] }),
    mount("/work", { root: "/work" }),
    mount("/outputs", { root: "/outputs" }),
    mount("/home/task", { root: "/home" }),
    mount("/uploads", { root: "/uploads", options: READ_ONLY }),
    mount("/task", { options: READ_ONLY }),
  ],
  descriptors: new Map([
    [0, "socket:[1]"],
    [1, "socket:[2]"],
    [2, "socket:[3]"],
    [3, "/dev/null"],
  ]),
  variables: ["PATH", "HOME"],
  namespaces: { pid: "pid:[2]", ipc: "ipc:[2]", uts: "uts:[2]", net: "net:[2]", user: "user:[2]" },
  devices: ["lo"],
  session: "7",
  group: "/groups/a",
  bounds: { "memory.max": "1073741824", "pids.max": "512", "cpu.weight": "100" },
  nestedRefusal: "unshare failed: No space left on device",
};

/** The layers that do not hold where the kernel says something else. */
function broken(change: Partial<Seen>, runs = false): TaskLayer[] {
  const layers = judgeLayers({ ...WHOLE, ...change }, CONFINEMENT, runs, MACHINE);
  assert.deepEqual(layers.map(({ layer }) => layer).sort(), [...taskLayer.options].sort());
  return layers.flatMap(({ layer, holds }) => (holds ? [] : [layer]));
}

const rights = (change: Record<string, string>) => ({ rights: { ...WHOLE.rights, ...change } });
const namespace = (change: Partial<Seen["namespaces"]>) => ({ namespaces: { ...WHOLE.namespaces, ...change } });
const bounds = (change: Seen["bounds"]) => ({ bounds: { ...WHOLE.bounds, ...change } });
const changed = (target: string, change: Partial<Mount>) => ({
  mounts: WHOLE.mounts.map((one) => (one.target === target ? { ...one, ...change } : one)),
});
const without = (target: string) => ({ mounts: WHOLE.mounts.filter((one) => one.target !== target) });
const opened = (fd: number, target: string) => ({ descriptors: new Map([...WHOLE.descriptors, [fd, target]]) });

test("each layer holds where the walls are whole", () => assert.deepEqual(broken({}), []));

const CASES: [what: string, layer: TaskLayer, change: Partial<Seen>][] = [
  ["something else is mounted", "view", { mounts: [...WHOLE.mounts, mount("/run")] }],
  ["its folder is another one", "view", changed("/work", { root: "/other" })],
  ["its home is not there", "view", without("/home/task")],
  ["files may make devices", "view", changed("/tmp", { options: ["rw", "nosuid"] })],
  ["set-id files count", "view", changed("/work", { options: ["rw", "nodev"] })],
  ["it can write what its agent is told", "view", changed("/task", { options: ["rw", "nosuid", "nodev"] })],
  ["nothing is mounted at all", "view", { mounts: [] }],
  ["its processes are the machine's", "pid", namespace({ pid: "pid:[1]" })],
  ["its queues are the machine's", "ipc", namespace({ ipc: "ipc:[1]" })],
  ["its name is the machine's", "uts", namespace({ uts: "uts:[1]" })],
  ["its network is the machine's", "net", namespace({ net: "net:[1]" })],
  ["its network is another slot's", "net", namespace({ net: "net:[3]" })],
  ["its network leads elsewhere", "net", { devices: ["lo", "eth0"] }],
  ["its users are the machine's", "user", namespace({ user: "user:[1]" })],
  ["it can make users of its own", "nested-users", { nestedRefusal: undefined }],
  ["it is root", "uid", rights({ Uid: "0\t0\t0\t0" })],
  ["it is in root's group", "uid", rights({ Gid: "20001\t0\t20001\t20001" })],
  ["it has a capability", "capabilities", rights({ CapEff: "0000000000000080" })],
  ["it could get a capability", "capabilities", rights({ CapBnd: "0000000000000080" })],
  ["programs may give it rights", "capabilities", rights({ NoNewPrivs: "0" })],
  ["it has no filter", "seccomp", rights({ Seccomp: "0" })],
  ["its memory has no bound", "memory", bounds({ "memory.max": "max" })],
  ["its memory has another bound", "memory", bounds({ "memory.max": "1099511627776" })],
  ["its processes have no bound", "processes", bounds({ "pids.max": "max" })],
  ["its processes have another bound", "processes", bounds({ "pids.max": "5120" })],
  ["its part of the processor is another", "cpu", bounds({ "cpu.weight": "10000" })],
  ["there is no part of the processor", "cpu", { bounds: { "memory.max": "1073741824", "pids.max": "512" } }],
  ["its /tmp has no bound", "tmpfs", changed("/tmp", { superOptions: ["rw"] })],
  ["its /tmp has another bound", "tmpfs", changed("/tmp", { superOptions: ["rw", "size=268435456k"] })],
  ["its /dev/shm has another bound", "tmpfs", changed("/dev/shm", { superOptions: ["rw", "size=655360k"] })],
  ["its terminals have no bound", "tmpfs", changed("/dev/pts", { superOptions: ["rw"] })],
  ["its root can be written", "tmpfs", changed("/", { options: ["rw", "nosuid", "nodev"] })],
  ["a directory was left open", "descriptors", opened(12, "/run/piwork")],
  ["the machine's disk was left open", "descriptors", opened(100, "/dev/vda")],
  ["its input is a file", "descriptors", opened(0, "/run/piwork/secret")],
  ["it has a variable of taskd", "environment", { variables: ["PATH", "UV_THREADPOOL_SIZE"] }],
  ["its session is taskd's", "session", { session: "1" }],
  ["its uploads can be written", "uploads", changed("/uploads", { options: ["rw", "nosuid", "nodev"] })],
];
for (const [what, layer, change] of CASES)
  test(`${what}: '${layer}' does not hold`, () => assert.equal(broken(change).includes(layer), true));

test("each layer has a case, and no case but that of a view without mounts breaks another layer", () => {
  assert.deepEqual([...new Set(CASES.map(([, layer]) => layer))].sort(), [...taskLayer.options].sort());
  for (const [what, layer, change] of CASES)
    if (change.mounts?.length !== 0) assert.deepEqual(broken(change), [layer], what);
});

test("in another control group no bound counts", () =>
  assert.deepEqual(broken({ group: "/groups/b" }), ["memory", "processes", "cpu"]));

test("a program that runs may have opened sockets, and nothing of the machine", () => {
  assert.deepEqual(broken(opened(5, "socket:[9]")), ["descriptors"]);
  assert.deepEqual(broken(opened(5, "socket:[9]"), true), []);
  assert.deepEqual(broken(opened(5, "/run/piwork"), true), ["descriptors"]);
});
