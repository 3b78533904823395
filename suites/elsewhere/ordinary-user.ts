import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import type { Check } from "../../harness/checks/checks.ts";
import { Life } from "./life.ts";

/** A suite that an ordinary user runs, on a machine that others keep busy. */
const SUITE_MS = 3_600_000;

/** Checks that share a user; `close` removes it. */
export interface Part {
  checks: Check[];
  close(): Promise<void>;
}

/** Start, task, prompt, a file both ways, stop: what every run of the gate shows. */
export function ordinaryUserShort(): Part {
  const life = new Life(false);
  const up = [process.execPath, "runtime/cli/piwork.mjs", "up", "--headless", "--pool", "0"];
  return { checks: [starts(life, up), worksInFolder(life), stops(life)], close: () => life.close() };
}

/** `npm start` itself, the README's tour in both isolations, kill -9, and the attacks of agents and callers. */
export function ordinaryUserLong(): Part {
  const life = new Life(true);
  const npmStart = ["npm", "start", "--"];
  const shared = [...npmStart, "--isolation", "shared"];
  const of = (name: string, check: Check) => ({ ...check, id: check.id.replace("user.", `user.${name}-`) });
  return {
    checks: [
      of("npm", starts(life, npmStart)),
      of("npm", worksInFolder(life)),
      ...tour(life),
      killed(life, npmStart),
      of("npm", stops(life)),
      of("shared", starts(life, shared)),
      of("shared", worksInFolder(life)),
      of("shared", stops(life)),
      suite(life, "agent", "what a task's agent tries"),
      suite(life, "host", "what a caller of the control API tries"),
    ],
    close: () => life.close(),
  };
}

function starts(life: Life, up: string[]): Check {
  return {
    id: "ordinary-user.start",
    claim: "an ordinary user starts a runtime, with nothing of root's",
    run: () => life.start(...up),
  };
}

function worksInFolder(life: Life): Check {
  return {
    id: "ordinary-user.folder",
    claim: "a task works in the user's folder: it reads what the user wrote, and what it writes is the user's own",
    async run() {
      await life.shell("rm -f ~/workspace/demo/*; echo from the user >~/workspace/demo/given");
      await life.piwork("task", "create", "Demo", "--folder", "demo", "--shared-folder");
      assert.match(await life.prompt("run: cat given; umask 022; echo from the task >made"), /^from the user$/m);
      const made = life.at("workspace/demo/made");
      assert.equal(readFileSync(made, "utf8"), "from the task\n");
      const { uid, mode } = statSync(made);
      assert.deepEqual([uid, mode & 0o7777], [life.user.uid, 0o644]);
    },
  };
}

function stops(life: Life): Check {
  return {
    id: "ordinary-user.stop",
    claim: "'piwork down' ends it, and neither a process nor a socket of it is left",
    async run() {
      const { code, output } = await life.end(() => life.piwork("down"));
      assert.equal(code, 0, output);
      assert.deepEqual(life.sockets(), []);
    },
  };
}

function tour(life: Life): Check[] {
  return [
    {
      id: "ordinary-user.commands",
      claim: "exec, import, bind, files and preview do for an ordinary user what the README shows",
      async run() {
        assert.equal(await life.piwork("exec", "--", "sh", "-c", "cat given"), "from the user\n");
        await life.piwork("task", "create", "Other");
        await life.prompt("remember the milk");
        await life.piwork("task", "bind", life.at("workspace/later"));
        await life.shell("echo imported >~/words");
        await life.piwork("import", life.at("words"));
        assert.equal(await life.piwork("preview", "--area", "uploads", "words"), "imported\n");
        await life.prompt("run: cat /uploads/words >copy");
        assert.match(await life.piwork("files"), /copy/);
        assert.equal(readFileSync(life.at("workspace/later/copy"), "utf8"), "imported\n");
      },
    },
    {
      id: "ordinary-user.resume",
      claim: "a task that was stopped goes on with its conversation",
      async run() {
        await life.piwork("task", "stop");
        assert.match(await life.prompt("recall"), /remember the milk/);
      },
    },
    {
      id: "ordinary-user.told",
      claim: "status, list, diag, dump-state and the panel tell an ordinary user all there is, and nothing contradicts",
      async run() {
        assert.match(await life.piwork("task", "list"), /Other/);
        assert.match(await life.piwork("diag"), /all \d+ layers hold/);
        assert.match(await life.piwork("dump-state"), /no contradictions/);
        const [page = ""] = /http:\/\/127\.0\.0\.1:\d+\//.exec(await life.piwork("panel")) ?? [];
        assert.equal((await fetch(page)).status, 200);
      },
    },
    {
      id: "ordinary-user.delete",
      claim: "a task that is deleted leaves the user's folder as it was",
      async run() {
        const { tasks } = await life.status();
        const other = tasks.find(({ title }) => title === "Other") ?? assert.fail("the task is not there");
        await life.piwork("task", "delete", other.id, "--yes");
        assert.equal(readFileSync(life.at("workspace/later/copy"), "utf8"), "imported\n");
      },
    },
  ];
}

function killed(life: Life, up: string[]): Check {
  return {
    id: "ordinary-user.kill-9",
    claim:
      "kill -9 of an ordinary user's runtime leaves no process; the next one has the task, its conversation, and no socket of before",
    deadlineMs: SUITE_MS,
    async run() {
      await life.piwork("task", "create", "Kept");
      await life.prompt("remember me");
      await life.end(({ pid }) => process.kill(pid, "SIGKILL"));
      const left = life.sockets().filter((path) => path.includes("machine-"));
      assert.notDeepEqual(left, [], "there was nothing to remove");
      await life.start(...up);
      const { machines } = await life.status();
      const stale = left.filter((path) => !machines.some(({ id }) => path.includes(`${id}/`)));
      assert.deepEqual(
        life.sockets().filter((path) => stale.includes(path)),
        [],
      );
      assert.match(await life.prompt("recall"), /remember me/);
    },
  };
}

function suite(life: Life, lane: string, tries: string): Check {
  return {
    id: `ordinary-user.attacks-by-${lane}`,
    claim: `${tries} comes to nothing where an ordinary user runs the runtime`,
    deadlineMs: SUITE_MS,
    async run() {
      // The filter looks at 'ID LANE': with the blank it finds the lane alone.
      const { code, output } = await life.user.run([
        process.execPath,
        "--import",
        "tsx",
        "suites/negative.ts",
        ` ${lane}`,
      ]);
      const closing = output.trim().split("\n").at(-1);
      assert.equal(
        code,
        0,
        output
          .split("\n")
          .filter((line) => !line.startsWith("ok "))
          .join("\n"),
      );
      return { closing };
    },
  };
}
