import * as z from "zod";
import { runtimeEvent } from "../../runtime/protocol/events.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { FRAMES, NETWORK_DEVICE } from "../../runtime/protocol/network-frames.ts";
import { MESSAGE_DEPTH } from "../../runtime/protocol/plain-json.ts";
import { ackFrame, answerFrame, PROTOCOL_VERSION, requestFrame, TASKD_PORT } from "../../runtime/protocol/rpc.ts";
import { fieldTable } from "./fields.ts";
import { size } from "./markdown.ts";

const { type, timestamp, taskId, seq } = runtimeEvent.options[0].shape;

/** The fields of all events. */
const eventEnvelope = z.strictObject({
  type,
  event: z.string().describe("Name of the [event](#events)."),
  timestamp,
  taskId,
  seq,
  payload: z.record(z.string(), z.unknown()).describe("Payload of the event."),
});

const frameKinds = () =>
  Object.entries(FRAMES)
    .map(([name, byte]) => `\`${name}\` ${byte}`)
    .join(", ");

export function wireChapter(): string {
  return `
The runtime on the host and taskd in the machine speak over one virtio-serial port, \`${TASKD_PORT}\`, which only root of the
guest can open. On the host it is a Unix socket of QEMU's. Nothing listens on a network.

### Lines
Each message is one JSON object in UTF-8 on one line, ended by \`\\n\`. A line has at most ${size(LIMITS.lineBytes)} with its newline;
the rest of a longer one is skipped, it is refused with \`LIMIT_EXCEEDED\` and the id \`null\`, and the link goes on. JSON that
is nested more than ${MESSAGE_DEPTH} levels deep or has a key \`__proto__\` is refused. Empty lines mean nothing.

### Frames
A **request**, from the host:

${fieldTable(requestFrame)}

Its **answer**, from taskd:

${fieldTable(answerFrame)}

An **event**, from taskd:

${fieldTable(eventEnvelope)}

An **acknowledgement**, from the host. It has no id and gets no answer:

${fieldTable(ackFrame)}

### A link
A link can break and be made anew at any time; taskd goes on meanwhile. On every new link the host
1. sends one newline, which ends what an earlier link may have left half said;
2. sends \`runtime_hello\` with \`protocol\` ${PROTOCOL_VERSION} (another number is refused), \`afterSeq\`: the last event it has (0 at first), and
   the mounts to prove (none but at first);
3. passes over everything up to the answer with that id: it is what was left of the earlier link;
4. sends again, with their ids, the requests that have no answer yet, and an acknowledgement.

After the answer taskd sends every event after \`afterSeq\` again. Where it no longer has them, because they were
acknowledged, or never sent them, it refuses the greeting with \`INVALID_REQUEST\`.

### Ids
Each id is answered once, and each request is done once:
- same id, same type and payload: the same answer again, without a second effect, also where the first is still running. The
  order of keys does not matter in lines of at most ${LIMITS.comparedCharacters} characters; a longer one is the same only if it is written the same;
- same id, other type or payload: \`INVALID_REQUEST\`.

taskd remembers ${LIMITS.rememberedIds} ids and ${size(LIMITS.rememberedBytes)} of requests and answers, and forgets the oldest answered ones first. A running request is never
forgotten; with ${LIMITS.rememberedIds} of them running the next is refused with \`LIMIT_EXCEEDED\`.
Requests run beside each other, so answers come in any order.

### Events and acknowledgements
\`seq\` begins at 1 and rises by one with each event of one taskd, whichever task it is of. taskd keeps an event until an
acknowledgement names it or a later one. With more than ${size(LIMITS.unackedEventBytes)} unacknowledged it stops reading agents and commands until
the host catches up: nothing is dropped. A host that sees a gap breaks the link and asks for what it lacks; one that it
has already is passed over.

### Output of commands
\`exec_output\` carries at most ${size(LIMITS.execChunkBytes)} before base64. Of each command at most about ${size(LIMITS.execWindowBytes)} are on their way: taskd reads
on when \`taken\` of an acknowledgement says that they have reached whoever asked for them. \`taken\` is the sum since the
command began, by its request id, and names every running command whose output was taken: each
acknowledgement replaces the one before. A host that never says so stalls the command; other commands, and agents, go on.

### The network
Connections of tasks to their network go over a second port, \`${NETWORK_DEVICE}\`, as frames of bytes: a kind (${frameKinds()}) in one byte, the length of the payload in
three, the number of the stream in four, all big-endian, and the payload. The host sends \`hello\` on a link that is new: no stream is
there then. The machine opens streams, with numbers that rise; the payload of \`open\` is the id of the task. \`data\` has at most ${LIMITS.networkFrameBytes} bytes.
Each direction of a stream may have ${size(LIMITS.networkFirstWindowBytes)} on their way, and as many more as the receiver grants with \`credit\` (four bytes), never more
than ${size(LIMITS.networkWindowBytes)}. \`end\` says that a direction has no more, \`reset\` that the stream is gone. A frame of a stream that is gone is passed
over. A machine that says anything else is ended.

### What is not known
An unknown command, an unknown or missing field, and a value outside its limits are refused with \`INVALID_REQUEST\`, which
names the place and never repeats the value. The host does not pass on what it does not know: it notes it in its log.
Only \`message\` of \`agent_output\` is passed on as the agent wrote it.`;
}
