import { type CallOutput, calls } from "../api/calls.ts";
import type { StatusView } from "../api/status.ts";
import { Client } from "../control/client.ts";
import { enterPanel, post } from "../panel/client.ts";
import { controlSocket, type Places } from "../state/places.ts";
import { type HostFacts, lookAtHost } from "./host.ts";

/** Time a runtime or its panel has for one answer, in milliseconds; it takes some. */
const ANSWER_MS = 5_000;
/** Time for the answers of all machines, which the runtime bounds as well, in milliseconds. */
const ANSWERS_MS = 60_000;

/** Who is asked. Each of them may fail, or be silent. */
export interface Sides {
  status(): Promise<StatusView>;
  machineAnswers(patienceMs: number): Promise<CallOutput<"machine_answers">>;
  /** what the panel's server tells a page; null without a panel */
  panel(): Promise<StatusView | null>;
  host(workspace: string | null): Promise<HostFacts>;
  inspect(task: string, deadlineMs: number): Promise<CallOutput<"task_inspect">>;
  network(task: string, deadlineMs: number): Promise<CallOutput<"network">>;
}

export function sidesOf(places: Places): Sides {
  const client = new Client(controlSocket(places), places.state);
  return {
    status: () => within(ANSWER_MS, (signal) => client.call("status", {}, signal)),
    machineAnswers: (patienceMs) =>
      within(ANSWERS_MS, (signal) => client.call("machine_answers", { patienceMs }, signal)),
    panel: () =>
      within(ANSWER_MS, async (signal) => {
        const { address } = await client.call("panel", {}, signal);
        return address === null ? null : askPanel(address, signal);
      }),
    host: (workspace) => lookAtHost(places, workspace),
    inspect: (task, deadlineMs) => within(deadlineMs, (signal) => client.call("task_inspect", { task }, signal)),
    network: (task, deadlineMs) => within(deadlineMs, (signal) => client.call("network", { task }, signal)),
  };
}

/** Asks as the page does. */
async function askPanel(address: string, signal: AbortSignal): Promise<StatusView> {
  const token = await enterPanel(address, signal);
  const answer = await post(new URL("/v1/status", address).href, `Bearer ${token}`, signal);
  return calls.status.output.parse(JSON.parse(answer));
}

/** Gives a question up after a time: the connection ends with it, so that nothing is left waiting. */
async function within<T>(milliseconds: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = AbortSignal.timeout(Math.ceil(milliseconds));
  try {
    return await ask(over);
  } catch (error) {
    throw over.aborted ? new Error(`no answer within ${milliseconds / 1000} s`) : error;
  }
}
