import { calls, streamFailure, streams, uploaded } from "../../runtime/api/calls.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { controlSocket, findPlaces } from "../../runtime/state/places.ts";
import { fieldTable, part } from "./fields.ts";
import { size } from "./markdown.ts";

export function controlChapter(): string {
  const state = "/home/me/.local/state/piwork";
  const socket = controlSocket(findPlaces({ state }, { XDG_RUNTIME_DIR: "/run/user/1000" }));
  const callSections = Object.entries(calls).map(
    ([name, { does, input, output }]) =>
      `#### \`${name}\`\n${does}\n\n${part("Takes", input)}\n\n${part("Answers", output)}`,
  );
  const streamSections = Object.entries(streams).map(
    ([name, { does, input, item }]) =>
      `#### \`${name}\`\n${does}\n\n${part("Takes", input)}\n\n${part("Each item", item)}`,
  );
  return `
The API of the \`piwork\` command and of programs: HTTP on a Unix socket of mode 0600. The name of its directory is the first 12
hexadecimal digits of the SHA-256 of the state directory's absolute path. It lies below \`$XDG_RUNTIME_DIR/piwork\` or, without that
variable, \`/tmp/piwork-<uid>\`. For \`${state}\`:

\`\`\`sh
curl --unix-socket ${socket} \\
  -d '{}' http://piwork/v1/status
\`\`\`

The panel's page uses the same calls, over HTTP on a port of 127.0.0.1. Each request there needs the header
\`Authorization: Bearer <token>\`, and the panel's address as its \`Origin\` and \`Host\`. Other requests are refused (401, 403,
421) before they are read. \`POST /token\` with \`Authorization: Code <code>\` gives \`{ "token": … }\` for a code that was not used
before: that behind the \`#\` of an address, or, within ${LIMITS.panelReloadMs / 1000} s, that of the header \`piwork-reload\` of an answer. \`GET\` gives the page's own files and, by links that
\`evidence\` signs, reports.

From TypeScript, with types: \`import { connect } from "piwork"\`.
A request body has at most ${size(LIMITS.controlBodyBytes)}.

### Calls
\`POST /v1/<call>\`, JSON in, JSON out. Status 200 means success; any other comes with \`{ "error": … }\`, an [error](#error).

${callSections.join("\n\n")}

### Streams
\`POST /v1/<stream>\`, JSON in, one JSON object a line out. The number \`seq\` of an event is the
runtime's own: it does not start anew with a machine. A reader of \`exec\` that leaves more than ${size(LIMITS.unreadStreamBytes)} unread
gets \`LIMIT_EXCEEDED\`, and the command ends. The last item of a stream that fails is:

${fieldTable(streamFailure)}

${streamSections.join("\n\n")}

### Uploads
\`PUT /v1/uploads/<task id>/<upload name>\` with the bytes of the file as the body, at most ${size(LIMITS.uploadBytes)}; the name is URL-encoded. The task gets the
file as a whole or not at all, read-only; an existing file is never replaced. Answers:

${fieldTable(uploaded)}`;
}
