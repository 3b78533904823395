import assert from "node:assert/strict";
import { test } from "node:test";
import { sandboxArguments } from "./sandbox.ts";

const words = sandboxArguments(
  {
    work: "/slot/work",
    outputs: "/own/outputs",
    uploads: "/own/uploads",
    home: "/own/home",
    tmp: "/slot/tmp",
    session: "/slot/session",
  },
  "/work",
  ["sh", "-c", "$(x)"],
);
const values = (option: string) =>
  words.flatMap((word, at) => (word === option ? [`${words[at + 1]} ${words[at + 2]}`] : []));

test("a task sees its own directories, uploads read-only, and the system read-only", () => {
  assert.deepEqual(values("--bind"), [
    "/slot/tmp /tmp",
    "/slot/session /session",
    "/own/home /home/task",
    "/slot/work /work",
    "/own/outputs /outputs",
  ]);
  assert.deepEqual(values("--ro-bind"), ["/usr /usr", "/etc /etc", "/own/uploads /uploads"]);
});

test("nothing of taskd's environment, and a user without privileges", () => {
  assert.equal(words.includes("--clearenv"), true);
  for (const word of ["--reuid=20001", "--regid=20001", "--clear-groups", "--bounding-set=-all", "--no-new-privs"]) {
    assert.equal(words.includes(word), true, word);
  }
});

test("the command is words, never a shell's text", () => assert.deepEqual(words.slice(-3), ["sh", "-c", "$(x)"]));
