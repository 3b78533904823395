import type { Phases } from "../../harness/bench/figures.ts";
import type { Client } from "../../runtime/control/client.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";

/**
 * How long something takes and what of it, by the arrival of events: `ends` says which phase is over with an event. What is left
 * behind the last one is the way back to whoever asked.
 */
export async function watchPhases(
  client: Client,
  ends: (event: RuntimeEvent) => string | undefined,
  work: () => Promise<unknown>,
): Promise<{ took: number; phases: Phases }> {
  using over = new EndOfWatch();
  const phases: Phases[number][] = [];
  const events = client.stream("events", {}, over.signal);
  await events.next(); // it says that events are sent from now on
  const started = performance.now();
  let before = started;
  const end = (name: string) => {
    const now = performance.now();
    phases.push({ name, value: now - before });
    before = now;
  };
  const watching = (async () => {
    for await (const item of events) {
      const name = "event" in item ? ends(item) : undefined;
      if (name !== undefined && !phases.some((phase) => phase.name === name)) end(name);
    }
  })().catch(() => {}); // it is over
  await work();
  const took = performance.now() - started;
  end("the answer of the control API");
  over.abort();
  await watching;
  return { took, phases };
}

/** The phases of opening a task. */
export function openingEnds(event: RuntimeEvent): string | undefined {
  if (event.event === "task_bootstrap_state" && event.payload.step === "agent")
    return "a machine, and the task's directories proven from both sides";
  if (event.event === "task_ready")
    return "a confined agent that waits is shown them, reads its session and is switched to";
  return undefined;
}

class EndOfWatch extends AbortController implements Disposable {
  [Symbol.dispose](): void {
    this.abort();
  }
}
