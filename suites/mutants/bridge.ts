import type { Mutant } from "../../harness/mutants/mutant.ts";
import { unit } from "./unit.ts";

/** What machines say, and what is believed of it. */
export const bridge: readonly Mutant[] = [
  {
    id: "events-twice",
    file: "runtime/bridge/receipts.ts",
    find: "if (event.seq <= this.lastSeq) return",
    replace: "if (event.seq < this.lastSeq) return",
    loses: "What happened once is shown and counted twice.",
    ...unit("runtime/bridge/receipts.test.ts"),
  },
  {
    id: "gap-accepted",
    file: "runtime/bridge/receipts.ts",
    find: `if (event.seq > this.lastSeq + 1) return "gap";
`,
    replace: "",
    loses:
      "Events that were lost with a link are never asked for: output, questions or the end of a turn are missing, and nobody says so.",
    ...unit("runtime/bridge/receipts.test.ts"),
  },
  {
    id: "not-said-again",
    file: "runtime/bridge/bridge.ts",
    find: "for (const line of this.#requests.lines) this.#write(line);",
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
    find: "return this.#answered.has(frame.id);",
    replace: "return true;",
    loses: "Nobody learns that a machine answers what was never asked.",
    ...unit("runtime/bridge/requests.test.ts"),
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
