import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after as afterAll, before, test } from "node:test";
import { REPOSITORY } from "../state/places.ts";
import { after, ScriptedProvider } from "./provider.fixture.ts";
import { WORDS } from "./script.ts";

let provider: ScriptedProvider;
before(async () => {
  provider = await ScriptedProvider.start();
});
afterAll(() => provider[Symbol.asyncDispose]());

const script = (...lines: string[]) => ["script", ...lines].join("\n");
const errorOf = async (response: Response) => ((await response.json()) as { error: Record<string, unknown> }).error;

test("without the key nothing is answered", async () => {
  for (const path of ["/v1/models", "/v1/chat/completions", "/control/requests", "/"]) {
    for (const key of ["", "x", `${provider.key}x`]) {
      const response = await provider.fetch(path, undefined, { authorization: `Bearer ${key}` });
      assert.equal(response.status, 401);
      assert.deepEqual(await errorOf(response), {
        message: "Incorrect API key provided.",
        type: "invalid_request_error",
        param: null,
        code: "invalid_api_key",
      });
    }
  }
});

test("there are three models", async () => {
  const { data } = (await (await provider.fetch("/v1/models")).json()) as { data: { id: string }[] };
  assert.deepEqual(
    data.map(({ id }) => id),
    ["scripted", "scripted-thinking", "scripted-parrot"],
  );
});

test("what is no request is refused in OpenAI's shape", async () => {
  const user = [{ role: "user", content: "hello" }];
  const cases: [unknown, number][] = [
    ["{", 400],
    [{ model: "scripted" }, 400],
    [{ model: "scripted", messages: [] }, 400],
    [{ model: 7, messages: user }, 400],
    [{ model: "gpt", messages: user }, 404],
    [{ model: "__proto__", messages: user }, 404],
  ];
  for (const [body, status] of cases) {
    const response = await provider.fetch("/v1/chat/completions", body);
    assert.equal(response.status, status, JSON.stringify(body));
    assert.equal((await errorOf(response))["type"], "invalid_request_error");
  }
  assert.equal((await provider.fetch("/v1/embeddings", {})).status, 404);
  assert.equal((await provider.fetch("/control/requests")).status, 404);
});

test("text is streamed in pieces, with a reason, usage and an end", async () => {
  const text = "Hello, with ünïcode and 👋.";
  const seen = await provider.ask(script(`say ${text}`, 'say "second\\nline"', "piece 5", "usage 100 20 30"));
  assert.equal(seen.content, `${text}\nsecond\nline`);
  assert.equal(seen.finish, "stop");
  assert.equal(seen.isDone, true);
  assert.equal(seen.chunks > 8, true);
  assert.deepEqual(seen.usage, {
    prompt_tokens: 100,
    completion_tokens: 20,
    total_tokens: 120,
    prompt_tokens_details: { cached_tokens: 30 },
  });
});

test("the same conversation gets the same bytes", async () => {
  const body = { model: "scripted", messages: [{ role: "user", content: "hello" }], stream: true };
  const bytes = async () => (await provider.fetch("/v1/chat/completions", body)).text();
  assert.equal(await bytes(), await bytes());
});

test("a model thinks where it can and is asked to", async () => {
  const message = script("think first this", "say then that");
  const thoughts = async (model: string, reasoning_effort?: string) =>
    (await provider.ask(message, [], { model, reasoning_effort })).reasoning;
  assert.equal(await thoughts("scripted-thinking", "high"), "first this");
  assert.equal(await thoughts("scripted-thinking"), "");
  assert.equal(await thoughts("scripted-thinking", "none"), "");
  assert.equal(await thoughts("scripted", "high"), "");
});

test("tools are called several at once, with arguments in pieces", async () => {
  const seen = await provider.ask(
    script("say Look.", 'call bash {"command":"ls -la /work"}', 'call read {"path":"a"}', "piece 3"),
  );
  assert.equal(seen.finish, "tool_calls");
  assert.deepEqual(
    seen.calls.map(({ name, arguments: written }) => [name, JSON.parse(written)]),
    [
      ["bash", { command: "ls -la /work" }],
      ["read", { path: "a" }],
    ],
  );
  assert.equal((seen.calls[0]?.pieces ?? 0) > 5, true);
  assert.notEqual(seen.calls[0]?.id, seen.calls[1]?.id);
});

test("each step answers what the tools said to the step before it", async () => {
  const message = script("call bash", "---", "say It is there.", "---", "say And more.");
  assert.equal((await provider.ask(message)).calls.length, 1);
  assert.equal((await provider.ask(message, after("x"))).content, "It is there.");
  assert.equal((await provider.ask(message, [...after("x"), ...after("y")])).content, "And more.");
  const over = await provider.ask(message, [...after("x"), ...after("y"), ...after("z")]);
  assert.equal(over.content, "The script is over.");
  const next = await provider.ask(message, [...after("x"), { role: "user", content: script("say Another.") }]);
  assert.equal(next.content, "Another.");
});

test("errors have their status, a body, and when to come again", async () => {
  for (const status of [400, 401, 429, 500, 503]) {
    const body = { model: "scripted", messages: [{ role: "user", content: script(`error ${status} no more`) }] };
    for (const stream of [true, false]) {
      const response = await provider.fetch("/v1/chat/completions", { ...body, stream });
      assert.equal(response.status, status);
      assert.equal((await errorOf(response))["message"], "no more");
      assert.equal(response.headers.get("retry-after"), null);
    }
  }
  const body = { model: "scripted", messages: [{ role: "user", content: script("error 429", "retry-after 7") }] };
  assert.equal((await provider.fetch("/v1/chat/completions", body)).headers.get("retry-after"), "7");
});

test("what goes wrong only so often is well afterwards, for that conversation", async () => {
  const message = script("say well", "error 503", "times 2");
  const statuses = [];
  for (let at = 0; at < 3; at++) statuses.push((await provider.ask(message)).status);
  assert.deepEqual(statuses, [503, 503, 200]);
  assert.equal((await provider.ask(`${message}\n# other`)).status, 503);
});

test("streams break in the middle of a chunk, end too early, or hold what is no JSON", async () => {
  const cut = await provider.ask(script("say before", "cut", "say after"));
  assert.equal(cut.content, "before");
  assert.match(cut.broken ?? "", /terminated/);
  const end = await provider.ask(script("say before", "end", "say after"));
  assert.deepEqual([end.content, end.broken, end.finish, end.isDone], ["before", undefined, null, false]);
  const garbage = await provider.ask(script("say before", "garbage", "say after"));
  assert.match(garbage.broken ?? "", /JSON/);
  const mended = await provider.ask(script("say before", "garbage", "say after", "times 1", "# once"));
  assert.match(mended.broken ?? "", /JSON/);
  assert.equal((await provider.ask(script("say before", "garbage", "say after", "times 1", "# once"))).isDone, true);
});

test("waits and paces take their time, and end with whoever asked", async () => {
  const started = performance.now();
  const seen = await provider.ask(script("wait 100", "say abcdef", "piece 1", "pace 20"));
  assert.equal(seen.content, "abcdef");
  assert.equal(performance.now() - started >= 200, true);
  const gone = new AbortController();
  const body = {
    model: "scripted",
    stream: true,
    messages: [{ role: "user", content: script("say a", "wait 600000") }],
  };
  const response = await fetch(`${provider.url}/v1/chat/completions`, {
    method: "POST",
    signal: gone.signal,
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${provider.key}` },
  });
  gone.abort();
  await assert.rejects(response.text(), { name: "AbortError" });
  assert.equal((await provider.ask("hello")).isDone, true);
});

test("an answer may be empty, or very long", async () => {
  const empty = await provider.ask(script("empty"));
  assert.deepEqual([empty.content, empty.finish, empty.isDone], ["", "stop", true]);
  const long = await provider.ask(script("long 3000000", "piece 4096", "finish length"));
  assert.equal(long.content.length, 3_000_000);
  assert.match(long.content, /^00000000000000, 00000000000001, /);
  assert.equal(long.finish, "length");
});

test("without a stream it is one answer", async () => {
  const message = script("say a", "say b", 'call bash {"command":"ls"}', "usage 1 2");
  const body = { model: "scripted", messages: [{ role: "user", content: [{ type: "text", text: message }] }] };
  const answer = (await (await provider.fetch("/v1/chat/completions", body)).json()) as {
    choices: [{ message: { content: string; tool_calls: { function: object }[] }; finish_reason: string }];
  };
  const [{ message: said, finish_reason }] = answer.choices;
  assert.deepEqual([said.content, finish_reason], ["a\nb", "tool_calls"]);
  assert.deepEqual(said.tool_calls[0]?.function, { name: "bash", arguments: '{"command":"ls"}' });
  const cut = { ...body, messages: [{ role: "user", content: script("say a", "cut") }] };
  await assert.rejects(provider.fetch("/v1/chat/completions", cut).then((response) => response.json()));
});

test("a script that cannot be played says where and why", async () => {
  const cases: [string, RegExp][] = [
    [script("say a", "", "sya b"), /line 4: there is no word 'sya'; there are say, think, /],
    [script("call bash {"), /line 2: it is no JSON/],
    [script("call bash [1]"), /line 2: arguments are a JSON object/],
    [script('say "a'), /line 2: it is no JSON/],
    [script("error 200"), /line 2: '200' is no whole number from 400 to 599/],
    [script("wait -1"), /line 2: '-1'/],
    [script("cut it"), /line 2: 'cut' stands alone/],
    [script("say"), /line 2: it is 'say TEXT'/],
    [script("usage 1 2 3 4"), /line 2: three numbers at most/],
    [script("say a", "---", "# nothing"), /step 2 has no words/],
    [script(), /step 1 has no words/],
  ];
  for (const [message, words] of cases) assert.match((await provider.ask(message)).content, words);
});

test("it ends when its input does", async () => {
  const other = await ScriptedProvider.start();
  other.server.stdin.end();
  assert.equal((await other.server).exitCode, 0);
});

test("the document has each word of the language", () => {
  const document = readFileSync(`${REPOSITORY}/docs/scripted-provider.md`, "utf8");
  for (const { word, takes, does } of WORDS)
    assert.equal(
      document.includes(`| \`${`${word} ${takes}`.trim()}\` | ${does} |`),
      true,
      `${word} is not as it is there`,
    );
});
