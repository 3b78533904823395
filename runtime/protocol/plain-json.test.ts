import assert from "node:assert/strict";
import { test } from "node:test";
import { MESSAGE_DEPTH, parsePlainJson } from "./plain-json.ts";

const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

const accepted = ["1", "null", '"x"', "{}", '{"a":[{"b":null}]}', '{"constructor":1}', nested(MESSAGE_DEPTH)];
for (const text of accepted) {
  test(`${text.slice(0, 30)} is parsed`, () => assert.deepEqual(parsePlainJson(text), JSON.parse(text)));
}

const refused = [
  "",
  "{",
  "undefined",
  '{"__proto__":1}',
  '[{"a":{"__proto__":{}}}]',
  nested(MESSAGE_DEPTH + 1),
  nested(100_000),
  "[".repeat(1_000_000),
];
for (const text of refused) {
  test(`${text.slice(0, 30)} (${text.length}) is not`, () => assert.equal(parsePlainJson(text), undefined));
}
