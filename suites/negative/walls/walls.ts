import assert from "node:assert/strict";
import type { Fixtures } from "../../../harness/attacks/fixtures.ts";
import type { Check } from "../../../harness/checks/checks.ts";
import { attempt } from "../../../harness/runtimes/talk.ts";
import { type TaskLayer, taskLayer } from "../../../runtime/protocol/layers.ts";

/**
 * A bubblewrap that lies: it does most of what it is told, and not what `lie` (cases of a shell's `case` over its words)
 * leaves out. So does a kernel or a package with a fault.
 */
const lyingBubblewrap = (lie: string) => `
cp /usr/bin/bwrap /run/honest
cat >/run/lying <<'END'
#!/usr/bin/busybox sh
left=$#
while [ $left -gt 0 ]; do
  word=$1; shift; left=$((left - 1))
  case "$word $1 $2" in
    ${lie}
    *) set -- "$@" "$word" ;;
  esac
done
exec /run/honest "$@"
END
chmod 755 /run/lying /run/honest && mount --bind /run/lying /usr/bin/bwrap`;
const HONEST = "umount /usr/bin/bwrap";

const drop = (word: string) => lyingBubblewrap(`"${word} "*) ;;`);
const dropPair = (word: string) => lyingBubblewrap(`"${word} "*) shift; left=$((left - 1)) ;;`);
const instead = (word: string, ...others: string[]) =>
  lyingBubblewrap(`"${word} "*) set -- "$@" ${others.join(" ")} ;;`);

/** What the machine's root does so that a layer cannot be built, or is not, and how it is mended. */
interface Sabotage {
  break: string;
  mend: string;
  /** in every run: a layer takes five seconds, and one stands for each way of breaking one */
  essential?: true;
}

// biome-ignore format: a table
const SABOTAGE: Record<TaskLayer, Sabotage> = {
  view: { break: instead("--dev", "--ro-bind", "/run", "/stranger", "--dev"), mend: HONEST, essential: true },
  pid: { break: lyingBubblewrap(`"--unshare-pid "*) ;; "--proc "*) set -- "$@" --bind /proc ;;`), mend: HONEST },
  ipc: { break: drop("--unshare-ipc"), mend: HONEST },
  uts: { break: lyingBubblewrap(`"--unshare-uts "*) ;; "--hostname "*) shift; left=$((left - 1)) ;;`), mend: HONEST },
  net: { break: "echo 0 >/proc/sys/user/max_net_namespaces", mend: "echo 4000 >/proc/sys/user/max_net_namespaces", essential: true },
  user: { break: "echo 0 >/proc/sys/user/max_user_namespaces", mend: "echo 4000 >/proc/sys/user/max_user_namespaces" },
  "nested-users": { break: lyingBubblewrap(`"--disable-userns "*|"--assert-userns-disabled "*) ;;`), mend: HONEST },
  uid: { break: "printf '#!/usr/bin/busybox sh\\nwhile [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"\\n' >/run/lying; chmod 755 /run/lying; mount --bind /run/lying /usr/bin/setpriv", mend: "umount /usr/bin/setpriv" },
  capabilities: { break: instead("--cap-drop", "--cap-add"), mend: HONEST },
  seccomp: { break: dropPair("--seccomp"), mend: HONEST, essential: true },
  memory: { break: "echo -memory >/sys/fs/cgroup/tasks/cgroup.subtree_control", mend: "echo +memory >/sys/fs/cgroup/tasks/cgroup.subtree_control", essential: true },
  processes: { break: "echo -pids >/sys/fs/cgroup/tasks/cgroup.subtree_control", mend: "echo +pids >/sys/fs/cgroup/tasks/cgroup.subtree_control" },
  cpu: { break: "echo -cpu >/sys/fs/cgroup/tasks/cgroup.subtree_control", mend: "echo +cpu >/sys/fs/cgroup/tasks/cgroup.subtree_control" },
  tmpfs: { break: dropPair("--remount-ro"), mend: HONEST },
  descriptors: { break: lyingBubblewrap(`"--clearenv "*) exec 9</run; set -- "$@" "$word" ;;`), mend: HONEST },
  environment: { break: instead("--clearenv", "--setenv", "STRANGER", "1"), mend: HONEST },
  session: { break: drop("--new-session"), mend: HONEST },
  uploads: { break: lyingBubblewrap(`"--ro-bind "*" /uploads") set -- "$@" --bind ;;`), mend: HONEST },
};

/** The same for what is made before any layer: the limits of the launcher, and the control group. */
const MORE_SABOTAGE: readonly (Sabotage & { id: string; layer: TaskLayer })[] = [
  {
    id: "descriptor-limit",
    layer: "descriptors",
    break: "echo 1000 >/proc/sys/fs/nr_open",
    mend: "echo 1048576 >/proc/sys/fs/nr_open",
    essential: true,
  },
  {
    id: "control-group",
    layer: "memory",
    break: "mount -o remount,ro /sys/fs/cgroup",
    mend: "mount -o remount,rw /sys/fs/cgroup",
  },
];

/** What a refusal says where that is not the layer's name: as root, a task cannot even have its own files mounted. */
const SAID_AS: Partial<Record<TaskLayer, RegExp>> = { view: /\/stranger/, uid: /\bview\b/ };

/** All that there is of slots: directories, mounts, control groups, and processes. */
export const SLOTS = `ls -d /run/piwork/slots/* /sys/fs/cgroup/tasks/slot-*
while read -r _ _ _ root place _; do case $place in /run/piwork/slots/*) echo "$root $place" ;; esac; done </proc/self/mountinfo
grep -sao 'slots/[0-9][0-9]*/' /proc/[0-9]*/cmdline | sort -u; true`;

/** Ends the agents that wait for a task: they have stood behind their walls since before these were broken. */
const END_WAITING = `waiting() { for slot in /run/piwork/slots/*; do
  grep -q " $slot/outputs " /proc/self/mountinfo || [ ! -d $slot ] || echo "\${slot##*/}"
done; }
for slot in $(waiting); do echo 1 >/sys/fs/cgroup/tasks/slot-$slot/cgroup.kill; done
for _ in $(seq 100); do [ -z "$(waiting)" ] && exit 0; sleep 0.1; done; exit 1`;

const ALL_SABOTAGE = [
  ...taskLayer.options.map((layer) => ({ id: layer, layer, ...SABOTAGE[layer] })),
  ...MORE_SABOTAGE,
];

const refused = ALL_SABOTAGE.map(
  ({ id: name, layer, break: sabotage, mend, essential }): Check<Fixtures> => ({
    id: `walls.refused-without-${name}`,
    claim: `where the layer '${layer}' cannot be built, or is not, a task is refused with its name, and nothing of it is left`,
    essential,
    async run({ control }) {
      const { client } = control.runtime;
      assert.equal((await control.asRoot(END_WAITING)).code, 0, "an agent that waits did not end");
      const before = (await control.asRoot(SLOTS)).text;
      assert.equal((await control.asRoot(sabotage)).code, 0, "the sabotage failed");
      let message = "";
      const created = client.call("task_create", { title: `Without ${layer}`, folder: null });
      created.catch((error: Error) => {
        message = error.message;
      });
      const outcome = await attempt(() => created);
      assert.equal((await control.asRoot(mend)).code, 0, "the sabotage could not be undone");
      const { id } = (await client.call("task_list", {})).at(-1) ?? { id: "" };
      const after = (await control.asRoot(SLOTS)).text;
      await client.call("task_delete", { task: id });
      assert.equal(outcome, "TASK_BOOTSTRAP_FAILED");
      assert.match(message, SAID_AS[layer] ?? new RegExp(`\\b${layer}\\b`));
      assert.equal(after, before, "something of the refused task is left");
      return { message };
    },
  }),
);

const builtAgain: Check<Fixtures> = {
  id: "walls.built-again",
  claim: "after each of these refusals was mended, a task is started, and the kernel says that every layer holds",
  essential: true,
  async run({ control }) {
    const { client } = control.runtime;
    const { id } = await client.call("task_create", { title: "Whole", folder: null });
    const { guest } = (await client.call("diag", {})).machines[0] ?? assert.fail("no machine");
    const layers = guest.walls.find(({ taskId }) => taskId === id)?.layers ?? [];
    assert.deepEqual(layers.map(({ layer }) => layer).sort(), [...taskLayer.options].sort());
    assert.deepEqual(
      layers.filter(({ holds }) => !holds),
      [],
    );
    await client.call("task_delete", { task: id });
    return { layers };
  },
};

/** A task whose walls are not whole is refused, and the layer is named. */
export const wallChecks: readonly Check<Fixtures>[] = [...refused, builtAgain];
