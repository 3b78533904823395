/** What is said in a rehearsal so that its agent uses a tool. */
export const USE_A_TOOL = "use a tool";

/** What a model would stream that answers, and where it is told to, has a command run first: OpenAI's chat completions. */
export function rehearsalAnswer(request: string): string {
  const { messages = [] } = JSON.parse(request) as { messages?: { role: string; content: unknown }[] };
  const last = messages.at(-1);
  const wantsTool = last?.role === "user" && JSON.stringify(last.content).includes(USE_A_TOOL);
  const call = {
    index: 0,
    id: "call_1",
    type: "function",
    function: { name: "bash", arguments: '{"command":"true"}' },
  };
  const said = ["I ", "rehearse", "."].map((content) => ({ content }));
  const deltas = [{ role: "assistant", content: "" }, ...(wantsTool ? [{ tool_calls: [call] }] : said)];
  const chunk = (choice: object, more: object = {}) => {
    const facts = { id: "rehearsal", object: "chat.completion.chunk", created: 0, model: "rehearsal" };
    return `data: ${JSON.stringify({ ...facts, choices: [{ index: 0, ...choice }], ...more })}\n\n`;
  };
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  return [
    ...deltas.map((delta) => chunk({ delta, finish_reason: null })),
    chunk({ delta: {}, finish_reason: wantsTool ? "tool_calls" : "stop" }, { usage }),
    "data: [DONE]\n\n",
  ].join("");
}
