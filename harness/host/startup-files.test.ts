import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { $ } from "zx";
import { REPOSITORY } from "../../runtime/state/places.ts";

const home = mkdtempSync(join(tmpdir(), "piwork-home-"));
test.after(() => rmSync(home, { recursive: true }));

test("no command of a suite reads the user's startup files for bash", async () => {
  for (const name of [".bashrc", "environment"]) writeFileSync(join(home, name), `echo ${name} was read\n`);
  const program = `import "./harness/runtimes/piwork.ts"; import { $ } from "zx"; process.stdout.write((await $\`echo done\`).stdout);`;
  const words = [process.execPath, "--import", "tsx", "--input-type=module", "-e", program];
  const env = { ...process.env, HOME: home, SHLVL: "1" };
  // Cron, systemd and CI set no SHLVL.
  const run = $({ cwd: REPOSITORY, env, quiet: true });
  const { stdout } = await run`exec env -u SHLVL BASH_ENV=${join(home, "environment")} ${words}`;
  assert.equal(stdout, "done\n");
});
