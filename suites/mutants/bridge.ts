import type { Mutant } from "../../harness/mutants/mutant.ts";
import { unit } from "./unit.ts";

/** What machines say, and what is believed of it. */
export const bridge: readonly Mutant[] = [
  {
    id: "events-twice",
    file: "runtime/bridge/receipts.ts",
    find: "if (event.seq <= this.lastSeq) {",
    replace: "if (event.seq < this.lastSeq) {",
    loses: "What happened once is shown and counted twice.",
    ...unit("runtime/bridge/receipts.test.ts"),
  },
  {
    id: "gap-accepted",
    file: "runtime/bridge/receipts.ts",
    find: "if (event.seq > this.lastSeq + 1) throw",
    replace: "if (event.seq > this.lastSeq + 1_000) throw",
    loses: "A machine leaves out output, questions or the end of a turn, and nobody says so.",
    ...unit("runtime/bridge/receipts.test.ts"),
  },
  {
    id: "not-said-again",
    file: "runtime/bridge/bridge.ts",
    find: "for (const line of this.#requests.sendAgain()) this.#write(line);",
    replace: "",
    loses:
      "A prompt or command that was on its way when the link broke is never said again; whoever waits for it waits in vain.",
    noticedBy: "wire.reconnect",
  },
  {
    id: "unread-not-counted",
    file: "runtime/bridge/network-link.ts",
    find: "this.#unread += weight;",
    replace: "",
    loses: "A machine that speaks and reads nothing fills the memory of the runtime, and all tasks end with it.",
    ...unit("runtime/bridge/network-link.test.ts"),
  },
  {
    id: "answers-to-nothing",
    file: "runtime/bridge/requests.ts",
    find: "return due > 0;",
    replace: "return true;",
    loses: "A machine answers what was never asked, without end, and nobody ends it.",
    ...unit("runtime/bridge/requests.test.ts"),
  },
  {
    id: "turn-without-end",
    file: "runtime/bridge/portions.ts",
    find: "taken.pieces++;",
    replace: "",
    loses: "A machine that says one short line after the other holds up all others while it is heard.",
    ...unit("suites/fuzz/violations.test.ts"),
  },
  {
    id: "unasked-events",
    file: "runtime/bridge/bridge.ts",
    find: "--this.#eventsDue < 0",
    replace: "this.#eventsDue < 0",
    loses:
      "A machine says for ever that its task has ended: each time its record is written to the disk, and all wait.",
    ...unit("suites/fuzz/violations.test.ts"),
  },
  {
    id: "pieces-without-end",
    file: "runtime/protocol/lines.ts",
    find: "this.#held + piece.length >= this.#limit",
    replace: "piece.length >= this.#limit",
    loses: "A machine fills the memory of the runtime with a line that never ends.",
    ...unit("runtime/protocol/lines.test.ts"),
  },
];
