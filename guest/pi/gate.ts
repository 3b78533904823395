import type { Context, ExtensionApi, ToolCall } from "pi/core/extensions/loader.js";
import type { TaskFacts } from "../../runtime/protocol/facts.ts";
import { PERMISSION, PERMISSION_ANSWERS } from "../../runtime/protocol/in-sandbox.ts";
import { whatIsAsked } from "./asked.ts";

/** Characters of a tool call that a question shows; a question's title has at most 1000. */
const SHOWN = 600;

/** Asks the user before a tool is let do what needs permission. What was allowed for good is the host's to know: it is in the facts. */
export function guardTools(api: ExtensionApi, facts: () => TaskFacts): void {
  api.on("tool_call", async (call, context) => {
    for (const what of whatIsAsked(call, facts())) {
      if (facts().decisions.includes(what)) continue;
      const answer = await ask(what, call, context);
      if (answer === PERMISSION_ANSWERS.once || answer === PERMISSION_ANSWERS.always) continue;
      return {
        block: true,
        reason: `${whyNot(answer, context)}: ${what}. Nothing was done. Do not try it in another way.`,
      };
    }
    return undefined;
  });
}

function whyNot(answer: string | undefined, { signal }: Context): string {
  if (answer !== undefined) return "The user did not allow this";
  return signal?.aborted === true
    ? "The turn was ended before this was allowed"
    : "The user did not answer whether to allow this";
}

function ask(what: string, { toolName, input }: ToolCall, { ui, signal }: Context): Promise<string | undefined> {
  const { command, path } = input;
  const shown = typeof command === "string" ? command : `${toolName} ${typeof path === "string" ? path : ""}`;
  const cut = shown.length <= SHOWN ? shown : `${shown.slice(0, SHOWN)}… (${shown.length - SHOWN} more characters)`;
  return ui.select(`${PERMISSION}${what}\n${cut}`, Object.values(PERMISSION_ANSWERS), signal ? { signal } : {});
}
