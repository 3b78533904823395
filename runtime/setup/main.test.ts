import assert from "node:assert/strict";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import { REPOSITORY } from "../state/places.ts";

const base = mkdtempSync(join(tmpdir(), "piwork-setup-"));
const setUps: SetUp[] = [];
test.after(() => {
  for (const setUp of setUps) setUp.endAll();
  rmSync(base, { recursive: true });
});

/** In a process group of its own, so that all of it can be ended. */
function start(root: string, words: string[], path: string) {
  const options = { cwd: root, env: { PATH: path }, extendEnv: false, detached: true, reject: false } as const;
  return execa(process.execPath, ["runtime/setup/main.mjs", ...words], options);
}

/** A checkout that is not set up, on a machine whose package clients only pretend. `npm ci` ends once `finish` is called. */
function checkout(name: string) {
  const root = join(base, name);
  for (const room of ["setup", "linux"])
    cpSync(join(REPOSITORY, "runtime", room), join(root, "runtime", room), { recursive: true });
  copyFileSync(join(REPOSITORY, "package-lock.json"), join(root, "package-lock.json"));
  mkdirSync(join(root, "bin"));
  const program = (file: string, script: string) => {
    writeFileSync(join(root, "bin", file), `#!/bin/sh\n${script}\n`);
    chmodSync(join(root, "bin", file), 0o755);
  };
  program("apt-get", "exit 1");
  program(
    "dpkg-query",
    `for name in qemu-system-x86 bubblewrap erofs-utils xz-utils git libcap2-bin procps; do echo "$name installed"; done`,
  );
  program("npm", `echo run >> runs; mkfifo gate 2>/dev/null; read -r word < gate; mkdir -p node_modules`);
  return {
    runs: () => readFileSync(join(root, "runs"), "utf8").trim().split("\n").length,
    finish: () => writeFileSync(join(root, "gate"), "go\n"),
    setUp: (words: string[], path = `${join(root, "bin")}:/usr/bin:/bin`) => {
      const setUp = new SetUp(start(root, words, path));
      setUps.push(setUp);
      return setUp;
    },
  };
}

class SetUp {
  readonly child: ReturnType<typeof start>;
  /** its exit code, or the signal that ended it */
  readonly ended: Promise<number | string | undefined>;
  output = "";

  constructor(child: SetUp["child"]) {
    this.child = child;
    this.ended = child.then(({ exitCode, signal }) => exitCode ?? signal);
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (this.output += data));
  }

  /** Ends it and what it started, where a failed test left them. */
  endAll(): void {
    try {
      this.signalAll("SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** As a terminal does it: to every process of the group. */
  signalAll(signal: NodeJS.Signals): void {
    process.kill(-(this.child.pid ?? Number.NaN), signal);
  }

  async says(words: string): Promise<void> {
    while (!this.output.includes(words)) {
      const more = new Promise<true>((resolve) => {
        for (const stream of [this.child.stdout, this.child.stderr]) stream?.once("data", () => resolve(true));
      });
      const goesOn = await Promise.race([more, this.ended.then(() => this.output.includes(words))]);
      if (!goesOn) throw new Error(`it ended without saying '${words}': ${this.output}`);
    }
  }
}

const up = (words: string) => ["runtime/cli/piwork.mjs", "up", ...words.split(" ").filter(Boolean)];

for (const [words, option] of [
  ["--bogus", "--bogus"],
  ["--headless --acc=tcg", "--acc=tcg"],
] as const) {
  test(`'npm start -- ${words}' is refused before set-up`, async () => {
    const setUp = checkout(words).setUp(up(words));
    assert.deepEqual(
      [await setUp.ended, setUp.output],
      [2, `piwork: '${option}' is not known; 'npm start -- --help' shows what there is.\n`],
    );
  });
}

for (const words of ["", "--headless --accel=tcg --workspace /w=x", "--version"]) {
  test(`'npm start -- ${words}' goes on to set-up`, async () => {
    const setUp = checkout(`good ${words.replaceAll("/", "")}`).setUp(up(words), "/nowhere");
    await setUp.ended;
    assert.match(setUp.output, /apt-get is needed for set-up/);
  });
}

test("a second set-up in a checkout waits for the first, and installs nothing again", { timeout: 30_000 }, async () => {
  const here = checkout("two");
  const first = here.setUp(["--eval", "console.log('first runs')"]);
  await first.says("npm ci …");
  const second = here.setUp(["--eval", "console.log('second runs')"]);
  await second.says("waiting for it");
  here.finish();
  assert.deepEqual([await first.ended, await second.ended], [0, 0], first.output + second.output);
  assert.match(first.output, /first runs/);
  assert.match(second.output, /second runs/);
  assert.equal(here.runs(), 1);
});

test("Ctrl-C ends a set-up that waits, and the first one goes on", { timeout: 30_000 }, async () => {
  const here = checkout("interrupted");
  const first = here.setUp(["--eval", "0"]);
  await first.says("npm ci …");
  const second = here.setUp(["--eval", "0"]);
  await second.says("waiting for it");
  second.signalAll("SIGINT");
  assert.equal(await second.ended, "SIGINT");
  here.finish();
  assert.equal(await first.ended, 0, first.output);
});
