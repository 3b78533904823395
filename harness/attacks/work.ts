import type { Check } from "../checks/checks.ts";
import type { Target } from "./target.ts";

/** Legitimate work in a task, behind all walls, on its folder. */
export interface Work {
  id: string;
  claim: string;
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

async function perform(
  { talk, attacker }: Target,
  script: string,
  timeoutMs: number,
): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await talk.exec(["sh", "-c", script], {
    task: attacker,
    timeoutMs,
  });
  return { code, output: `${stdout}${stderr}` };
}

export function workChecks(works: readonly Work[], target: () => Target): Check[] {
  return works.map(({ id, claim, script, before, after, impossible, deadlineMs = WORK_DEADLINE_MS }) => ({
    id,
    claim: impossible === undefined ? claim : `not possible on this file path: ${claim}`,
    deadlineMs: deadlineMs + 30_000,
    async run() {
      const { world } = target();
      before?.(world.own);
      try {
        const { code, output } = await perform(target(), `set -e\n${script}`, deadlineMs);
        if (impossible === undefined && code !== 0) throw new Error(`ended with ${code}: ${output.slice(-1500)}`);
        if (impossible !== undefined && code === 0) throw new Error("it works by now: take it off the list");
        await after?.(world.own);
        return { said: output.trim().slice(-300) };
      } finally {
        world.emptyOwn();
      }
    },
  }));
}
