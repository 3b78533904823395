import assert from "node:assert/strict";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { BareMachine } from "../../harness/machines/bare-machine.ts";
import { KNOWN_FILES, RawLink } from "../../harness/machines/raw-link.ts";
import type { Sandbox } from "../../harness/runtimes/piwork.ts";
import { NOTHING_CHOSEN } from "../../runtime/machine/rehearsal.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";

/** As many tasks as one machine may hold, and one more. */
export function manyTasks(sandbox: Sandbox): Check {
  return {
    id: "limits.tasks",
    claim: `a machine holds ${LIMITS.tasksPerTaskd} tasks, refuses one more with LIMIT_EXCEEDED, and takes it once another is stopped`,
    deadlineMs: 900_000,
    async run() {
      await using machine = new BareMachine(join(sandbox.directory, "many"), join(sandbox.logs, "many.log"), {
        memoryMb: 6 * 1024,
      });
      const link = await RawLink.open(machine);
      await link.greet(machine);
      const open = (taskId: string) => {
        machine.makeTask(taskId);
        return link.attempt("create_or_open_task", {
          taskId,
          title: "Many",
          folder: null,
          agent: "probe",
          ...NOTHING_CHOSEN,
          files: KNOWN_FILES,
        });
      };
      for (let count = 1; count <= LIMITS.tasksPerTaskd; count++) {
        assert.equal(await open(`task-${count}`), "accepted", `task ${count}`);
        link.acknowledge();
      }
      assert.equal(await open("one-more"), "LIMIT_EXCEEDED");
      assert.equal(await link.attempt("stop_task", { taskId: "task-1" }), "accepted");
      assert.equal(await open("one-more"), "accepted");
      const state = (await link.ask("runtime_get_state", {}))["result"] as { tasks: { state: string }[] };
      assert.equal(state.tasks.filter(({ state: is }) => is === "ready").length, LIMITS.tasksPerTaskd);
    },
  };
}
