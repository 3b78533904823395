import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { manifest, results } from "../../runtime/api/bundle.ts";
import { ownFingerprint } from "../../runtime/evidence/signature.ts";
import { verifyBundle } from "../../runtime/evidence/verify.ts";
import { type Check, Run } from "./checks.ts";

const place = mkdtempSync(join(tmpdir(), "piwork-checks-"));
test.after(() => rmSync(place, { recursive: true }));
const state = join(place, "state");
const newRun = () => new Run("self-test", { command: "none", runs: join(place, "runs"), state, say: () => {} });

async function perform(checks: Check[], expected: Pick<Check, "id">[]) {
  const run = newRun();
  run.expect(expected);
  await run.perform(checks);
  const tally = run.finish();
  const read = (file: string) => JSON.parse(readFileSync(join(run.directory, file), "utf8"));
  return {
    run,
    tally,
    found: results.parse(read("results.json")),
    refusal: verifyBundle(run.directory, ownFingerprint(state)).refusal,
  };
}

const good: Check = { id: "a", claim: "true", run: () => {} };
const bad: Check = { id: "b", claim: "false", run: () => assert.fail("seen otherwise") };

test("a check that throws fails and the next one runs", async () => {
  const { tally, refusal } = await perform([bad, good], [good, bad]);
  assert.deepEqual(tally, { passed: 1, failed: 1, skipped: 0 });
  assert.equal(refusal?.kind, "failed");
});

test("a check that was expected and did not run fails the run", async () => {
  const { tally } = await perform([good], [good, bad]);
  assert.deepEqual(tally, { passed: 1, failed: 1, skipped: 0 });
});

for (const isRoot of [true, false])
  test(`a check that takes root ${isRoot ? "runs for root" : "is skipped for others, with its reason, in a bundle that is believed"}`, async () => {
    const run = new Run("self-test", { command: "none", runs: join(place, "runs"), state, say: () => {}, isRoot });
    const checks = [good, { ...bad, needsRoot: "of a device" }];
    run.expect(checks);
    await run.perform(checks);
    assert.deepEqual(run.finish(), { passed: 1, failed: isRoot ? 1 : 0, skipped: isRoot ? 0 : 1 });
    const { skipped } = results.parse(JSON.parse(readFileSync(join(run.directory, "results.json"), "utf8")));
    assert.deepEqual(skipped, isRoot ? undefined : [{ id: "b", claim: "false", reason: "of a device" }]);
    const { refusal } = verifyBundle(run.directory, ownFingerprint(state));
    assert.equal(refusal?.kind, isRoot ? "failed" : undefined);
  });

test("a check that nobody expected is in no bundle that is believed", async () => {
  const { refusal } = await perform([good, { ...good, id: "c" }], [good]);
  assert.equal(refusal?.kind, "checks");
});

test("an attack is marked as one, with what was seen on both sides", async () => {
  const [target, control] = [
    { through: false, seen: "nothing" },
    { through: true, seen: "a canary" },
  ];
  const attack: Check = {
    ...good,
    attack: { tried: "cat", oracle: "eyes" },
    run: async () => ({ target, control, more: 1 }),
  };
  const { found, refusal } = await perform([attack], [attack]);
  assert.deepEqual(found.results[0]?.attack, { tried: "cat", oracle: "eyes", target, control });
  assert.deepEqual(found.results[0]?.evidence, { more: 1 });
  assert.equal(refusal, null);
});

test("what was logged while a check failed is kept with it, and nothing of others", async () => {
  const run = newRun();
  const log = join(run.directory, "any.log");
  const write = (line: string) => writeFileSync(log, `${line}\n`, { flag: "a" });
  write("x".repeat(5_000));
  const failing: Check = {
    ...bad,
    run() {
      write("just now");
      assert.fail("seen otherwise");
    },
  };
  run.expect([good, failing]);
  await run.perform([good, failing]);
  const [calm, failed] = run.results;
  assert.equal(calm?.logs, undefined);
  assert.deepEqual(failed?.logs, [{ file: "any.log", text: "just now\n" }]);
});

test("a run that has not ended says so, and lists what it was to do", () => {
  const run = newRun();
  run.expect([good]);
  const open = manifest.parse(JSON.parse(readFileSync(join(run.directory, "manifest.json"), "utf8")));
  assert.deepEqual([open.finishedAt, open.expected], [null, ["a"]]);
  assert.equal(verifyBundle(run.directory, ownFingerprint(state)).refusal?.kind, "incomplete");
});

test("a secret in what was seen is in no file", async () => {
  const secret = `sk-${"s".repeat(30)}`;
  const { run } = await perform([{ ...good, run: async () => ({ seen: secret }) }], [good]);
  for (const file of ["results.json", "results.jsonl", "report.html"])
    assert.equal(readFileSync(join(run.directory, file), "utf8").includes(secret), false, file);
});

test("what a task had a check say moves no cursor", async () => {
  const said: string[] = [];
  const run = new Run("self-test", {
    command: "none",
    runs: join(place, "runs"),
    state,
    say: (words) => said.push(words),
  });
  const told = () => assert.fail("\u001b[1A\u009b2Kok\u202e \u001b[32mgreen\u001b[39m");
  run.expect([good]);
  await run.perform([{ ...good, run: told }]);
  run.finish();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(said.join("\n"), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  assert.match(said.join("\n"), /ok\\x202e green/);
});
