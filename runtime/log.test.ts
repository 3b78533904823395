import assert from "node:assert/strict";
import { test } from "node:test";
import { redact } from "./log.ts";

test("values of names that sound secret are taken out at any depth", () => {
  const given = { apiKey: "s", nested: [{ Authorization: "s", keep: "k" }], password: { deep: "s" } };
  assert.deepEqual(redact(given), {
    apiKey: "[redacted]",
    nested: [{ Authorization: "[redacted]", keep: "k" }],
    password: "[redacted]",
  });
});

test("long texts are cut, and say how long they were", () => {
  assert.match(redact("x".repeat(5000)) as string, /^x{2000}… \(5000 characters\)$/);
});

test("an error keeps its words and its cause", () => {
  const error = redact(new Error("outer", { cause: new Error("inner") })) as { text: string; cause: { text: string } };
  assert.deepEqual([error.text, error.cause.text], ["outer", "inner"]);
});
