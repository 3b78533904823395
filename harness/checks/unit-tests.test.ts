import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { $ } from "zx";
import { REPOSITORY } from "../../runtime/state/places.ts";

test("a file that does not end is ended, and named", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "piwork-hung-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const write = (name: string, body: string) => {
    const file = join(directory, name);
    writeFileSync(file, `import { test } from "node:test";\n${body}\n`);
    return file;
  };
  const files = [
    write("sound.test.mjs", 'test("sound", () => {});'),
    write("leaves-open.test.mjs", 'test("leaves a timer", () => { setInterval(() => {}, 1000); });'),
    write("also-sound.test.mjs", 'test("also sound", () => {});'),
    write("waits.test.mjs", 'test("waits", () => new Promise(() => setInterval(() => {}, 1000)));'),
  ];
  const program = join(directory, "run.ts");
  const unitTests = JSON.stringify(join(import.meta.dirname, "unit-tests.ts"));
  writeFileSync(
    program,
    `import { runUnitTests } from ${unitTests};
    const limits = { groupMs: 6000, fileMs: 6000 };
    runUnitTests(${JSON.stringify(files)}, limits).then(({ failures }) => console.log(JSON.stringify(failures)));`,
  );
  // With NODE_TEST_CONTEXT, which this file's own process has, the runner would run none.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await $({ cwd: REPOSITORY, env, quiet: true, timeout: "60s" })`node --import tsx ${program}`;
  const failures: string[] = JSON.parse(stdout);
  assert.match(failures.join("\n"), /did not end in 6 s/);
  for (const [file, guilty] of Object.entries({ "leaves-open": true, waits: true, sound: false, "also-sound": false }))
    assert.equal(new RegExp(`/${file}\\.test\\.mjs`).test(failures.at(-1) ?? ""), guilty, `${file}: ${failures}`);
});
