import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { piwork, type RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { questions, Talk, toolOutput } from "../../harness/runtimes/talk.ts";
import { PERMISSION_ANSWERS } from "../../runtime/protocol/in-sandbox.ts";
import { endOf, script } from "./working.ts";

/** pi asks before it deletes, moves, renames, or touches what is marked; the oracle is the file. */
export function asking(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  const folder = join(sandbox.workspace, "kept");
  const client = () => runtime().client;
  const talk = new Talk(client);
  let task = "";

  /** A prompt whose every question gets this answer; gives what was asked, and what the tools said. */
  const prompt = async (message: string, value: string) => {
    const answers: Promise<unknown>[] = [];
    const events = await talk.prompt(message, task, (event) => {
      if (event.event !== "extension_ui_request") return;
      answers.push(client().call("answer", { task, question: event.payload.question.id, answer: { value } }));
    });
    await Promise.all(answers);
    assert.equal(endOf(events), "ended");
    return { asked: questions(events).map(({ title }) => title.split("\n")[0]), said: toolOutput(events) };
  };
  const bash = (command: string) => script(`call bash ${JSON.stringify({ command })}`, "---", "say over");
  const file = (name: string) => {
    writeFileSync(join(folder, name), name);
    return join(folder, name);
  };

  return [
    {
      id: "agent.denied",
      standsOn: ["agent.provider"],
      claim: "a delete, a move and what cannot be looked into are asked for, and denied leave the file alone",
      async run() {
        mkdirSync(folder);
        task = (await client().call("task_create", { title: "Kept", folder: "kept", ask: ["secret/**"] })).id;
        const kept = file("a.txt");
        for (const [command, what] of [
          ["rm a.txt", "delete files"],
          ["mv a.txt b.txt", "move or rename files"],
          ["find . -name a.txt -delete", "delete files"],
          ["bash -c 'unlink a.txt'", "delete files"],
          ["python3 -c 'import os; os.remove(\"a.txt\")'", "run what cannot be looked into"],
        ] as const) {
          const { asked, said } = await prompt(bash(command), PERMISSION_ANSWERS.deny);
          assert.deepEqual(asked, [`Permission: ${what}`], command);
          assert.match(said, /The user did not allow this/);
          assert.equal(existsSync(kept), true, command);
        }
        assert.deepEqual(await client().call("decisions", {}), []);
      },
    },
    {
      id: "agent.allowed-once",
      standsOn: ["agent.denied"],
      claim: "allowed once, it is done once, and asked for again",
      async run() {
        const gone = file("b.txt");
        const { asked } = await prompt(bash("rm b.txt"), PERMISSION_ANSWERS.once);
        assert.deepEqual([asked.length, existsSync(gone)], [1, false]);
        const kept = file("b.txt");
        await prompt(bash("rm b.txt"), PERMISSION_ANSWERS.deny);
        assert.equal(existsSync(kept), true);
      },
    },
    {
      id: "agent.allowed-always",
      standsOn: ["agent.denied"],
      claim:
        "allowed for good, it is not asked for again, in this task and folder alone, until the decision is cleared",
      async run() {
        const first = file("c.txt");
        const second = file("d.txt");
        assert.equal((await prompt(bash("rm c.txt"), PERMISSION_ANSWERS.always)).asked.length, 1);
        assert.deepEqual((await prompt(bash("rm d.txt"), PERMISSION_ANSWERS.deny)).asked, []);
        assert.deepEqual([existsSync(first), existsSync(second)], [false, false]);
        const [decision] = await client().call("decisions", { task });
        assert.deepEqual([decision?.what, decision?.folder], ["delete files", "kept"]);
        await client().call("task_stop", { task });
        file("d.txt");
        assert.deepEqual(
          (await prompt(bash("rm d.txt"), PERMISSION_ANSWERS.deny)).asked,
          [],
          "after it was opened anew",
        );
        const cleared = await piwork([...sandbox.words, "decisions", "--clear"]);
        assert.equal(cleared.stdout, "forgot one decision\n");
        const kept = file("e.txt");
        assert.equal((await prompt(bash("rm e.txt"), PERMISSION_ANSWERS.deny)).asked.length, 1);
        assert.equal(existsSync(kept), true);
      },
    },
    {
      id: "agent.outputs",
      standsOn: ["agent.denied"],
      claim: "in /outputs nothing is asked, but behind a link that leads out of it",
      async run() {
        const kept = file("f.txt");
        const inside = await prompt(
          bash("cd / && touch /outputs/a && rm /outputs/a && ln -s /work /outputs/out"),
          "Deny",
        );
        assert.deepEqual(inside.asked, []);
        const { asked } = await prompt(bash("rm /outputs/out/f.txt"), PERMISSION_ANSWERS.deny);
        assert.deepEqual([asked.length, existsSync(kept)], [1, true]);
      },
    },
    {
      id: "agent.marked",
      standsOn: ["agent.denied"],
      claim: "what the task's policy marks is asked for by every tool",
      async run() {
        mkdirSync(join(folder, "secret"));
        file("secret/plan.txt");
        for (const message of [bash("cat secret/plan.txt"), "read secret/plan.txt"]) {
          const { asked, said } = await prompt(message, PERMISSION_ANSWERS.deny);
          assert.deepEqual(asked, ["Permission: use secret/**"]);
          assert.doesNotMatch(said, /secret\/plan\.txt$/);
        }
      },
    },
  ];
}
