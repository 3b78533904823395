import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineLayer } from "../protocol/layers.ts";
import { confine, unconfined } from "./confinement.ts";
import { ALL_WALLS, type MachinePaths, refuseUnconfinedRoot, seenByQemu } from "./walls.ts";

const paths: MachinePaths = {
  image: "/cache/image",
  sockets: "/run/sockets",
  exports: [
    { name: "workspace", path: "/home/me/work", isReadOnly: false },
    { name: "lower", path: "/home/me/lower", isReadOnly: true },
  ],
};

const NAMESPACES = ["user", "ipc", "uts", "pid", "net"].map((name) => `--unshare-${name}`);

/** What is bound, by kind: host path -> inside. */
function binds(option: string, words: string[]): string[] {
  return words.flatMap((word, at) => (word === option ? [`${words[at + 1]} -> ${words[at + 2]}`] : []));
}

test("QEMU sees its image, its sockets, the exported folders and programs, and nothing else of the host", () => {
  const words = confine(paths, "tcg", ["qemu"], []);
  assert.deepEqual(binds("--ro-bind", words), [
    "/usr -> /usr",
    "/cache/image -> /image",
    "/home/me/lower -> /export/lower",
  ]);
  assert.deepEqual(binds("--bind", words), ["/run/sockets -> /sockets", "/home/me/work -> /export/workspace"]);
  assert.deepEqual(binds("--dev-bind", words), []);
});

test("only KVM adds a device", () => {
  assert.deepEqual(binds("--dev-bind", confine(paths, "kvm", [], [])), ["/dev/kvm -> /dev/kvm"]);
});

test("no namespace of the host, no capability, no life without its parent", () => {
  const words = confine(paths, "tcg", ["qemu", "-x"], []);
  for (const word of [...NAMESPACES, "--die-with-parent", "--clearenv", "--seccomp"])
    assert.equal(words.includes(word), true, word);
  assert.deepEqual(words.slice(words.indexOf("--cap-drop"), words.indexOf("--cap-drop") + 2), ["--cap-drop", "ALL"]);
  assert.equal(words.includes("--share-net"), false);
  assert.deepEqual(words.slice(words.indexOf("--")), ["--", "qemu", "-x"]);
});

test("the harness can leave out each wall, and only that one", () => {
  const whole = confine(paths, "tcg", ["qemu"], []);
  const missing = (layer: MachineLayer) => {
    const words = confine(paths, "tcg", ["qemu"], [layer]);
    return whole.filter((word) => word.startsWith("--") && !words.includes(word));
  };
  assert.deepEqual(missing("qemu-pid"), ["--unshare-pid", "--as-pid-1", "--proc"]);
  assert.deepEqual(missing("qemu-net"), ["--unshare-net"]);
  assert.deepEqual(missing("qemu-modes"), ["--seccomp"]);
  assert.deepEqual(binds("--dev-bind", confine(paths, "tcg", [], ["qemu-view"])), ["/ -> /"]);
  assert.deepEqual(missing("file-size"), []);
});

test("QEMU is told the paths that it sees", () => {
  const exports = paths.exports.map((one) => ({ ...one, path: `/export/${one.name}` }));
  const inside = { image: "/image", sockets: "/sockets", exports };
  assert.deepEqual(seenByQemu(paths, ALL_WALLS), inside);
  assert.deepEqual(seenByQemu(paths, { ...ALL_WALLS, without: ["qemu-net"] }), inside);
  assert.deepEqual(seenByQemu(paths, { ...ALL_WALLS, without: ["qemu-view"] }), paths);
  assert.deepEqual(seenByQemu(paths, { ...ALL_WALLS, unconfined: true }), paths);
});

test("without namespaces root is refused, and an ordinary user's QEMU dies with the runtime", () => {
  assert.throws(() => refuseUnconfinedRoot(0), /Run it as an ordinary user/);
  refuseUnconfinedRoot(1000);
  assert.deepEqual(unconfined(["qemu"]).slice(0, 2), ["--pdeathsig", "KILL"]);
});
