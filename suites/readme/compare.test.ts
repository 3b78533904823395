import assert from "node:assert/strict";
import { test } from "node:test";
import { compare } from "./compare.ts";

const differs = (shown: string[], printed: string[], mayGoOn = false) => compare(shown, printed, { mayGoOn });

const ALIKE: [what: string, shown: string, printed: string][] = [
  ["moments", "created  2026-11-30T14:59:38.087Z", "created  2027-01-01T00:00:00.000Z"],
  ["ids of tasks", "task     demo-a2dft9", "task     demo-zzzzzz"],
  ["ids in a list", "*  other-kq6kn6  active  later", "*  other-abcdef  active  later"],
  ["the panel's address", "at http://127.0.0.1:41327/#7c0f…", "at http://127.0.0.1:5000/#0123456789abcdef"],
  ["machines and durations", "ready: machine-1 answers after 0.5 s", "ready: machine-12 answers after 12.0 s"],
  ["sizes", "/uploads/README.md  5512 bytes", "/uploads/README.md  7 bytes"],
  ["anything within a line", "runtime  piwork 0.1.0, …", "runtime  piwork 0.1.0, process 7"],
];
for (const [what, shown, printed] of ALIKE)
  test(`${what} may differ`, () => assert.equal(differs([shown], [printed]), undefined));

const DIFFERENT: [what: string, shown: string, printed: string][] = [
  ["another title in an id", "task     demo-a2dft9", "task     other-a2dft9"],
  ["another word that ends like an id", "state    provider-server", "state    provider-broken"],
  ["no token", "at http://127.0.0.1:41327/#7c0f…", "at http://127.0.0.1:5000/"],
  ["another host", "at http://127.0.0.1:41327/#7c0f…", "at http://0.0.0.0:5000/#0123"],
  ["another port that is no panel's", "http://127.0.0.1:3128", "http://127.0.0.1:3129"],
  ["another exit code", "exit code 7", "exit code 1"],
  ["another path before a size", "/uploads/README.md  5512 bytes", "/uploads/other  5512 bytes"],
  ["a word instead of a duration", "answers after 0.5 s", "answers after all"],
  ["another beginning before anything", "runtime  piwork 0.1.0, …", "runtime  piwork 0.2.0, process 7"],
];
for (const [what, shown, printed] of DIFFERENT)
  test(`${what} is a difference`, () => assert.deepEqual(differs([shown], [printed]), { at: 0, shown, printed }));

test("a line of … alone stands for any lines, none included", () => {
  assert.equal(differs(["…", "b"], ["a", "a", "b"]), undefined);
  assert.equal(differs(["…", "b"], ["b"]), undefined);
  assert.equal(differs(["a", "…"], ["a"]), undefined);
  assert.deepEqual(differs(["…", "bx"], ["a", "by", "c"]), { at: 1, shown: "bx", printed: "by" });
});

test("what is shown and not printed, and what is printed and not shown, differ", () => {
  assert.deepEqual(differs(["a", "b"], ["a"]), { at: 1, shown: "b", printed: undefined });
  assert.deepEqual(differs(["a"], ["a", "b"]), { at: 1, shown: undefined, printed: "b" });
  assert.deepEqual(differs([], ["a"]), { at: 0, shown: undefined, printed: "a" });
});

test("progress of a slow command is passed over, and no other word of piwork", () => {
  assert.equal(differs(["a"], ["piwork: waiting: opening the task", "a"]), undefined);
  assert.deepEqual(differs(["a"], ["piwork: no", "a"]), { at: 0, shown: "a", printed: "piwork: no" });
});

test("a program that still runs may print more, and not less", () => {
  assert.equal(differs(["a"], ["a", "b"], true), undefined);
  assert.deepEqual(differs(["a", "b"], ["a"], true), { at: 1, shown: "b", printed: undefined });
});
