import type { AgentAttack, Invariant } from "../../harness/attacks/attack.ts";

/** A row of a table of attacks: name, what it tries (the end of "a task ..."), shell script, and what is not as usual. */
export type Row = [
  name: string,
  tries: string,
  script: string,
  more?: Partial<Omit<AgentAttack, "id" | "tries" | "script">>,
];

/** Attacks of a process in a task which endanger the same thing. */
export function agent(group: string, invariant: Invariant, rows: readonly Row[]): AgentAttack[] {
  return rows.map(([name, tries, script, more]) => ({
    id: `${group}.${name}`,
    invariant,
    tries,
    script,
    ...more,
  }));
}

/** Finds the victim's process; where it cannot be seen, `$v` is empty. The pattern does not match itself. */
export const FIND_VICTIM = "v=$(pgrep -n -f 'piwork-victi[m]')";
/** The same for the process of the victim that has nothing to do. */
export const FIND_BYSTANDER = "b=$(pgrep -n -f 'piwork-bystande[r]')";
/** Finds taskd. */
export const FIND_TASKD = "t=$(pgrep -o -f 'taskd[.]mjs')";
/** Where its own things are seen from the machine's root, which has no view of its own. */
export const GROUPS = "/sys/fs/cgroup/tasks";
