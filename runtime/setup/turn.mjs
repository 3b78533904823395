// One set-up at a time in a checkout: two would remove each other's packages.
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { tryLock, waitForLock } from "../linux/flock.mjs";

/** Waits until no other set-up works in this checkout; what it returns lets the next one in. Throws where locking is impossible. */
export async function takeTurn(repository, say) {
  mkdirSync(join(repository, "tmp"), { recursive: true });
  const fd = openSync(join(repository, "tmp/setup.lock"), "a");
  if (!tryLock(fd)) {
    const started = Date.now();
    const seconds = () => Math.round((Date.now() - started) / 1000);
    const ticking = setInterval(() => say(`still waiting: ${seconds()} s so far`), 10_000);
    say("another set-up works in this checkout; waiting for it …");
    await waitForLock(fd);
    clearInterval(ticking);
  }
  return () => closeSync(fd);
}
