import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { tryLock, waitForLock } from "../../runtime/linux/flock.mjs";
import { atExit } from "../host/at-exit.ts";
import type { Sandbox } from "../runtimes/piwork.ts";

/** The page shows where its workspace is: for two pictures to be the same, it is in one place. Not in $TMPDIR, which may be any. */
const PLACE = "/tmp/piwork-scenes";
/** Another run may have the place for as long as its pictures take, in seconds. */
const TURN_S = 600;

/** The places of a runtime whose paths are the same in each run; one run has them at a time. Its logs go to `evidence`. */
export async function takeFixedPlace(evidence: string): Promise<Sandbox> {
  const lock = await takeTurn();
  const logs = join(PLACE, "logs");
  const remove = () => {
    if (existsSync(logs))
      for (const name of readdirSync(logs).filter((entry) => entry.endsWith(".log")))
        copyFileSync(join(logs, name), join(evidence, name));
    empty();
  };
  const forget = atExit(remove);
  empty();
  const [state, workspace] = [join(PLACE, "state"), join(PLACE, "projects")];
  for (const directory of [workspace, logs]) mkdirSync(directory);
  return {
    directory: PLACE,
    state,
    workspace,
    logs,
    words: ["--state", state, "--logs", logs],
    [Symbol.dispose]() {
      forget();
      remove();
      closeSync(lock);
    },
  };
}

/** A lock of the directory itself; the kernel takes it back however this process ends. */
async function takeTurn(): Promise<number> {
  mkdirSync(PLACE, { recursive: true, mode: 0o700 });
  const fd = openSync(PLACE, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  if (fstatSync(fd).uid !== process.getuid?.())
    throw new Error(`${PLACE} belongs to another user; the pictures are taken in it, so remove it first.`);
  if (tryLock(fd)) return fd;
  console.log(`another run takes its pictures in ${PLACE}; waiting for its end`);
  if (await waitForLock(fd, { seconds: TURN_S })) return fd;
  throw new Error(`another run has ${PLACE} for more than ${TURN_S} s`);
}

/** The directory stays: who waits has its lock. */
function empty(): void {
  for (const name of readdirSync(PLACE)) rmSync(join(PLACE, name), { recursive: true, force: true });
}
