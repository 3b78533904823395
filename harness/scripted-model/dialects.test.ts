import assert from "node:assert/strict";
import { after as afterAll, before, test } from "node:test";
import { afterTool, ofUser } from "../../runtime/scripted-model/conversation.fixture.ts";
import type { ModelTurn } from "../../runtime/scripted-model/conversation.ts";
import { after, eventsOf, type Heard, ScriptedProvider } from "../../runtime/scripted-model/provider.fixture.ts";
import { anthropicClient, type Client, googleClient, responsesClient, type Said } from "./clients.fixture.ts";
import { EVERY_API } from "./program.ts";
import type { AskedRequest } from "./records.ts";

let provider: ScriptedProvider;
before(async () => {
  provider = await ScriptedProvider.start(EVERY_API);
});
afterAll(() => provider[Symbol.asyncDispose]());

const requests = async () =>
  (await (await provider.fetch("/control/requests")).json()) as { unauthorized: number; requests: AskedRequest[] };

const script = (...lines: string[]) => ["script", ...lines].join("\n");

const ask = (client: Client, turns: readonly ModelTurn[], { model = "scripted-thinking", thinks = false } = {}) =>
  provider.fetch(client.path(model), client.body(model, turns, thinks), {
    [client.keyHeader]: client.keyBefore + provider.key,
  });

/** What an answer says, and what broke it. */
async function hear(client: Client, response: Response) {
  const said: Said = { text: "", thoughts: "", calls: [], finish: undefined, usage: undefined };
  const heard: Heard[] = [];
  let broken: string | undefined;
  try {
    for await (const event of eventsOf(response)) {
      heard.push(event);
      client.hear(said, event);
    }
  } catch (error) {
    broken = String(error);
  }
  return { ...said, heard, broken, status: response.status };
}

interface Case {
  name: string;
  client: Client;
  /** how an answer ends: as usual, with a call, too long, and kept back */
  finishes: [stop: string, call: string, length: string, filter: string];
  /** what `usage 100 20 30` is */
  usage: object;
  /** the events of a thought, a word and a call */
  events: string[];
  /** of an error 401, a 503, and an answer to a model that is not there */
  errors: [unauthorized: object, unavailable: object, unknown: object];
  /** parts in which the arguments of a call come, three characters at a time */
  parts: number;
}

const openAiError = (message: string, type: string, code: string | null) => ({
  error: { message, type, param: null, code },
});
const anthropicError = (message: string, type: string) => ({ type: "error", error: { type, message } });
const googleError = (message: string, status: string, code: number) => ({ error: { code, message, status } });
const UNKNOWN = "The model 'nobody' does not exist.";

const CASES: readonly Case[] = [
  {
    name: "openai-responses",
    client: responsesClient,
    finishes: ["completed", "completed", "max_output_tokens", "content_filter"],
    usage: {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 30 },
      output_tokens: 20,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 120,
    },
    events: [
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed",
    ],
    errors: [
      openAiError("no more", "invalid_request_error", null),
      openAiError("busy", "server_error", null),
      openAiError(UNKNOWN, "invalid_request_error", "model_not_found"),
    ],
    parts: 6,
  },
  {
    name: "anthropic-messages",
    client: anthropicClient,
    finishes: ["end_turn", "tool_use", "max_tokens", "refusal"],
    usage: { input_tokens: 70, output_tokens: 20, cache_read_input_tokens: 30, cache_creation_input_tokens: 0 },
    events: [
      "message_start",
      // The second delta of the thought is its signature.
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ],
    errors: [
      anthropicError("no more", "authentication_error"),
      anthropicError("busy", "api_error"),
      anthropicError(UNKNOWN, "not_found_error"),
    ],
    parts: 6,
  },
  {
    name: "google-generative-ai",
    client: googleClient,
    finishes: ["STOP", "STOP", "MAX_TOKENS", "SAFETY"],
    usage: { promptTokenCount: 100, candidatesTokenCount: 20, totalTokenCount: 120, cachedContentTokenCount: 30 },
    events: Array(4).fill("unnamed"),
    errors: [
      googleError("no more", "UNAUTHENTICATED", 401),
      googleError("busy", "UNAVAILABLE", 503),
      googleError(UNKNOWN, "NOT_FOUND", 404),
    ],
    parts: 1,
  },
];

for (const { name, client, finishes, usage, events, errors, parts } of CASES) {
  const [stop, call, length, filter] = finishes;
  const says = async (lines: string[], more: { model?: string; thinks?: boolean } = {}) =>
    hear(client, await ask(client, [ofUser(script(...lines))], more));

  test(`${name}: text is streamed in pieces, with a reason and usage`, async () => {
    const text = "Hello, with ünïcode and 👋.";
    const heard = await says([`say ${text}`, "wait 1", 'say "second\\nline"', "piece 5", "usage 100 20 30"]);
    assert.deepEqual([heard.text, heard.finish, heard.usage], [`${text}\nsecond\nline`, stop, usage]);
    assert.equal(heard.heard.length > 8, true);
    const empty = await says(["empty"]);
    assert.deepEqual([empty.text, empty.finish, empty.broken], ["", stop, undefined]);
  });

  test(`${name}: its events are those of the API`, async () => {
    const { heard } = await says(["think a", "say b", "call read"], { thinks: true });
    assert.deepEqual(
      heard.map(({ name = "unnamed" }) => name),
      events,
    );
    for (const { name, data } of heard)
      if (name !== undefined) assert.equal((JSON.parse(data) as { type: string }).type, name);
  });

  test(`${name}: a model thinks where it can and is asked to`, async () => {
    const lines = ["think first this", "think then that", "say over"];
    const heard = await says(lines, { thinks: true });
    assert.deepEqual([heard.thoughts, heard.text], ["first this\nthen that", "over"]);
    assert.equal((await says(lines)).thoughts, "");
    assert.equal((await says(lines, { thinks: true, model: "scripted" })).thoughts, "");
  });

  test(`${name}: tools are called several at once`, async () => {
    const lines = ["say Look.", 'call bash {"command":"ls"}', 'call read {"path":"a"}', "piece 3"];
    const { calls, finish, text } = await says(lines);
    assert.deepEqual([text, finish], ["Look.", call]);
    assert.deepEqual(
      calls.map(({ tool, written }) => [tool, JSON.parse(written)]),
      [
        ["bash", { command: "ls" }],
        ["read", { path: "a" }],
      ],
    );
    assert.equal(calls[0]?.parts, parts);
  });

  test(`${name}: each step answers what the tools said, and a message of the user is answered on its own`, async () => {
    const play = [ofUser(script("call read", "---", "say It is there.", "---", "say And more."))];
    const text = async (...since: ModelTurn[]) => (await hear(client, await ask(client, [...play, ...since]))).text;
    assert.equal(await text(...afterTool("x")), "It is there.");
    assert.equal(await text(...afterTool("x"), ...afterTool("y")), "And more.");
    assert.equal(await text(...afterTool("x"), ofUser(script("say Another."))), "Another.");
    const read = await hear(client, await ask(client, [ofUser("read a.txt"), ...afterTool("what is in it")]));
    assert.equal(read.text, "The tool said:\nwhat is in it");
    const recalled = await hear(client, await ask(client, [ofUser("a"), ...afterTool("b"), ofUser("recall")]));
    assert.equal(recalled.text, '"a"');
  });

  test(`${name}: errors have their status and the API's shape`, async () => {
    const [unauthorized, unavailable, unknown] = errors;
    const refused = await ask(client, [ofUser(script("error 401 no more"))]);
    assert.deepEqual([refused.status, await refused.json()], [401, unauthorized]);
    const busy = await ask(client, [ofUser(script("error 503 busy", "retry-after 7", "times 1", "say well"))]);
    assert.deepEqual([busy.status, busy.headers.get("retry-after"), await busy.json()], [503, "7", unavailable]);
    assert.equal((await says(["error 503 busy", "retry-after 7", "times 1", "say well"])).text, "well");
    const other = await ask(client, [ofUser("hello")], { model: "nobody" });
    assert.deepEqual([other.status, await other.json()], [404, unknown]);
    const key = { [client.keyHeader]: client.keyBefore + provider.key };
    for (const body of ["{", "[]", {}, { ...client.body("scripted", [ofUser("hello")], false), tools: "all" }])
      assert.equal((await provider.fetch(client.path("scripted"), body, key)).status, 400, JSON.stringify(body));
  });

  test(`${name}: streams break in the middle of a chunk, end too early, or hold what is no JSON`, async () => {
    const cut = await says(["say before", "cut", "say after"]);
    assert.deepEqual([cut.text, cut.finish], ["before", undefined]);
    assert.match(cut.broken ?? "", /terminated/);
    const end = await says(["say before", "end", "say after"]);
    assert.deepEqual([end.text, end.finish, end.broken], ["before", undefined, undefined]);
    assert.match((await says(["say before", "garbage", "say after"])).broken ?? "", /JSON/);
  });

  test(`${name}: why it ends is said in OpenAI's words or its own`, async () => {
    assert.equal((await says(["say a", "finish length"])).finish, length);
    assert.equal((await says(["say a", "finish content_filter"])).finish, filter);
    assert.equal((await says(["say a", "finish other"])).finish, "other");
    assert.equal((await says(["call read", "finish stop"])).finish, stop);
  });

  test(`${name}: waits and paces take their time`, async () => {
    const started = performance.now();
    assert.equal((await says(["wait 100", "say abcdef", "piece 1", "pace 20"])).text, "abcdef");
    assert.equal(performance.now() - started >= 200, true);
  });

  test(`${name}: the key counts in its own header alone, and what was asked can be read`, async () => {
    const { key } = provider;
    const wrong = [{}, { [client.keyHeader]: `${client.keyBefore}${key}x` }, { "api-key": key }, { cookie: key }];
    const others = CASES.filter(({ client: other }) => other.keyHeader !== client.keyHeader).map(
      ({ client: { keyHeader, keyBefore } }) => ({ [keyHeader]: keyBefore + key }),
    );
    const body = client.body("scripted-thinking", [ofUser("hello")], true);
    for (const headers of [...wrong, ...others] as Record<string, string>[])
      assert.equal(
        (await provider.fetch(client.path("scripted-thinking"), body, headers)).status,
        401,
        JSON.stringify(headers),
      );
    await ask(client, [ofUser("hello"), ...afterTool("x")], { thinks: true });
    const last = (await requests()).requests.at(-1);
    assert.deepEqual([last?.api, last?.model, last?.stream], [name, "scripted-thinking", true]);
    assert.deepEqual([last?.tools, last?.messages, last?.prompt, last?.step], [["read", "bash"], 4, "hello", 2]);
    assert.notEqual(last?.reasoningEffort, null);
  });
}

test("what was asked can be read, and what came without the key is counted", async () => {
  const { unauthorized } = await requests();
  await provider.fetch("/v1/models", undefined, {});
  const message = script("say well", "error 503", "times 2");
  for (let at = 0; at < 3; at++) await provider.ask(message);
  await provider.ask(`${message}\n# other`, after("x"), { model: "scripted-thinking", reasoning_effort: "low" });
  const seen = await requests();
  assert.equal(seen.unauthorized, unauthorized + 1);
  const [first, second, third, { prompt, ...last } = { prompt: "" }] = seen.requests.slice(-4);
  assert.deepEqual(
    [first, second, third].map((one) => [one?.attempt, one?.status]),
    [
      [1, 503],
      [2, 503],
      [3, 200],
    ],
  );
  assert.equal(prompt.startsWith("script\nsay well"), true);
  assert.deepEqual(last, {
    api: "openai-completions",
    model: "scripted-thinking",
    stream: true,
    reasoningEffort: "low",
    tools: ["read", "bash", "edit", "write"],
    messages: 4,
    step: 2,
    attempt: 1,
    status: 200,
  });
});
