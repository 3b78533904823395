import { saidIn } from "../../api/answer.ts";
import type { Contradiction } from "../../api/contradiction.ts";
import type { StateSnapshot, TaskSides } from "../../api/dump.ts";
import { isOpen } from "../../protocol/states.ts";
import { type Find, name } from "./name.ts";

/** Between the runtime and those that show, or remember, which tasks there are. */
export const activeAndPanel: Find = (snapshot) => [...activeTask(snapshot), ...panel(snapshot)];

function activeTask(snapshot: StateSnapshot): Contradiction[] {
  const status = saidIn(snapshot.runtime)?.status;
  if (status === undefined || snapshot.tasks.some(({ runtime }) => runtime?.underway === true)) return [];
  const active = status.activeTask;
  const isKnown = (id: string | null) => id !== null && status.tasks.some((task) => task.id === id);
  const written = saidIn(snapshot.host.activeTask);
  const shown = saidIn(snapshot.panel)?.activeTask;
  // With a machine for each task, a taskd knows nothing of the others.
  const [machine] = status.isolation === "shared" ? snapshot.machines.filter(({ runtime }) => runtime !== null) : [];
  const taskd = machine === undefined ? undefined : saidIn(machine.taskd)?.state.activeTaskId;
  const state = status.tasks.find(({ id }) => id === active)?.state;
  const others = {
    // A file that names a task which was deleted names none.
    ...(written !== undefined && (isKnown(written) ? written : null) !== active ? { host: words(written) } : {}),
    ...(shown !== undefined && shown !== active ? { panel: words(shown) } : {}),
    // One that was stopped, or whose agent is gone, need not be active there.
    ...(taskd !== undefined && taskd !== active && (taskd !== null || (state !== undefined && isOpen(state)))
      ? { taskd: words(taskd) }
      : {}),
  };
  if (Object.keys(others).length === 0) return [];
  const said = Object.entries(others).map(([side, word]) => `${SIDES[side as keyof typeof SIDES]} ${word}`);
  const says = `For the runtime the active task is ${words(active)}; ${said.join("; ")}.`;
  return [name("active-task-differs", active ?? "none", { runtime: words(active), ...others }, says)];
}

const SIDES = { host: "its file names", panel: "the panel shows", taskd: "taskd says" };

function words(task: string | null): string {
  return task ?? "none";
}

function panel({ runtime, panel, tasks }: StateSnapshot): Contradiction[] {
  const [status, shown] = [saidIn(runtime)?.status, saidIn(panel)];
  if (status === undefined || shown === undefined) return [];
  if (shown.pid !== status.pid) {
    const says = `What answers at the panel's address is process ${shown.pid}, and the runtime is process ${status.pid}.`;
    return [name("panel-differs", "panel", { runtime: `process ${status.pid}`, panel: `process ${shown.pid}` }, says)];
  }
  return tasks.flatMap(shownDifferently);
}

function shownDifferently({ id, runtime, panel }: TaskSides): Contradiction[] {
  const shown = saidIn(panel);
  if (shown === undefined || runtime?.underway === true) return [];
  const [known, seen] = [runtime?.record ?? null, shown].map((record) =>
    record === null
      ? "no such task"
      : `${record.state}, ${record.folder === null ? "no folder" : `'${record.folder}'`}, '${record.title}'`,
  ) as [string, string];
  if (known === seen) return [];
  const says = `The runtime has the task as ${known}; the panel shows ${seen}.`;
  return [name("panel-differs", id, { runtime: known, panel: seen }, says)];
}
