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
a longer line is skipped and refused with \`LIMIT_EXCEEDED\` and the id \`null\`, and the link stays usable. JSON that
is nested more than ${MESSAGE_DEPTH} levels deep or has a key \`__proto__\` is refused. Empty lines are ignored.

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
A link can break and be made again at any time; taskd goes on working meanwhile. On every new link the host
1. sends one newline, which ends a line that an earlier link may have cut off;
2. sends \`runtime_hello\` with \`protocol\` ${PROTOCOL_VERSION} (another number is refused), \`afterSeq\`: the last event it has (0 at first), and
   the mounts to prove (none but at first);
3. ignores every line before the answer with that id: these lines belong to the earlier link;
4. sends the requests without an answer again, with their ids, and an acknowledgement.

After the answer taskd sends every event after \`afterSeq\` again. If these events were acknowledged before, or never sent, it
refuses the greeting with \`INVALID_REQUEST\`.

### Ids
Each id is answered once, and each request is done once:
- same id, same type and payload: the same answer again, without a second effect, also while the first is still running. In
  lines of at most ${LIMITS.comparedCharacters} characters the order of keys does not matter; longer lines must be identical;
- same id, other type or payload: \`INVALID_REQUEST\`.

taskd remembers ${LIMITS.rememberedIds} ids and ${size(LIMITS.rememberedBytes)} of requests and answers, and forgets the oldest answered ones first. A running request is never
forgotten; while ${LIMITS.rememberedIds} requests run, the next one is refused with \`LIMIT_EXCEEDED\`.
Requests run concurrently, so answers come in any order.

### Events and acknowledgements
\`seq\` begins at 1 and rises by one with each event of one taskd, across all tasks. taskd keeps an event until an
acknowledgement names it or a later one. With more than ${size(LIMITS.unackedEventBytes)} unacknowledged it stops reading agents and commands until
the host catches up: no event is lost. The host ignores events that it has already.

### Output of commands
\`exec_output\` carries at most ${size(LIMITS.execChunkBytes)} before base64. Of each command at most about ${size(LIMITS.execWindowBytes)} are in transit: taskd reads
on when \`taken\` of an acknowledgement confirms their delivery. \`taken\` has the sum since the command began, by request id, for
every running command whose output was delivered: each acknowledgement replaces the one before. A host that never confirms
stalls the command; other commands, and agents, go on.

### The network
Connections of tasks to their network go over a second port, \`${NETWORK_DEVICE}\`, as binary frames: the kind in one byte (${frameKinds()}), the length of the payload in
three, the number of the stream in four, all big-endian, then the payload. The host sends \`hello\` on a new link, which closes every
stream of an earlier one. The machine opens streams, with rising numbers; the payload of \`open\` is the id of the task. \`data\` has at most ${LIMITS.networkFrameBytes} bytes.
Each direction of a stream may have ${size(LIMITS.networkFirstWindowBytes)} in transit, and as many more as the receiver grants with \`credit\` (four bytes), never more
than ${size(LIMITS.networkWindowBytes)}. \`end\` closes one direction, \`reset\` the whole stream. What a machine has sent before it heard that the host closed a
stream is ignored.

### What ends a machine
At the first line or frame that no correct taskd sends, the host ends the machine and says in its log why. Once taskd has greeted,
that is:
- a line that is empty, too long, or neither an answer nor an event; an event of no task, or of one that is not in the machine;
- an answer without an id, to a request that was never sent, or to one that has its answers: one for each link that it was sent on;
- an event after a gap, and more than ${size(LIMITS.unackedEventBytes)} of events again after one greeting;
- more than ${LIMITS.eventsPerRequest} events for each \`create_or_open_task\`, \`switch_task\`, \`prompt\` and \`stop_task\`, \`agent_output\`, \`exec_output\`,
  \`extension_ui_request\` and \`runtime_warning\` not counted; more than ${2 * LIMITS.openQuestions} questions of an agent that wait for an answer;
- a frame of the network that is none, of a stream that was never opened or is closed at both ends, or with more data or credit
  than fits.

Late answers, and answers and events that come again on a new link, end no machine ([adr/0024](adr/0024-first-violation.md)). Of one
machine the host takes at most ${LIMITS.linkPiecesPerTurn} lines or frames, and ${size(LIMITS.linkBytesPerTurn)}, before it turns to the others.

### Unknown messages
An unknown command, an unknown or missing field, and a value outside its limits are refused by taskd with \`INVALID_REQUEST\`, which
names the place and never repeats the value.
Only \`message\` of \`agent_output\` is passed on as the agent wrote it.`;
}
