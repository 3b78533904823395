import type { ExpectedFiles } from "../files.ts";
import { SHARES } from "./stage.ts";

/** Where taskd mounts the shares, and below that what slots are given. */
const PRIVATE_ROOT = "/run/piwork";
/** What each task is given, in a slot of its own, as taskd names the places. */
const GIVEN = ["work", "outputs", "uploads", "home"] as const;

/** What the kernels of a machine and of this host show of shares, where all is well. */
export const expected: ExpectedFiles = {
  mounts: (mounts) => mounts.filter(({ type }) => type === "9p"),

  inMachine(open, mounts) {
    const targets = [...new Set(expected.mounts(mounts).map(({ target }) => target))];
    const shares = ["tasks", ...(open.some(({ folder }) => folder !== null) ? ["workspace"] : [])];
    return [
      ...shares.map((tag) => ({
        what: `the share '${tag}'`,
        count: 1,
        found: targets.filter((target) => target === `${PRIVATE_ROOT}/${tag}`).length,
      })),
      // A folder that was bound late lies over the outputs at the same place.
      ...GIVEN.map((given) => ({
        what: `/${given === "home" ? "home/task" : given}`,
        count: open.length,
        found: targets.filter((target) => new RegExp(`^${PRIVATE_ROOT}/slots/\\d+/${given}$`).test(target)).length,
      })),
    ];
  },

  exported(isolation, places, task) {
    if (isolation === "shared") return SHARES.map((at) => ({ at, from: places[at] }));
    if (task === null) return [];
    const { id, folder } = task;
    return [
      { at: `tasks/${id}/guest`, from: `${places.tasks}/${id}/guest` },
      ...(folder === null ? [] : [{ at: `workspace/${folder}`, from: `${places.workspace}/${folder}` }]),
    ];
  },

  isEmptyRoot: (isolation, at) => isolation === "vm" && SHARES.some((name) => name === at),
};
