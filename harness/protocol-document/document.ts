import { PROTOCOL_VERSION } from "../../runtime/protocol/rpc.ts";
import { commandChapter } from "./commands.ts";
import { controlChapter } from "./control.ts";
import { errorChapter } from "./errors.ts";
import { eventChapter } from "./events.ts";
import { fileChapter } from "./files.ts";
import { limitChapter } from "./limits.ts";
import { anchor } from "./markdown.ts";
import { ORDER } from "./order.ts";
import { stateChapter } from "./states.ts";
import { typeChapter } from "./types.ts";
import { wireChapter } from "./wire.ts";

/** Where the document lies, from the repository's root. */
export const PROTOCOL_DOCUMENT = "docs/protocol.md";

/** The whole text of the document, from the schemas and their descriptions. */
export function protocolDocument(): string {
  const chapters = [
    ["The wire", wireChapter()],
    ["Commands", commandChapter()],
    ["Events", eventChapter()],
    ["Order", ORDER],
    ["States", stateChapter()],
    ["Error codes", errorChapter()],
    ["Limits", limitChapter()],
    ["Types", typeChapter()],
    ["The control API", controlChapter()],
    ["Files on disk", fileChapter()],
  ] as const;
  const contents = chapters.map(([name]) => `[${name}](#${anchor(name)})`).join(" · ");
  const body = chapters.map(([name, text]) => `## ${name}\n${text.trim()}\n`).join("\n");
  return `# Protocol ${PROTOCOL_VERSION}

For authors of a client of the runtime, or of another taskd. Written by \`npx mise run docs\` from the schemas in
\`runtime/protocol\` and \`runtime/api\`; \`npm test\` fails where the two differ. Do not edit it by hand.

${contents}

Fields are required unless their name has a \`?\`. An object has no other fields than those named here. \`a.b\` is the field \`b\`
of the object \`a\`, \`a[].b\` that of each object in the list \`a\`.

${body}`;
}
