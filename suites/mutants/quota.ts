import type { Mutant } from "../../harness/mutants/mutant.ts";
import { unit } from "./unit.ts";

/** How much tasks may add. */
export const quota: readonly Mutant[] = [
  {
    id: "home-not-measured",
    file: "runtime/workspace/host-directories.ts",
    find: `["outputs", "home", "session"] as const`,
    replace: `["outputs", "session"] as const`,
    loses: "A task fills the host's disk through its home.",
    ...unit("runtime/tasks/quota.test.ts"),
  },
  {
    id: "new-allowance-on-opening",
    file: "runtime/tasks/quota.ts",
    find: "growth === null ? now : startingPoint(growth, now)",
    replace: "now",
    loses: "A task gets its whole allowance of disk again with each opening.",
    ...unit("runtime/tasks/quota.test.ts"),
  },
  {
    id: "crash-gives-anew",
    file: "runtime/tasks/quota.ts",
    find: "if (ended === null || ended === undefined || now === null) return before;",
    replace: `if (now === null) return before;
  if (ended === null || ended === undefined) return now;`,
    loses: "With each crash of the runtime a task gets its whole allowance of disk again.",
    ...unit("runtime/tasks/quota.test.ts"),
  },
  {
    id: "closed-directory-hides",
    file: "runtime/tasks/quota.ts",
    find: "isUnreached: added(before, now).unreached > 0",
    replace: "isUnreached: wasUnreached",
    loses: "A running task fills the disk without end inside a directory that it has closed to everybody.",
    ...unit("runtime/tasks/quota.test.ts"),
  },
  {
    id: "files-not-counted",
    file: "runtime/tasks/quota.ts",
    find: "...(entries > limits.entries ?",
    replace: "...(bytes > limits.bytes && entries > limits.entries ?",
    loses: "A task fills the host's disk with millions of small files.",
    ...unit("runtime/tasks/quota.test.ts"),
  },
  {
    id: "smaller-counts",
    file: "runtime/workspace/usage.ts",
    find: "Math.max(length, stats.blocks * BLOCK)",
    replace: "Math.min(length, stats.blocks * BLOCK)",
    loses:
      "A task fills the host's disk with space reserved in empty files, or leaves files with holes that fill what they are copied to.",
    ...unit("runtime/workspace/usage.test.ts"),
  },
];
