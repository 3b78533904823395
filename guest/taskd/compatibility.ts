import { readFileSync } from "node:fs";
import { type AgentRequest, agentModels, agentState } from "../../runtime/protocol/agent.ts";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { SESSION_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import type { AgentKind } from "../../runtime/protocol/kinds.ts";
import type { Agent } from "./agent.ts";

type Answer = Record<string, unknown>;

/** The pi that all of this was tried with. */
const VERSION = "0.73.1";
const PACKAGE = "/usr/lib/piwork/pi/package.json";

/** What taskd asks of pi, and what it counts on in the answer; undefined is as it should be. */
const QUESTIONS: [request: AgentRequest, wrong: (answer: Answer) => string | undefined][] = [
  [
    { type: "get_state" },
    (answer) => (agentState.safeParse(answer).success ? undefined : "it does not tell its state"),
  ],
  [{ type: "new_session" }, refused],
  [{ type: "switch_session", sessionPath: SESSION_IN_SANDBOX }, refused],
  [
    { type: "get_available_models" },
    (answer) =>
      agentModels.safeParse(answer).data?.data.models.length === 0 ? undefined : "it has models that nobody gave it",
  ],
  [{ type: "set_model", provider: "nobody", modelId: "none" }, taken],
  [{ type: "set_thinking_level", level: "low" }, refused],
  [{ type: "prompt", message: "hello" }, taken],
  [{ type: "steer", message: "hello" }, refused],
  [{ type: "follow_up", message: "hello" }, refused],
  [{ type: "abort" }, refused],
];

/** Asks a waiting agent everything that taskd asks of agents, and gives its version. */
export async function proveAgent(kind: AgentKind, agent: Agent): Promise<string> {
  if (kind === "probe") return "ours";
  const { version } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string };
  if (version !== VERSION)
    throw new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      `The image has pi ${version}, and this runtime was tried with pi ${VERSION}. Install that one (guest/package.json), or try the new one and change the version in guest/taskd/compatibility.ts.`,
    );
  for (const [request, wrong] of QUESTIONS) {
    const why = wrong(await agent.askOrFail(request));
    if (why !== undefined)
      throw new PiworkError(
        "TASK_BOOTSTRAP_FAILED",
        `pi ${version} does not behave as this runtime needs it: asked for '${request.type}', ${why}.`,
      );
  }
  return version;
}

function refused(answer: Answer): string | undefined {
  return answer["success"] === true ? undefined : `it refused: ${answer["error"]}`;
}

function taken(answer: Answer): string | undefined {
  return answer["success"] === true ? "it took what it cannot have" : undefined;
}
