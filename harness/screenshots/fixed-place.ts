import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { tryLock } from "../../runtime/linux/flock.mjs";
import { removeNow } from "../host/remove-now.ts";
import { type Sandbox, sandboxIn } from "../runtimes/piwork.ts";

/** The page shows where its workspace is: for two pictures to be the same, it is in one place. Not in $TMPDIR, which may be any. */
const PLACE = "/tmp/piwork-scenes";
/** Another run may have the place for as long as its pictures take, in seconds. */
const TURN_S = 600;
const POLL_MS = 500;

/** The places of a runtime whose paths are the same in each run; one run has them at a time. Its logs go to `evidence`. */
export async function takeFixedPlace(evidence: string): Promise<Sandbox> {
  const lock = await takeTurn();
  const logs = join(PLACE, "logs");
  const remove = () => {
    if (existsSync(logs))
      for (const name of readdirSync(logs).filter((entry) => entry.endsWith(".log")))
        copyFileSync(join(logs, name), join(evidence, name));
    removeNow(PLACE);
    closeSync(lock);
  };
  const [state, workspace] = [join(PLACE, "state"), join(PLACE, "projects")];
  const sandbox = sandboxIn({ directory: PLACE, state, workspace, logs }, remove);
  // A run that was killed leaves its files.
  for (const name of readdirSync(PLACE)) removeNow(join(PLACE, name));
  for (const directory of [workspace, logs]) mkdirSync(directory);
  return sandbox;
}

/** A lock of the directory itself; the kernel takes it back however this process ends. */
async function takeTurn(): Promise<number> {
  for (let waited = 0; waited < TURN_S * 1000; waited += POLL_MS) {
    const fd = tryTurn();
    if (fd !== undefined) return fd;
    if (foreignOwner(PLACE)?.isIdle) break;
    if (waited === 0) console.log(`another run takes its pictures in ${PLACE}; waiting for its end`);
    await delay(POLL_MS);
  }
  const owner = foreignOwner(PLACE);
  const remedy = owner === undefined ? "remove it" : `only uid ${owner.uid}, whose it is, or root can remove it`;
  throw new Error(`another run has had ${PLACE} for ${TURN_S} s; if none takes pictures, ${remedy}`);
}

/** Whose the place is where it is another user's, and whether its directory has not changed for longer than pictures take. */
export function foreignOwner(place: string, now = Date.now()): { uid: number; isIdle: boolean } | undefined {
  const found = lstatSync(place, { throwIfNoEntry: false });
  if (found === undefined || found.uid === process.getuid?.()) return undefined;
  return { uid: found.uid, isIdle: now - found.mtimeMs > TURN_S * 1000 };
}

/** The place and its lock, unless another run of this user, or of another user, has it. */
function tryTurn(): number | undefined {
  mkdirSync(PLACE, { recursive: true, mode: 0o700 });
  const fd = openPlace();
  if (fd === undefined) return undefined;
  const { uid, ino } = fstatSync(fd);
  const isOurs = uid === process.getuid?.() && tryLock(fd);
  // The run before removes the directory when it ends.
  if (isOurs && lstatSync(PLACE, { throwIfNoEntry: false })?.ino === ino) return fd;
  closeSync(fd);
  return undefined;
}

function openPlace(): number | undefined {
  try {
    return openSync(PLACE, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch {
    return undefined; // another user's, or removed at this moment
  }
}
