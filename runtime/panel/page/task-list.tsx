import type { TaskRecord } from "../../api/record.ts";
import { useStore } from "./use-store.ts";

/** What a person calls the states. */
const STATES: Record<TaskRecord["state"], string> = {
  creating: "opening",
  ready: "ready",
  active: "ready",
  idle: "ready",
  stopped: "stopped",
  errored: "failed",
};

export function stateWords({ state, turn }: Pick<TaskRecord, "state" | "turn">): string {
  return turn !== null && state !== "creating" ? "working" : STATES[state];
}

export function TaskList({ onMake, onChosen }: { onMake: () => void; onChosen: () => void }) {
  const store = useStore();
  const tasks = [...(store.status?.tasks ?? [])].reverse();
  return (
    <nav class="tasks" aria-label="Tasks">
      <div class="column-head">
        <h2 class="cut">Tasks</h2>
        <button type="button" onClick={onMake}>
          New task
        </button>
      </div>
      {tasks.length === 0 && <p class="faint nothing">none yet</p>}
      <ul onKeyDown={moveFocus}>
        {tasks.map((task) => (
          <li key={task.id}>
            <button
              type="button"
              class="task"
              data-task={task.id}
              tabIndex={task.id === store.selected ? 0 : -1}
              aria-current={task.id === store.selected ? "true" : undefined}
              onClick={() => {
                store.select(task.id);
                onChosen();
              }}
            >
              <span class="task-title cut">{task.title}</span>
              <span class="faint cut">{task.folder ?? "no folder"}</span>
              <span class={`state faint ${stateWords(task)}`}>
                {store.questionsOf(task.id).length > 0 ? "asks you" : stateWords(task)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** One stop for Tab, and arrows from there: fifty tasks are not fifty stops. */
function moveFocus(event: KeyboardEvent): void {
  if (!(event.currentTarget instanceof HTMLElement)) return;
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const at = buttons.indexOf(event.target as HTMLButtonElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  buttons[Math.min(Math.max(to, 0), buttons.length - 1)]?.focus();
}
