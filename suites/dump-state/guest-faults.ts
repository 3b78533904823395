import { waitFor } from "../../harness/host/wait-for.ts";
import type { DumpedRuntime } from "./dumped-runtime.ts";
import type { Fault } from "./fault.ts";

/** Leaves in variables the first process of an agent's namespace, with which all of it ends, bubblewrap around it, and its control group. */
const FIND_AGENT = `
for file in $(grep -l "/$1/guest/outputs /outputs " /proc/[0-9]*/mountinfo 2>/dev/null); do
  directory=$(dirname $file)
  read -r name 2>/dev/null <$directory/comm && [ "$name" = node ] && agent=$(basename $directory)
done
parent() { while read -r field value _; do [ "$field" = PPid: ] && echo $value; done </proc/$1/status; }
init=$(parent $agent); outer=$(parent $init); read -r group </proc/$agent/cgroup; group=/sys/fs/cgroup/\${group#0::/}
`;

/** What the root of a machine does to a task in it, which its taskd does not notice. The machines are there to be attacked. */
export function guestFaults(dumped: DumpedRuntime): Fault[] {
  const asRoot = async (task: string, script: string) => {
    const argv = ["sh", "-c", `${FIND_AGENT}\n${script}`, "sh", task];
    const end = await dumped.talk.exec(argv, { task, unconfined: true });
    if (end.code !== 0) throw new Error(`the machine's root failed with ${end.code}: ${end.stderr}`);
    return end.stdout.toString().trim();
  };
  /** The one task of this runtime, and its machine. */
  let victim: Promise<string> | undefined;
  const find = () => {
    victim ??= dumped.makeTask("Victim", "victim");
    return victim;
  };

  return [
    {
      kind: "walls-missing",
      words: "the bound on a task's processes was lifted in its machine",
      async make() {
        const task = await find();
        const before = await asRoot(task, "read -r old <$group/pids.max; echo max >$group/pids.max; echo $old");
        const mend = () => asRoot(task, `echo ${before} >$group/pids.max`);
        return { named: [`walls-missing ${task}`], mend };
      },
    },
    {
      kind: "agent-missing",
      words: "an agent was killed, and taskd is kept from hearing of it",
      async make() {
        const task = await find();
        const frozen = await asRoot(
          task,
          `kill -STOP $outer && kill -KILL $init || exit
          until grep -q "^State:.Z" /proc/$init/status; do sleep 0.02; done; echo $outer`,
        );
        const mend = async () => {
          await dumped.talk.exec(["sh", "-c", `kill -CONT ${frozen}`], { task, unconfined: true });
          await waitFor("the state 'errored'", 30_000, async () => {
            const { state } = await dumped.client.call("task_show", { task });
            return state === "errored" || undefined;
          });
          await dumped.talk.prompt("with another agent", task);
        };
        return { named: [`agent-missing ${task}`], mend };
      },
    },
    {
      kind: "mount-missing",
      words: "the directory at /work was unmounted in its machine",
      async make() {
        const task = await find();
        await asRoot(task, `umount -l "$(echo $group | sed "s,.*/slot-,/run/piwork/slots/,")/work"`);
        // Its agent was started when it was there, and keeps it: the walls are whole, and the next command has nothing at /work.
        return { named: [`mount-missing ${task}`] };
      },
    },
  ];
}
