import { setTimeout as delay } from "node:timers/promises";
import type { Machine } from "../machine/machine.ts";

/** Between two looks at a machine that runs, in milliseconds. */
const LOOK_MS = 250;
/** Looks without anything to do after which it is asked whether it may be paused, and how many more each time it may not. */
const QUIET_LOOKS = 2;
const MOST_QUIET_LOOKS = 20;
const SETTLE_DEADLINE_MS = 30_000;

/**
 * Pauses a machine while nothing is in flight and none of its tasks has a process beside its idle agent; whatever is said to it next
 * wakes it. Emulated processors that only wait cost a percent of a core each.
 */
export function restWhenIdle(machine: Machine, isBusy: () => boolean): void {
  const end = new AbortController();
  void machine.ended.then(() => end.abort());
  void keepLooking(machine, isBusy, end.signal);
}

async function keepLooking(machine: Machine, isBusy: () => boolean, end: AbortSignal): Promise<void> {
  let quiet = 0;
  let patience = QUIET_LOOKS;
  for (;;) {
    await machine.awake;
    await delay(LOOK_MS, undefined, { signal: end, ref: false }).catch(() => {});
    if (end.aborted) return;
    if (machine.state !== "running" || machine.bridge.isWaiting || machine.connections > 0 || isBusy()) {
      quiet = 0;
      patience = QUIET_LOOKS;
    } else if (++quiet >= patience) {
      quiet = 0;
      if (!(await pauseIfIdle(machine, isBusy))) patience = Math.min(2 * patience, MOST_QUIET_LOOKS);
    }
  }
}

/** Says whether none of its tasks had anything to do. */
async function pauseIfIdle(machine: Machine, isBusy: () => boolean): Promise<boolean> {
  const said = machine.bridge.requestsMade;
  try {
    const { processes } = await machine.bridge.request("runtime_settle", {}, { deadlineMs: SETTLE_DEADLINE_MS });
    // Something may have been asked of it meanwhile, and be done by now.
    const isQuiet = machine.bridge.requestsMade === said + 1 && machine.connections === 0 && !isBusy();
    if (processes > 0 || !isQuiet) return false;
    await machine.pause();
    return true;
  } catch {
    return true; // it ends, which is noticed elsewhere
  }
}
