import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { execa } from "execa";
import { confirm, Interrupted } from "./interrupt.ts";

const answers: [typed: string, isYes: boolean][] = [
  ["y\n", true],
  ["yes\n", true],
  ["\n", false],
  ["n\n", false],
  ["\u0004", false],
];
for (const [typed, isYes] of answers) {
  test(`${JSON.stringify(typed)} answers ${isYes ? "yes" : "no"}`, async () => {
    const keys = new PassThrough();
    const answer = confirm("sure?", "nothing was done", keys);
    keys.write(typed);
    assert.equal(await answer, isYes);
  });
}

test("Ctrl-C at a question rejects with what was not done", async () => {
  const keys = new PassThrough();
  const answer = confirm("sure?", "nothing was done", keys);
  keys.write("\u0003");
  await assert.rejects(answer, new Interrupted("nothing was done"));
});

test("Ctrl-C while the runtime works says what it does all the same", async () => {
  const program = `
    import { sayOnInterrupt } from ${JSON.stringify(new URL("interrupt.ts", import.meta.url).href)};
    sayOnInterrupt("it is done all the same");
    process.stdout.write("ready");
    await new Promise((resolve) => setTimeout(resolve, 60_000));`;
  const child = execa(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program], {
    reject: false,
  });
  await once(child.stdout, "data");
  child.kill("SIGINT");
  const { exitCode, stderr } = await child;
  assert.equal(exitCode, 130);
  assert.match(stderr, /piwork: it is done all the same/);
});
