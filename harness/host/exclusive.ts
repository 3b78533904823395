import { $ } from "zx";
import { atExit } from "./at-exit.ts";

/**
 * Takes an exclusive lock on an open file or directory; false where another has it for all of `patience`, one of flock's words.
 * The kernel takes the lock back when the descriptor is closed, however this process ends.
 */
export async function lock(fd: number, patience: string): Promise<boolean> {
  const flock = $({
    nothrow: true,
    quiet: true,
    stdio: ["ignore", "ignore", "inherit", fd],
  })`flock --exclusive ${patience} 3`;
  const forget = atExit(() => void flock.kill());
  const { exitCode } = await flock;
  forget();
  if (exitCode !== 0 && exitCode !== 1) throw new Error(`flock ended with code ${exitCode}`);
  return exitCode === 0;
}
