import { setTimeout as delay } from "node:timers/promises";
import type { AgentSession, SessionEvent } from "pi/core/agent-session.js";
import { SETTLED } from "../../runtime/protocol/in-sandbox.ts";
import { slim } from "./slim.ts";

/** Time in which pi goes on by itself after it has made room in a conversation, in milliseconds; it waits for a tenth of a second. */
const GOES_ON_MS = 1_000;
const LOOK_EVERY_MS = 10;

const NO_MODEL =
  "No model is configured for this task. Add a provider on the host (piwork provider add), then stop the task and open it again.";

/**
 * Has a session say when a prompt is over: pi's own `agent_end` may be followed by another try, by one that makes room in the
 * conversation, or by what was said meanwhile.
 */
export function saySettled(session: AgentSession, say: (message: object) => void): void {
  const { prompt, abort, subscribe } = session;
  let goesOn = false;
  subscribe.call(session, (event) => {
    if (event.type === "compaction_end") goesOn = event["willRetry"] === true || session.agent.hasQueuedMessages();
    if (event.type === "agent_start") goesOn = false;
  });
  session.prompt = async (text, options) => {
    if (session.modelRegistry.getAvailable().length === 0) throw new Error(NO_MODEL);
    let isTaken = false;
    const preflightResult = (worked: boolean) => {
      isTaken = worked;
      options?.preflightResult?.(worked);
    };
    try {
      await prompt.call(session, text, { ...options, preflightResult });
    } catch (error) {
      if (!isTaken) throw error;
      const errorMessage = error instanceof Error ? error.message : String(error);
      say({ type: "message_end", message: { role: "assistant", stopReason: "error", errorMessage } });
    }
    await untilQuiet(session, () => goesOn);
    say({ type: SETTLED });
  };
  session.abort = async () => {
    // What was said meanwhile was meant for the turn that ends now.
    session.clearQueue();
    session.abortCompaction();
    await abort.call(session);
  };
  session.subscribe = (listener: (event: SessionEvent) => void) =>
    subscribe.call(session, (event) => listener(slim(event)));
}

async function untilQuiet(session: AgentSession, goesOn: () => boolean): Promise<void> {
  let waitedMs = 0;
  for (let isQuiet = false; ; ) {
    await session.agent.waitForIdle();
    const isBusy = session.isStreaming || session.isCompacting || session.isRetrying;
    const isAwaited = goesOn() && waitedMs < GOES_ON_MS;
    // Twice: what an event sets off begins behind it.
    if (!isBusy && !isAwaited && isQuiet) {
      if (!session.agent.hasQueuedMessages()) return;
      // It was said when the turn had just ended.
      await session.agent.continue().catch(() => session.clearQueue());
    }
    isQuiet = !isBusy && !isAwaited;
    waitedMs = isBusy ? 0 : waitedMs + LOOK_EVERY_MS;
    await delay(LOOK_EVERY_MS);
  }
}
