import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { standing } from "../../harness/checks/choose.ts";
import { heartbeat, heartbeatCommand } from "../../harness/host/processes.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { piwork, type RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";

/** Commands beside the agent, in the active task with the folder 'demo'. */
export function commands(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  const folder = join(sandbox.workspace, "demo");
  const client = () => runtime().client;
  const talk = new Talk(client);
  const cli = (...words: string[]) => piwork([...sandbox.words, ...words]);

  return standing("task.create", [
    {
      id: "exec.exit-code",
      claim: "exec passes stdout, stderr and the exit code through the command line",
      async run() {
        const { code, stdout, stderr } = await cli("exec", "--", "sh", "-c", "echo out; echo err >&2; exit 7");
        assert.deepEqual({ code, stdout, stderr }, { code: 7, stdout: "out\n", stderr: "err\n" });
      },
    },
    {
      id: "exec.as-written",
      claim: "a program is found by its whole name, whatever stands in it, and never handed to a shell",
      async run() {
        const { code, stdout } = await cli("exec", "--", "echo handed; exit 0");
        assert.deepEqual({ code, stdout }, { code: 127, stdout: "" });
      },
    },
    {
      id: "exec.environment",
      claim: "a command has the same environment in a sandbox that waited for it and in one that was made for it",
      async run() {
        // Before the command line has started, a sandbox waits; before the first command has ended, no other one does.
        const show = "tr '\\0' '\\n' </proc/$$/environ | sort"; // a shell mends its own variables
        const held = `${show}; touch began; until [ -e second ]; do sleep 0.1; done`;
        const first = cli("exec", "--", "sh", "-c", held);
        await waitFor("the first command to run", 30_000, () => existsSync(join(folder, "began")));
        const second = await talk.exec(["sh", "-c", `${show}; touch second`]);
        assert.equal((await first).stdout, `${second.stdout}`);
        assert.match(`${second.stdout}`, /^PWD=\/work$/m);
      },
    },
    {
      id: "exec.bytes",
      claim: "five megabytes of output arrive unchanged and counted",
      async run() {
        const { stdout, stdoutBytes, code } = await talk.exec([
          "sh",
          "-c",
          "head -c 5000000 /dev/urandom | tee random | cat",
        ]);
        assert.deepEqual([code, stdoutBytes], [0, 5_000_000]);
        assert.equal(
          stdout.equals(readFileSync(join(folder, "random"))),
          true,
          "other bytes arrived than were written",
        );
      },
    },
    {
      id: "exec.time-limit",
      claim: "a time limit ends the whole process tree, detached children included",
      async run() {
        const beat = heartbeat(join(folder, "limit-beat"));
        const running = talk.exec(["sh", "-c", `${heartbeatCommand("limit-beat")} sleep 600`], { timeoutMs: 3_000 });
        await beat.beats();
        const { timedOut, code } = await running;
        assert.deepEqual([timedOut, code], [true, 137]);
        await beat.hasStopped();
      },
    },
    {
      id: "exec.reader-gone",
      claim: "a command whose caller goes away is ended",
      async run() {
        const beat = heartbeat(join(folder, "gone-beat"));
        const stream = client().stream("exec", {
          argv: ["sh", "-c", `${heartbeatCommand("gone-beat")} echo started; sleep 600`],
        });
        for await (const item of stream) {
          assert.equal(item.type, "output");
          await beat.beats();
          break;
        }
        await waitFor("the loop to end", 10_000, async () => (await beat.isStill()) || undefined);
      },
    },
  ]);
}
