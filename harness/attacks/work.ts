import type { Check } from "../checks/checks.ts";
import type { Fixtures } from "./fixtures.ts";

/** Legitimate work in a task, behind all walls, on its folder. */
export interface Work {
  id: string;
  claim: string;
  essential?: true;
  /** shell script of the task; it works where it ends with 0 */
  script: string;
  /** what the host puts there first, and looks at afterwards; throws where that is not right */
  before?(own: string): void;
  after?(own: string): void | Promise<void>;
  /** a file path is known not to do this: it must fail, so that the list of what does not work stays true */
  impossible?: string;
  /** time that it has, in milliseconds, where it takes longer than others */
  deadlineMs?: number;
}

/** Time that work has; on a loaded machine npm takes half of it. */
const WORK_DEADLINE_MS = 150_000;

export function workChecks(works: readonly Work[]): Check<Fixtures>[] {
  return works.map(({ id, claim, essential, script, before, after, impossible, deadlineMs = WORK_DEADLINE_MS }) => ({
    id,
    claim: impossible === undefined ? claim : `not possible on this file path: ${claim}`,
    essential,
    deadlineMs: deadlineMs + 30_000,
    async run({ target: { world, talk, attacker: task } }) {
      before?.(world.own);
      try {
        const ran = await talk.exec(["sh", "-c", `set -e\n${script}`], { task, timeoutMs: deadlineMs });
        const output = `${ran.stdout}${ran.stderr}`;
        if (impossible === undefined && ran.code !== 0)
          throw new Error(`ended with ${ran.code}: ${output.slice(-1500)}`);
        if (impossible !== undefined && ran.code === 0) throw new Error("it works by now: take it off the list");
        await after?.(world.own);
        return { said: output.trim().slice(-300) };
      } finally {
        world.emptyOwn();
      }
    },
  }));
}
