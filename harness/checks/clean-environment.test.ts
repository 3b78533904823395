import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { $ } from "zx";
import { REPOSITORY } from "../../runtime/state/places.ts";

const home = mkdtempSync(join(tmpdir(), "piwork-odd-home-"));
test.after(() => rmSync(home, { recursive: true }));

/** What a person's shell may have in it, each of which has changed the outcome of some program. */
const ODD = {
  TZ: "Asia/Kathmandu",
  LANG: "tr_TR.UTF-8",
  LC_ALL: "tr_TR.UTF-8",
  LANGUAGE: "tr",
  GIT_DIR: "/nowhere",
  GIT_EDITOR: "false",
  GIT_CONFIG_PARAMETERS: "'core.bare=true'",
  EDITOR: "false",
  PAGER: "false",
  NODE_OPTIONS: "--no-warnings",
  NODE_ENV: "production",
  XDG_CONFIG_HOME: home,
  XDG_DATA_DIRS: home,
  npm_config_ignore_scripts: "false",
  npm_config_prefix: home,
  FORCE_COLOR: "3",
  BASH_ENV: "/nowhere",
  LD_LIBRARY_PATH: home,
};

/** What a suite that starts in such an environment sees of it, and hands on to git. */
const LOOK = `
import "./harness/checks/checks.ts";
import { execFileSync } from "node:child_process";
const git = (...words) => execFileSync("git", words, { encoding: "utf8" }).trim();
console.log(JSON.stringify({
  names: Object.keys(process.env).sort(),
  language: execFileSync("locale", ["charmap"], { encoding: "utf8" }).trim(),
  hour: new Date(0).getHours(),
  umask: process.umask(),
  settings: git("config", "--list", "--name-only", "--show-scope").split("\\n").filter((line) => !line.startsWith("local")),
}));`;

test("a suite sees nothing of the language, time zone, umask and settings of the user who starts it", async () => {
  writeFileSync(
    join(home, ".gitconfig"),
    "[core]\n\tautocrlf = true\n\thooksPath = /nowhere\n[commit]\n\tgpgsign = true\n[init]\n\tdefaultBranch = odd\n",
  );
  const environment = { PATH: process.env["PATH"], HOME: home, http_proxy: "http://127.0.0.1:9", ...ODD };
  const shell = $({ cwd: REPOSITORY, quiet: true, env: environment });
  const look = await shell`umask 077; exec ${process.execPath} --import tsx --input-type=module --eval ${LOOK}`;
  const seen = JSON.parse(look.stdout);
  const git = ["COUNT", "GLOBAL", "KEY_0", "NOSYSTEM", "VALUE_0"].map((name) => `GIT_CONFIG_${name}`);
  assert.deepEqual(seen, {
    names: [...git, "HOME", "LC_ALL", "PATH", "SHLVL", "TZ", "http_proxy"],
    language: "UTF-8",
    hour: 0,
    umask: 0o022,
    settings: ["command\tsafe.directory"],
  });
});
