import type { ToolCall } from "./by-pi.ts";

/**
 * What must not happen: nothing outside is read (R), changed (W) or even seen (M); the supervisor stays live (L) and other
 * tasks carry on (T); no command without authority (A); no secret leaks (S); a quota holds (Q). And legitimate use works (C).
 */
export type Invariant = "R" | "W" | "M" | "L" | "T" | "A" | "S" | "Q" | "C";

/** From where it is tried: a process in a task, the root of its machine, the control API, whoever has taken over QEMU, requests to taskd. */
export type Lane = "agent" | "root" | "host" | "qemu" | "wire";

/** What tells from outside of the attacker whether an attack got through; see oracles.ts. */
export type OracleName =
  | "token"
  | "strangers"
  | "exports"
  | "record"
  | "change"
  | "guest-change"
  | "victim"
  | "bystander"
  | "growth"
  | "silence"
  | "excess"
  | "connection"
  | "modes"
  | "starvation";

/** A shell script in the task's folder; on the control, as root of the machine and without walls. */
export interface AgentAttack {
  /** `group.name` */
  id: string;
  invariant: Invariant;
  /** what it tries, as the end of "a task ..." */
  tries: string;
  /** by the invariant, where it is not said */
  oracle?: OracleName;
  /** why its control does not leak; at most ten attacks may say so */
  dead?: string;
  script: string;
  /** what the task's agent is told to do in place of the script, where it is the agent that attacks */
  tools?: readonly ToolCall[];
  /** needs a process tree of its own, because it looks at it, or ends it */
  alone?: true;
  /** its control may cost the machine, which is then started again */
  ruinous?: true;
  /** time that it has, in milliseconds, where it is not the usual one */
  deadlineMs?: number;
  /** why what is put into the task's folder first takes the host's root */
  needsRoot?: string;
  /** what a person puts into the task's folder first */
  prepare?(own: string): void;
  /** it counts what it tries, says so in its last line, and fails where that was too little to prove anything */
  counts?: true;
  /** what is allowed, for the oracle `excess`: a script of the guest's root prints numbers, of which the largest counts; `meanwhile` also while the attack runs */
  excess?: { measure: string; allowed: number; meanwhile?: true };
  /** script of the guest's root that takes back what only this attack leaves behind */
  undo?: string;
}

const ORACLE_OF: Record<Exclude<Invariant, "C">, OracleName> = {
  R: "token",
  M: "token",
  S: "token",
  A: "token",
  W: "change",
  T: "victim",
  L: "silence",
  Q: "excess",
};

export function oracleOf({ oracle, invariant }: AgentAttack): OracleName {
  if (oracle !== undefined) return oracle;
  if (invariant === "C") throw new Error("legitimate work is no attack");
  return ORACLE_OF[invariant];
}

export function groupOf({ id }: { id: string }): string {
  return id.split(".")[0] ?? id;
}
