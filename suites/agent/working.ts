import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { piwork, type RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { attempt, messages, saidText, Talk, toolOutput } from "../../harness/runtimes/talk.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { APIS, ProviderOfEachApi } from "./apis.ts";

/** What the scripted model says word for word. */
export function script(...lines: string[]): string {
  return ["script", ...lines].join("\n");
}

/** How a turn ended, where it ended once. */
export function endOf(events: readonly RuntimeEvent[]): string {
  const ends = events.flatMap(({ event, payload }) =>
    event === "agent_end" ? ["ended"] : event === "task_error" ? [payload.error.code] : [],
  );
  assert.equal(ends.length, 1, `a prompt ended ${ends.length} times: ${ends.join(", ")}`);
  return ends[0] as string;
}

/** How often something was thought in a turn. */
function thoughtsOf(events: readonly RuntimeEvent[]): number {
  return messages(events).filter(
    ({ assistantMessageEvent }) => (assistantMessageEvent as { type?: string })?.type === "thinking_delta",
  ).length;
}

/** pi takes prompts, works with its own tools, hears what is said meanwhile, and comes back after its end. */
export function working(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  const folder = join(sandbox.workspace, "work");
  const client = () => runtime().client;
  const talk = new Talk(client);
  let task = "";

  /** A prompt, and what is done once its tool runs. */
  const whileItRuns = (message: string, act: () => Promise<unknown>): Promise<RuntimeEvent[]> => {
    let acting: Promise<unknown> | undefined;
    return talk
      .prompt(message, task, (event) => {
        if (event.event === "agent_output" && event.payload.message["type"] === "tool_execution_start")
          acting ??= act();
      })
      .then(async (events) => {
        await acting;
        return events;
      });
  };

  return [
    {
      id: "agent.no-model",
      claim: "without a provider a prompt is refused, with one end that says what to do",
      async run() {
        mkdirSync(folder);
        task = (await client().call("task_create", { title: "Work", folder: "work" })).id;
        const events = await talk.prompt("hello", task);
        assert.equal(endOf(events), "INVALID_REQUEST");
        assert.match(JSON.stringify(events.at(-1)?.payload), /piwork provider add/);
        assert.deepEqual((await client().call("models", { task })).models, []);
      },
    },
    {
      id: "agent.provider",
      standsOn: ["agent.no-model"],
      claim: "a provider that was added has its models in the task once it is opened anew",
      async run() {
        const added = await piwork([...sandbox.words, "provider", "add", "scripted"]);
        assert.equal(added.code, 0, added.stderr);
        await client().call("task_stop", { task });
        const { models, current } = await client().call("models", { task });
        assert.deepEqual(current, { provider: "scripted", id: "scripted" });
        assert.equal(models.length > 1, true);
      },
    },
    {
      id: "agent.edits",
      standsOn: ["agent.provider"],
      claim: "it writes, reads and edits files of its folder with its own tools",
      async run() {
        assert.equal(endOf(await talk.prompt("write a haiku to haiku.txt", task)), "ended");
        assert.equal(endOf(await talk.prompt("replace glass with stone in haiku.txt", task)), "ended");
        assert.match(readFileSync(join(folder, "haiku.txt"), "utf8"), /^Walls of plain stone stand,\n/);
        assert.match(toolOutput(await talk.prompt("run: pwd; id -un", task)), /^\/work\ntask\n/);
      },
    },
    {
      id: "agent.model",
      standsOn: ["agent.provider"],
      claim: "a model that nobody has is refused, one that is there is used, and another task does not get it",
      async run() {
        const choose = (id: string) => client().call("model_set", { task, model: { provider: "scripted", id } });
        assert.equal(await attempt(() => choose("nobody")), "INVALID_REQUEST");
        await choose("scripted-thinking");
        const other = (await client().call("task_create", { title: "Other", folder: null })).id;
        assert.equal((await client().call("models", { task: other })).current?.id, "scripted");
        await client().call("task_delete", { task: other });
        assert.equal((await client().call("models", { task })).current?.id, "scripted-thinking");
      },
    },
    {
      id: "agent.thinking",
      standsOn: ["agent.model"],
      claim: "the thinking level reaches the model",
      async run() {
        const thoughts = async () => thoughtsOf(await talk.prompt("think about walls", task));
        await client().call("thinking_set", { task, level: "off" });
        assert.equal(await thoughts(), 0);
        await client().call("thinking_set", { task, level: "high" });
        assert.equal((await thoughts()) > 0, true);
      },
    },
    {
      id: "agent.steers",
      standsOn: ["agent.provider"],
      claim:
        "what is said while it works is heard in the same turn, at once or at its end; nothing can be said while it rests",
      async run() {
        const say = (message: string, when: "now" | "after") => client().call("steer", { task, message, when });
        assert.equal(await attempt(() => say("too early", "now")), "TASK_NOT_READY");
        const events = await whileItRuns(script('call bash {"command":"sleep 2"}', "---", "say over"), async () => {
          await say("at last", "after");
          await say("meanwhile", "now");
        });
        assert.equal(endOf(events), "ended");
        assert.match(saidText(events), /You said: meanwhile.*You said: at last/s);
      },
    },
    {
      id: "agent.aborts",
      standsOn: ["agent.provider"],
      claim: "a turn is aborted, with all that was started and said for it",
      async run() {
        const events = await whileItRuns(script('call bash {"command":"sleep 600"}', "---", "say over"), async () => {
          await client().call("steer", { task, message: "never heard", when: "after" });
          await client().call("abort", { task });
        });
        assert.equal(endOf(events), "ended");
        assert.match(JSON.stringify(messages(events)), /"stopReason":"aborted"/);
        assert.doesNotMatch(saidText(await talk.prompt("recall", task)), /never heard/);
      },
    },
    {
      id: "agent.retries",
      standsOn: ["agent.provider"],
      claim:
        "a model's server that is busy is asked again within the same turn; one that refuses is told of, with one end and an exit code",
      async run() {
        const busy = await talk.prompt(script("error 503 busy", "times 3", "say made it"), task);
        assert.equal(endOf(busy), "ended");
        assert.match(saidText(busy), /made it/);
        const refused = await talk.prompt(script("error 401 no such key"), task);
        assert.equal(endOf(refused), "ended");
        assert.match(JSON.stringify(messages(refused)), /"stopReason":"error","errorMessage":"401/);
        const prompt = [...sandbox.words, "prompt", "--task", task];
        const { code, stdout } = await piwork([...prompt, script("error 401 no such key")]);
        assert.equal(code, 1, stdout);
        assert.equal((await piwork([...prompt, "hello"])).code, 0);
      },
    },
    {
      id: "agent.long-answer",
      standsOn: ["agent.provider"],
      claim: "an answer of 400 000 characters arrives whole, and no line of it is too long",
      async run() {
        const events = await talk.prompt(script("piece 1000", "long 400000"), task);
        assert.equal(endOf(events), "ended");
        assert.equal(saidText(events).length, 400_000);
      },
    },
    {
      id: "agent.dies",
      standsOn: ["agent.edits", "agent.model"],
      claim: "an agent that dies in mid-turn ends it once, and the next prompt goes on with what was saved",
      async run() {
        const events = await talk.prompt(script('call bash {"command":"kill -9 $PPID"}'), task);
        assert.equal(endOf(events), "PI_PROCESS_DEAD");
        const recalled = await talk.prompt("recall", task);
        assert.equal(endOf(recalled), "ended");
        assert.match(saidText(recalled), /write a haiku to haiku\.txt/);
        assert.equal((await client().call("models", { task })).current?.id, "scripted-thinking");
      },
    },
    {
      id: "agent.apis",
      standsOn: ["agent.provider"],
      claim:
        "by each API, in one conversation, pi thinks, calls a tool whose file is there, answers, and says what was said before; the key is where that API wants it",
      async run() {
        await using providers = await ProviderOfEachApi.add(sandbox, "scripted-thinking:reasoning");
        mkdirSync(join(sandbox.workspace, "apis"));
        const spoken = (await client().call("task_create", { title: "APIs", folder: "apis" })).id;
        for (const [at, api] of APIS.entries()) {
          await client().call("model_set", { task: spoken, model: { provider: api, id: "scripted-thinking" } });
          await client().call("thinking_set", { task: spoken, level: "high" });
          const write = `call write ${JSON.stringify({ path: `${api}.txt`, content: api })}`;
          const events = await talk.prompt(
            script("think of a file", "say So be it.", write, "---", "say Over."),
            spoken,
          );
          assert.equal(endOf(events), "ended");
          assert.equal(thoughtsOf(events) > 0, true, `nothing was thought by ${api}`);
          assert.match(saidText(events), /So be it\..*Over\./s);
          assert.equal(readFileSync(join(sandbox.workspace, "apis", `${api}.txt`), "utf8"), api);
          const recalled = saidText(await talk.prompt("recall", spoken));
          for (const earlier of APIS.slice(0, at + 1))
            assert.equal(recalled.includes(`${earlier}.txt`), true, recalled);
        }
        await client().call("task_delete", { task: spoken });
        const { unauthorized, requests } = await providers.requests();
        assert.equal(unauthorized, 0);
        assert.deepEqual(
          requests.map(({ api, step, status }) => [api, step, status]),
          APIS.flatMap((api) => [1, 2, 1].map((step) => [api, step, 200])),
        );
        return { efforts: requests.map(({ api, reasoningEffort }) => `${api}: ${reasoningEffort}`) };
      },
    },
    {
      id: "agent.model-gone",
      standsOn: ["agent.provider"],
      claim:
        "a task whose provider was removed says nothing to another one, as it is and opened anew, until somebody chooses one",
      async run() {
        let left = "";
        {
          await using _providers = await ProviderOfEachApi.add(sandbox, "scripted");
          left = (await client().call("task_create", { title: "Left", folder: null })).id;
          await client().call("model_set", { task: left, model: { provider: "openai-responses", id: "scripted" } });
          assert.equal(endOf(await talk.prompt("hello", left)), "ended");
        }
        const isRefused = async () =>
          assert.equal(await attempt(() => talk.promptOrFail("between us", left)), "INVALID_REQUEST");
        await isRefused();
        await client().call("task_stop", { task: left });
        await client().call("task_switch", { task: left });
        await isRefused();
        const { requests } = await client().call("network", { task: left });
        assert.deepEqual([...new Set(requests.map(({ rule }) => rule))], ["provider openai-responses"]);
        await client().call("model_set", { task: left, model: { provider: "scripted", id: "scripted" } });
        assert.equal(endOf(await talk.prompt("hello again", left)), "ended");
        await client().call("task_delete", { task: left });
      },
    },
    {
      id: "agent.late-folder",
      standsOn: ["agent.provider"],
      claim:
        "a folder that is bound late is where it works from then on, and its facts say so; the task cannot change them",
      async run() {
        const late = (await client().call("task_create", { title: "Late", folder: null })).id;
        const facts = async () =>
          JSON.parse((await talk.exec(["cat", "/task/facts.json"], { task: late })).stdout.toString());
        assert.equal(endOf(await talk.prompt("create before.txt", late)), "ended");
        assert.equal((await facts()).folder, null);
        mkdirSync(join(sandbox.workspace, "late"));
        await client().call("task_bind", { task: late, folder: "late" });
        assert.equal((await facts()).folder, "late");
        assert.equal(endOf(await talk.prompt("create after.txt", late)), "ended");
        await waitFor("the file in the folder", 5_000, () => readFileSync(join(sandbox.workspace, "late/after.txt")));
        const write = await talk.exec(["sh", "-c", "echo x >/task/facts.json || rm -f /task/facts.json"], {
          task: late,
        });
        assert.notEqual(write.code, 0);
        assert.equal((await facts()).folder, "late");
      },
    },
  ];
}
