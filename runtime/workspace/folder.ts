import { fstatSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { openBeneath } from "../linux/open-beneath.ts";
import { invalidRequest, policyViolation } from "../protocol/errors.ts";
import { relativeFolder } from "../protocol/ids.ts";

/** Where tasks work when no workspace is named: inside the repository, so that a first try touches nothing of the user's. */
export function makeSampleWorkspace(root: string): void {
  mkdirSync(join(root, "sample"), { recursive: true });
}

/** Finds the workspace root once; it stays this directory, whatever its name leads to later. */
export function resolveWorkspaceRoot(path: string): string {
  let root: string;
  try {
    root = realpathSync(path);
  } catch (cause) {
    throw policyViolation(`The workspace ${path} does not exist; make it, or name another with --workspace.`, cause);
  }
  const found = lstatSync(root);
  if (!found.isDirectory()) throw policyViolation(`The workspace ${path} is not a directory.`);
  if (root === "/")
    throw policyViolation(
      "The workspace cannot be the root of the file system; name a directory that holds only folders for tasks.",
    );
  assertOwn(found.uid, root);
  return root;
}

/** A workspace that held the state would export every record and session to the machine; the other way round a task could be anything. */
export function keepApart(workspace: string, state: string): void {
  const [a, b] = [`${workspace}/`, `${realpathSync(state)}/`];
  if (!a.startsWith(b) && !b.startsWith(a)) return;
  throw policyViolation(
    `The workspace ${workspace} and the state ${state} lie inside each other; choose another --workspace or --state.`,
  );
}

/** Turns what a caller named (absolute, or relative to the root) into a folder strictly below the root, reached without symlinks. */
export function resolveFolder(root: string, named: string): string {
  const path = isAbsolute(named) ? relative(root, resolve(named)) : named;
  const parsed = relativeFolder.safeParse(path.replace(/\/+$/, ""));
  if (!parsed.success) {
    const outside = path === "" || path === ".." || path.startsWith("../");
    throw outside
      ? policyViolation(`The folder must lie below the workspace root ${root}.`)
      : invalidRequest("the folder", parsed.error);
  }
  using place = openBeneath(root, parsed.data.split("/"));
  assertOwn(fstatSync(place.fd).uid, parsed.data);
  return parsed.data;
}

/** What a folder is, whatever it is called: device and inode of each directory on the way to it from the root, itself last. */
export function identifyFolder(root: string, folder: string): string[] {
  const parts = folder.split("/");
  return parts.map((_, depth) => {
    using place = openBeneath(root, parts.slice(0, depth + 1));
    const { dev, ino } = fstatSync(place.fd);
    return `${dev}:${ino}`;
  });
}

/** Whether one is the other, or lies in it. */
export function foldersOverlap(one: readonly string[], other: readonly string[]): boolean {
  return one.includes(other.at(-1) ?? "") || other.includes(one.at(-1) ?? "");
}

/** A machine acts with the rights of the user who runs the runtime, and shows only that user's files as the task's own. */
function assertOwn(uid: number, shown: string): void {
  const own = process.getuid?.();
  if (uid === own) return;
  throw policyViolation(
    `${shown} belongs to user ${uid}, the runtime runs as user ${own}; a task could not work in it. Run piwork as its owner.`,
  );
}
