import { openSync } from "node:fs";
import type { Finding, Planted } from "../api/files.ts";
import { openBeneath, PLACE, Place } from "../linux/open-beneath.ts";
import { openRegularFile } from "../linux/open-regular.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { TaskDirectory } from "./files.ts";
import { GIT_CONFIG, GIT_HOOK, gitSettings, RUN_BY_TOOLS } from "./host-tools.ts";
import { readTarget } from "./listing.ts";
import { showName, showPath, sortBy } from "./names.ts";
import { type Found, type LookLimits, look, pathOf, walk } from "./walk.ts";

type Danger = Pick<Finding, "kind" | "why">;

/** What in a folder is dangerous to whoever works in it on the host. What changed since `since` comes first, and is kept longest. */
export async function findPlanted(
  { root, parts }: TaskDirectory,
  since: Date,
  limits: LookLimits = { entries: LIMITS.plantedEntries, milliseconds: LIMITS.plantedMs },
): Promise<Planted> {
  using folder = openBeneath(root, parts);
  const changed: Finding[] = [];
  const older: Finding[] = [];
  let isCut = false;
  const add = (found: Found, { kind, why }: Danger) => {
    const changedSinceTask = Math.max(found.stats.ctimeMs, found.stats.mtimeMs) > since.getTime();
    const list = changedSinceTask ? changed : older;
    if (list.length < LIMITS.plantedFindings) list.push({ path: shownPath(found), kind, why, changedSinceTask });
    else isCut = true;
  };
  const visit = async (found: Found) => {
    for (const danger of await dangersOf(folder, found)) add(found, danger);
  };
  const unreached = (found: Found) => {
    const why = "a directory that may not be read, or lies too deep, was not looked into";
    add(found, { kind: "unreadable", why });
  };
  const isWhole = await walk(folder, visit, { unreached, limits });
  const findings = [changed, older].flatMap((list) => sortBy(list, ({ path }) => path));
  return {
    findings: findings.slice(0, LIMITS.plantedFindings),
    truncated: isCut || !isWhole || findings.length > LIMITS.plantedFindings,
  };
}

async function dangersOf(folder: Place, found: Found): Promise<Danger[]> {
  const { stats } = found;
  if (stats.isDirectory()) return [];
  const path = shownPath(found);
  const tool = RUN_BY_TOOLS.find(([pattern]) => pattern.test(path));
  const isHook = GIT_HOOK.test(path) && (stats.isSymbolicLink() || (stats.mode & 0o111) !== 0);
  const runs: Danger[] = [
    ...(tool === undefined ? [] : [{ kind: "runs" as const, why: tool[1] }]),
    ...(isHook ? [{ kind: "runs" as const, why: "git runs it as a hook" }] : []),
  ];
  if (stats.isSymbolicLink()) return [...runs, ...(await whereTo(folder, found))];
  if (!stats.isFile()) return [...runs, { kind: "special", why: `it is a ${specialWord(found)}` }];
  const setId =
    (stats.mode & 0o6000) === 0
      ? []
      : [{ kind: "set-id" as const, why: "it runs as its owner or group, whoever starts it" }];
  return [...runs, ...setId, ...readSettings(found, path)];
}

function specialWord({ stats }: Found): string {
  return stats.isFIFO() ? "FIFO, which blocks whoever opens it" : stats.isSocket() ? "socket" : "device";
}

/** Judges a link by its words, from its directory; where these lead through another link, only following would tell. */
async function whereTo(folder: Place, { place, name, above }: Found): Promise<Danger[]> {
  const target = await readTarget(place, name);
  if (target === undefined) return [];
  const shown = JSON.stringify(showName(target).text.slice(0, 200));
  const leaves = (why: string): Danger[] => [{ kind: "leaves", why: `${why}: ${shown}` }];
  if (target[0] === SLASH) return leaves("the link has an absolute target");
  const at = [...above];
  const steps = splitPath(target);
  for (const [index, step] of steps.entries()) {
    if (step.equals(UP)) {
      if (at.pop() === undefined) return leaves("the link leads out of the folder");
      continue;
    }
    at.push(step);
    const isLast = index === steps.length - 1;
    // The last one, where it is a link, is judged by its own words.
    if (!isLast && (await isLink(folder, at))) return leaves("the link leads through another link");
  }
  return [];
}

async function isLink(folder: Place, parts: readonly Buffer[]): Promise<boolean> {
  const way = [...parts];
  const last = way.pop();
  let place = new Place(openSync(`${folder.path}/.`, PLACE));
  try {
    for (const part of way) {
      const inner = new Place(openSync(pathOf(place, part), PLACE));
      place[Symbol.dispose]();
      place = inner;
    }
    return last !== undefined && ((await look(place, last))?.isSymbolicLink() ?? false);
  } catch {
    return false; // nothing is there, or no directory: the link leads nowhere
  } finally {
    place[Symbol.dispose]();
  }
}

/** Settings of git, and a `.git` that is a file, which names where the repository is. */
function readSettings({ place, name, above, stats }: Found, path: string): Danger[] {
  const isPointer = name.toString("latin1") === ".git";
  if (!isPointer && !GIT_CONFIG.test(path)) return [];
  if (stats.size > LIMITS.plantedConfigBytes)
    return [{ kind: "unreadable", why: "settings this long are not looked at" }];
  let text: string;
  try {
    using file = openRegularFile(place, showName(name).text);
    const content = file?.readAtMost(LIMITS.plantedConfigBytes);
    if (content === undefined) return [{ kind: "unreadable", why: "settings that changed while they were looked at" }];
    text = content.toString("utf8");
  } catch {
    return [{ kind: "unreadable", why: "settings that cannot be read" }];
  }
  if (!isPointer) return gitSettings(text).map(({ key, why }) => ({ kind: "runs", why: `${why}: ${shownKey(key)}` }));
  const target = /^gitdir:(.*)$/m.exec(text)?.[1]?.trim();
  if (target === undefined || !climbsOut(target, above.length)) return [];
  return [{ kind: "leaves", why: `git takes the repository, with its hooks and settings, from ${shownKey(target)}` }];
}

function climbsOut(target: string, depth: number): boolean {
  if (target.startsWith("/")) return true;
  let level = depth;
  for (const step of target.split("/")) {
    if (step === "..") level--;
    else if (step !== "" && step !== ".") level++;
    if (level < 0) return true;
  }
  return false;
}

function splitPath(path: Buffer): Buffer[] {
  return path
    .toString("latin1")
    .split("/")
    .filter((step) => step !== "" && step !== ".")
    .map((step) => Buffer.from(step, "latin1"));
}

function shownPath({ above, name }: Found): string {
  return showPath([...above, name]);
}

function shownKey(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

const SLASH = 0x2f;
const UP = Buffer.from("..");
