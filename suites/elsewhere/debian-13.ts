import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { $ } from "zx";
import { type Check, Run, type Tally } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { findImage } from "../../runtime/state/image.ts";
import { findPlaces, REPOSITORY } from "../../runtime/state/places.ts";
import { freshMachine, haveDebianRoot } from "./debian-root.ts";
import { checkoutOf, homeOf, Machine, type MachineFiles } from "./machine.ts";
import { copyNpmSettings } from "./network.ts";
import { keepOutput } from "./step.ts";

export interface Choices {
  /** leave out `npm test` */
  quick: boolean;
  /** leave what the machine wrote when it is over */
  keep: boolean;
  /** take this machine's guest image along instead of having it built there */
  image: boolean;
  /** run this there, instead of the README's commands */
  command: string | undefined;
}

/** From nothing to the ready line: packages, the guest image, and a machine. */
const FIRST_START_MS = 1_200_000;
const NPM_TEST_MS = 5_400_000;
const STEP_MS = 180_000;

/** The README's commands, in a fresh Debian 13 that has only Node and npm. */
export async function debian13(choices: Choices): Promise<Tally> {
  needRoot();
  const run = new Run("elsewhere-debian-13", { command: "npx mise run test-elsewhere debian-13" });
  await using machine = await Machine.start(await withThisCommit(run.directory, choices));
  const checks = [...firstUse(machine, run.directory), ...(choices.quick ? [] : [ownTest(machine, run.directory)])];
  run.expect(checks);
  await run.perform(checks);
  return run.finish();
}

/** Runs a command in a fresh machine, on this terminal; gives its exit code. */
export async function commandThere(command: string, logs: string, choices: Choices): Promise<number> {
  needRoot();
  await using machine = await Machine.start(await withThisCommit(logs, choices));
  return await machine.runHere(["sh", "-c", command]);
}

function needRoot(): void {
  if (process.getuid?.() !== 0)
    throw new Error(
      "debian-13 needs root: debootstrap makes devices and mounts. Run it with sudo, or name another part.",
    );
}

/** What a machine needs to run this commit. */
async function withThisCommit(logs: string, { keep, image }: Choices): Promise<MachineFiles> {
  const files = freshMachine(await haveDebianRoot(logs), keep);
  copyNpmSettings(homeOf(files));
  const { stdout: changed } = await $({ quiet: true, cwd: REPOSITORY })`git status --porcelain`;
  if (changed !== "") console.log("this checkout has changes that are not committed; they are not taken along");
  await $({ quiet: true })`git clone --quiet --no-hardlinks ${REPOSITORY} ${checkoutOf(files)}`;
  if (image) takeImage(homeOf(files));
  if (keep) console.log(`what that machine writes stays: ${files.directory}`);
  return files;
}

function takeImage(home: string): void {
  const found = findImage(findPlaces().cache, REPOSITORY);
  if (found === undefined) throw new Error("this checkout has no guest image to take along; 'npm run setup' builds it");
  const images = join(home, ".cache/piwork/images");
  mkdirSync(images, { recursive: true });
  cpSync(found.dir, join(images, basename(found.dir)), { recursive: true });
}

/** What someone does first, as the README has it. */
function firstUse(machine: Machine, logs: string): Check[] {
  const folder = join(checkoutOf(machine.files), "tmp/workspace/sample");
  let start: ReturnType<Machine["run"]> | undefined;
  const piwork = async (...words: string[]) => {
    const { exitCode, stdout, stderr } = await machine.run(["npx", "piwork", ...words]);
    return { exitCode, stdout, stderr };
  };
  return [
    {
      id: "elsewhere.start",
      claim: "'npm start' brings all it needs, and a machine answers",
      deadlineMs: FIRST_START_MS,
      async run() {
        const started = performance.now();
        start = machine.run(["npm", "start"]);
        const output = showOutput(start);
        void keepOutput(start, join(logs, "npm-start.log"));
        let code: number | null | undefined;
        void start.then(({ exitCode }) => {
          code = exitCode;
        });
        await waitFor("the ready line of 'npm start'", FIRST_START_MS, () => {
          if (code !== undefined) throw new Error(`'npm start' ended with ${code}; its words are in npm-start.log`);
          return /^ready: /m.test(output()) || undefined;
        });
        const seconds = Math.round((performance.now() - started) / 1000);
        return { seconds, ...(await versions(machine)) };
      },
    },
    {
      id: "elsewhere.task",
      claim: "a task is made in a folder",
      async run() {
        const made = await piwork("task", "create", "demo", "--folder", "tmp/workspace/sample");
        assert.equal(made.exitCode, 0, made.stderr);
        return made;
      },
    },
    {
      id: "elsewhere.prompt",
      claim: "its agent runs a command as the task's own user",
      async run() {
        const answer = await piwork("prompt", "run: id");
        assert.equal(answer.exitCode, 0, answer.stderr);
        assert.match(answer.stdout, /^uid=\d+\(task\) gid=\d+\(task\)/m);
        return answer;
      },
    },
    {
      id: "elsewhere.files",
      claim: "a file of this side is read there, one of that side is read here, and an exit code passes",
      async run() {
        writeFileSync(join(folder, "there"), "from this side\n");
        const { exitCode, stdout } = await piwork("exec", "--", "sh", "-c", "cat there; echo made > here; exit 7");
        assert.equal(exitCode, 7);
        assert.equal(stdout, "from this side\n");
        assert.equal(readFileSync(join(folder, "here"), "utf8"), "made\n");
      },
    },
    {
      id: "elsewhere.down",
      claim: "'piwork down' ends it, and nothing of it goes on",
      async run() {
        const down = await piwork("down");
        assert.equal(down.exitCode, 0, down.stderr);
        const ended = await start?.timeout(STEP_MS);
        assert.equal(ended?.exitCode, 0, "'npm start' ended otherwise");
        assert.deepEqual(await processes(machine), []);
      },
    },
  ];
}

/** The gate of this version, there. */
function ownTest(machine: Machine, logs: string): Check {
  return {
    id: "elsewhere.npm-test",
    claim: "'npm test' passes",
    deadlineMs: NPM_TEST_MS,
    async run() {
      const test = machine.run(["npm", "test"]);
      const output = showOutput(test);
      const { exitCode } = await keepOutput(test, join(logs, "npm-test.log"));
      const closing = output().trimEnd().split("\n").at(-1);
      assert.match(
        closing ?? "",
        /^\d+ passed, 0 failed/,
        `'npm test' ended with ${exitCode}; its words are in npm-test.log`,
      );
      assert.equal(exitCode, 0);
      return { closing };
    },
  };
}

/** Shows here what a command prints there, and keeps it. */
function showOutput(command: ReturnType<Machine["run"]>): () => string {
  let output = "";
  for (const stream of [command.stdout, command.stderr])
    stream.on("data", (data: Buffer) => {
      output += data;
      process.stdout.write(`${data}`.replace(/^(?=.)/gm, "  | "));
    });
  return () => output;
}

async function versions(machine: Machine): Promise<object> {
  const ask = async (...words: string[]) => (await machine.run(words)).stdout.split("\n")[0];
  return {
    debian: await ask("cat", "/etc/debian_version"),
    node: await ask("node", "--version"),
    qemu: await ask("qemu-system-x86_64", "--version"),
    bubblewrap: await ask("bwrap", "--version"),
  };
}

/** Names of the processes that run there beside its first ones and the one that looks. */
async function processes(machine: Machine): Promise<string[]> {
  const look =
    'for f in /proc/[0-9]*; do [ "$f" != "/proc/$$" ] && read -r name <"$f/comm" && echo "$name"; done 2>/dev/null; true';
  const { stdout } = await machine.run(["sh", "-c", look]);
  return stdout.split("\n").filter((name) => name !== "" && name !== "sh" && name !== "cat");
}
