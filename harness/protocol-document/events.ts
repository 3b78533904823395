import { runtimeEvent } from "../../runtime/protocol/events.ts";
import { part } from "./fields.ts";

export function eventChapter(): string {
  return runtimeEvent.options
    .map(
      ({ shape }) => `### \`${shape.event.value}\`\n${shape.payload.description}\n\n${part("Payload", shape.payload)}`,
    )
    .join("\n\n");
}
