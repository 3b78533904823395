import { commands } from "../../runtime/protocol/rpc.ts";
import { part } from "./fields.ts";

export function commandChapter(): string {
  return Object.entries(commands)
    .map(
      ([name, { does, payload, result }]) =>
        `### \`${name}\`\n${does}\n\n${part("Payload", payload)}\n\n${part("Result", result)}`,
    )
    .join("\n\n");
}
