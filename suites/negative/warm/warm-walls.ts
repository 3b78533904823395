import assert from "node:assert/strict";
import type { Fixtures } from "../../../harness/attacks/fixtures.ts";
import type { Check } from "../../../harness/checks/checks.ts";
import { waitFor } from "../../../harness/host/wait-for.ts";
import type { TaskLayer } from "../../../runtime/protocol/layers.ts";
import { SLOTS } from "../walls/walls.ts";

/** The agent that waits: its control group `$g`, and its process `$p`. */
const WAITING = `g=$(ls -d /sys/fs/cgroup/tasks/slot-* | sort -V | tail -1)
for p in $(cat $g/cgroup.procs); do read -r name </proc/$p/comm; [ "$name" = node ] && break; done`;
const inside = (command: string) => `nsenter --mount --target $p ${command}`;
/** Time in which nothing of an agent that was ended is left, in milliseconds. */
const GONE_MS = 10_000;
const TASKS = "/sys/fs/cgroup/tasks/cgroup.subtree_control";

/**
 * What becomes of a layer while its agent waits. Namespaces, the user, rights, the filter, the session and open descriptors are a
 * process's own, and nobody can take them from it later: these are looked at, and cannot be broken.
 */
// biome-ignore format: a table
const BREAKS: readonly { id: string; layer: TaskLayer; what: string; break: string; mend?: string }[] = [
  { id: "stranger", layer: "view", what: "something else is mounted in its view", break: inside("mount -t tmpfs stranger /usr/share") },
  { id: "unseen", layer: "view", what: "it does not see what is mounted for its task", break: inside("mount --make-rprivate /") },
  { id: "other-folder", layer: "view", what: "its folder has another directory over it", break: `${inside("mount --make-private /work")}; ${inside("mount --bind /etc /work")}` },
  { id: "memory", layer: "memory", what: "its memory has no bound", break: "echo max >$g/memory.max" },
  { id: "more-memory", layer: "memory", what: "it may use more memory than its task was given", break: "echo 1030M >$g/memory.max" },
  { id: "processes", layer: "processes", what: "its processes have no bound", break: "echo max >$g/pids.max" },
  { id: "cpu", layer: "cpu", what: "the processor is not shared any more", break: `echo -cpu >${TASKS}`, mend: `echo +cpu >${TASKS}` },
  { id: "group", layer: "memory", what: "it is in another control group", break: "echo $p >/sys/fs/cgroup/supervisor/cgroup.procs" },
  { id: "writable", layer: "tmpfs", what: "its root can be written", break: inside("mount -o remount,bind,rw /") },
  { id: "unbounded-tmp", layer: "tmpfs", what: "its /tmp has no bound of its own", break: inside("mount --bind /etc /tmp") },
];

const whole: Check<Fixtures> = {
  id: "walls.warm-whole",
  claim: "an agent that waits is given to a task as long as nobody has touched its walls",
  async run({ warm }) {
    await warm.warm();
    const before = await warm.asRoot(SLOTS);
    assert.deepEqual(await warm.openTask("whole-task"), { code: "accepted", message: "" });
    assert.equal(slots(await warm.asRoot(SLOTS)), slots(before), "it was not the one that waited");
    assert.equal((await warm.stopTask("whole-task")).code, "accepted");
    return { before };
  },
};

const refused = BREAKS.map(
  ({ id, layer, what, break: sabotage, mend = "" }): Check<Fixtures> => ({
    id: `walls.warm-${id}`,
    claim: `an agent waits and ${what}: no task gets it, the layer '${layer}' is named, and nothing of it is left`,
    async run({ warm }) {
      const before = await warm.asRoot(SLOTS);
      await warm.warm();
      await warm.asRoot(`${WAITING}\n${sabotage}`);
      const outcome = await warm.openTask("refused-task").finally(() => warm.asRoot(mend));
      // The kernel buries what was killed in its own time; what stays is shown below.
      let after = "";
      const isAsBefore = async () => {
        after = await warm.asRoot(SLOTS);
        return after === before;
      };
      await waitFor("the end of the refused agent", GONE_MS, isAsBefore).catch(() => {});
      if (outcome.code === "accepted") await warm.stopTask("refused-task");
      assert.equal(outcome.code, "TASK_BOOTSTRAP_FAILED");
      assert.match(outcome.message, new RegExp(`\\b${layer}\\b`));
      assert.equal(after, before, "something of the refused agent is left");
      return outcome;
    },
  }),
);

/** An agent that waits is given to a task only while its walls are whole, with the task's directories in them. */
export const warmWallChecks: readonly Check<Fixtures>[] = [whole, ...refused];

/** Only which there are. */
function slots(seen: string): string {
  return seen
    .split("\n")
    .filter((line) => line.startsWith("/run/piwork/slots/"))
    .join(" ");
}
