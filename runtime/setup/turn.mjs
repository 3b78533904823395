// One set-up at a time in a checkout: two would remove each other's packages.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";

/** What util-linux's flock answers where somebody else has the lock. */
const HELD = 1;
/** Exit codes that a shell gives to whom these end. */
const ENDED_BY = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Waits until no other set-up works in this checkout; what it returns lets the next one in. The lock belongs to an open
 * descriptor, so the kernel lets go of it however this process ends. Throws where locking is impossible.
 */
export async function takeTurn(repository, say) {
  mkdirSync(join(repository, "tmp"), { recursive: true });
  const fd = openSync(join(repository, "tmp/setup.lock"), "a");
  const { status, error, stderr } = spawnSync("flock", ["--nonblock", "--exclusive", "3"], {
    stdio: ["ignore", "ignore", "pipe", fd],
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  if (status === HELD) await waitForTurn(fd, say);
  else if (status !== 0) throw new Error(stderr.trim());
  return () => closeSync(fd);
}

async function waitForTurn(fd, say) {
  const started = Date.now();
  const ticking = setInterval(
    () => say(`still waiting: ${Math.round((Date.now() - started) / 1000)} s so far`),
    10_000,
  );
  const child = spawn("flock", ["--exclusive", "3"], { stdio: ["ignore", "ignore", "inherit", fd] });
  const end = (signal) => {
    child.kill();
    process.exit(ENDED_BY[signal]);
  };
  for (const name of Object.keys(ENDED_BY)) process.on(name, end);
  say("another set-up works in this checkout; waiting for it …");
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (...how) => resolve(how));
  });
  // A Ctrl-C reaches both, and its end may be seen here first.
  if (signal !== null && signal in ENDED_BY) process.exit(ENDED_BY[signal]);
  for (const name of Object.keys(ENDED_BY)) process.off(name, end);
  clearInterval(ticking);
  if (code !== 0) throw new Error(`flock ended with ${code ?? signal}`);
}
