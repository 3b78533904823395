import assert from "node:assert/strict";
import { test } from "node:test";
import { toJson } from "./attach.ts";

test("JSON that is printed moves no cursor, and says the same", () => {
  const said = { seen: "\u001b[2J\u009b2J\u0085\u007f\u202eevil\u2066 äß…" };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(toJson(said), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  assert.deepEqual(JSON.parse(toJson(said)), said);
});
