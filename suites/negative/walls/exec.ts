import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Fixtures } from "../../../harness/attacks/fixtures.ts";
import type { Check } from "../../../harness/checks/checks.ts";

const MARK = "ran-here";

/** A command of a task runs in that task, whichever task is the active one of the machine that both are in. */
export const execChecks: readonly Check<Fixtures>[] = (["exec", "prompt"] as const).map((way) => ({
  id: `walls.${way}-in-its-task`,
  claim: `while another task of its machine is the active one, ${way === "exec" ? "a command" : "the agent"} of a task works in the task's own folder, and in no other`,
  async run({ control }) {
    const { client } = control.runtime;
    const folders = { [control.attacker]: control.world.own, [control.victim]: join(control.world.workspace, "other") };
    const where = () => Object.keys(folders).filter((task) => existsSync(join(folders[task] ?? "", MARK)));
    const seen: Record<string, string[]> = {};
    for (const [task, active] of [
      [control.attacker, control.victim],
      [control.victim, control.attacker],
    ] as const) {
      await client.call("task_switch", { task: active });
      const script = `touch /work/${MARK} && sync`;
      if (way === "exec") await control.talk.exec(["sh", "-c", script], { task });
      else await control.talk.promptOrFail(`run: ${script}`, task);
      seen[task] = where();
      for (const folder of Object.values(folders)) rmSync(join(folder, MARK), { force: true });
      assert.deepEqual(seen[task], [task]);
    }
    return { seen };
  },
}));
