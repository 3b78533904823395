import type { ModelTurn } from "../../runtime/scripted-model/conversation.ts";
import { event, textOf } from "../../runtime/scripted-model/dialect.ts";

/** An event of a stream, in the APIs that say of each what it is. */
export function typedEvent<Data extends { type: string }>(data: Data): string {
  return `event: ${data.type}\n${event(data)}`;
}

/** What the model is told before all else, where an API has it beside the messages. */
export function systemTurn(text: string): ModelTurn[] {
  return text === "" ? [] : [{ role: "system", text }];
}

/** Of a message in which tools have answered, in the APIs where that is one of the user, and of what else it says. */
export function turnsWith(
  results: readonly string[],
  role: ModelTurn["role"],
  others: { text?: string | undefined }[],
): ModelTurn[] {
  const turns: ModelTurn[] = results.map((text) => ({ role: "tool", text }));
  return turns.length > 0 && others.length === 0 ? turns : [...turns, { role, text: textOf(others) }];
}
