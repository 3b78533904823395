import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Log, redact } from "./log.ts";

test("a log that cannot be opened is refused with the option that moves it", () => {
  const base = mkdtempSync(join(tmpdir(), "piwork-log-"));
  try {
    mkdirSync(join(base, "piwork.previous.log"));
    new Log(base).close();
    for (const directory of [base, join(base, "missing"), "/proc"]) {
      assert.throws(() => new Log(directory), /cannot be used: .*--logs/, directory);
    }
  } finally {
    rmSync(base, { recursive: true });
  }
});

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

test("a log that gets long is begun anew, and what was before is kept once", () => {
  const base = mkdtempSync(join(tmpdir(), "piwork-log-"));
  try {
    const log = new Log(base);
    const many = Array.from({ length: 500 }, () => "x".repeat(2_000));
    for (let line = 0; line < 40; line++) log.info("flood", { many });
    log.close();
    const bytes = readdirSync(base).map((name) => statSync(join(base, name)).size);
    assert.equal(bytes.length, 2);
    assert.equal(Math.max(...bytes) < 34 * 1024 * 1024, true, `${bytes}`);
  } finally {
    rmSync(base, { recursive: true });
  }
});
