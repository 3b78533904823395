import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConfinedPaths, confine } from "./confinement.ts";

const paths: ConfinedPaths = {
  image: "/cache/image",
  sockets: "/run/sockets",
  exports: { workspace: "/home/me/work" },
};

/** What is bound, by kind: host path -> inside. */
function binds(option: string, words: string[]): string[] {
  return words.flatMap((word, at) => (word === option ? [`${words[at + 1]} -> ${words[at + 2]}`] : []));
}

test("QEMU sees its image, its sockets, the exported folders and programs, and nothing else of the host", () => {
  const words = confine(paths, "tcg", ["qemu"]);
  assert.deepEqual(binds("--ro-bind", words), ["/usr -> /usr", "/cache/image -> /image"]);
  assert.deepEqual(binds("--bind", words), ["/run/sockets -> /sockets", "/home/me/work -> /export/workspace"]);
  assert.deepEqual(binds("--dev-bind", words), []);
});

test("only KVM adds a device", () => {
  assert.deepEqual(binds("--dev-bind", confine(paths, "kvm", [])), ["/dev/kvm -> /dev/kvm"]);
});

test("no namespace of the host, no capability, no life without its parent", () => {
  const words = confine(paths, "tcg", ["qemu", "-x"]);
  for (const word of ["--unshare-all", "--die-with-parent", "--clearenv"])
    assert.equal(words.includes(word), true, word);
  assert.deepEqual(words.slice(words.indexOf("--cap-drop"), words.indexOf("--cap-drop") + 2), ["--cap-drop", "ALL"]);
  assert.equal(words.includes("--share-net"), false);
  assert.deepEqual(words.slice(words.indexOf("--")), ["--", "qemu", "-x"]);
});
