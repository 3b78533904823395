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
  let quiet = 0;
  let patience = QUIET_LOOKS;
  let asking = false;
  const look = async () => {
    if (machine.state !== "running" || machine.bridge.isWaiting || isBusy()) {
      quiet = 0;
      patience = QUIET_LOOKS;
      return;
    }
    if (asking || ++quiet < patience) return;
    asking = true;
    try {
      const said = machine.bridge.requestsMade;
      const { processes } = await machine.bridge.request("runtime_settle", {}, { deadlineMs: SETTLE_DEADLINE_MS });
      // Something may have been asked of it meanwhile, and be done by now.
      const isQuiet = machine.bridge.requestsMade === said + 1 && !isBusy();
      if (processes === 0 && isQuiet) await machine.pause();
      else patience = Math.min(2 * patience, MOST_QUIET_LOOKS);
      quiet = 0;
    } catch {
      quiet = 0; // it ends, which is noticed elsewhere
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  void machine.ended.then(() => clearInterval(timer));
}
