import type { MachineRoot, Whose } from "./machine-picture.ts";

/** Where a task is in its machine: a directory, and a control group. */
export interface Slot {
  directory: string;
  group: string;
}

/** How the words begin of what waits in a sandbox for a task's next command; nothing else of a task has them. */
export const WAITING_WORDS = "/usr/bin/perl -MErrno";

const DIRECTORY = /^\/run\/piwork\/slots\/(\d+)$/;

/** The slot in whose mounts the outputs of a task are; undefined while there is none. */
export async function learnSlot(target: MachineRoot & Record<Whose, string>, whose: Whose): Promise<Slot | undefined> {
  const look = `while read -r _ _ _ root place _; do
  [ "$root" = "/${target[whose]}/guest/outputs" ] && case $place in */outputs) echo "\${place%/outputs}" ;; esac
done </proc/self/mountinfo; true`;
  const directory = (await target.asRoot(look, whose)).text.trim();
  const number = DIRECTORY.exec(directory)?.[1];
  return number === undefined ? undefined : { directory, group: `/sys/fs/cgroup/tasks/slot-${number}` };
}

/** Names that scripts have for these tasks and their slots. */
export function namesOf(tasks: Record<Whose, string>, slots: Partial<Record<Whose, Slot>>): string {
  return (["attacker", "victim"] as const)
    .map((whose) => {
      const { directory = "", group = "" } = slots[whose] ?? {};
      const name = whose.toUpperCase();
      return `export ${name}=${tasks[whose]} ${name}_SLOT=${directory} ${name}_GROUP=${group}`;
    })
    .join("; ");
}
