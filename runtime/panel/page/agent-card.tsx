import type { TaskRecord } from "../../api/record.ts";
import { type ModelName, type ThinkingLevel, thinkingLevel } from "../../protocol/kinds.ts";
import { call } from "./api.ts";
import { Refusal } from "./refusal.tsx";
import { Section } from "./section.tsx";
import { useAnswer } from "./use-answer.ts";
import { useStore } from "./use-store.ts";
import { visible } from "./words.ts";

const KINDS: Record<TaskRecord["agent"], string> = { pi: "pi, a coding agent", probe: "the probe, without a model" };

/** Who works on the task, with which model, and what it may do without asking. */
export function AgentCard({ task }: { task: TaskRecord }) {
  const store = useStore();
  const isOpen = task.state === "ready" || task.state === "active" || task.state === "idle";
  const { answer, refusal } = useAnswer(
    async () => (isOpen ? call("models", { task: task.id }) : undefined),
    [task.id, isOpen, task.model?.provider, task.model?.id, store.connection],
  );
  const current = answer?.current ?? task.model;
  const choose = (model: ModelName) => void store.act(() => call("model_set", { task: task.id, model }));
  const think = (level: ThinkingLevel) => void store.act(() => call("thinking_set", { task: task.id, level }));
  return (
    <Section title="Agent" fact={current === null ? task.agent : current.id}>
      <Refusal says={refusal} />
      <dl class="reach">
        <dt>Agent</dt>
        <dd>{KINDS[task.agent]}</dd>
        <dt>Model</dt>
        <dd>
          {answer === undefined || answer.models.length === 0 ? (
            (current?.id ?? "none")
          ) : (
            <ModelChoice models={answer.models} current={current} onChoose={choose} />
          )}
        </dd>
        {task.agent === "pi" && (
          <>
            <dt>Thinking</dt>
            <dd>
              {isOpen ? <ThinkingChoice level={task.thinking} onChoose={think} /> : (task.thinking ?? "as it likes")}
            </dd>
          </>
        )}
      </dl>
      {task.agent === "pi" && <Decisions task={task} />}
    </Section>
  );
}

/** What a person allowed for good, which can be taken back. */
function Decisions({ task }: { task: TaskRecord }) {
  const store = useStore();
  const { answer, refusal, again } = useAnswer(
    () => call("decisions", { task: task.id }),
    [task.id, task.turn?.id, store.questionsOf(task.id).length, store.connection],
  );
  const clear = (id: string) => void store.act(() => call("decisions_clear", { task: task.id, id })).then(again);
  return (
    <div class="decisions">
      <Refusal says={refusal} />
      {answer?.length === 0 && (
        <p class="faint">It asks before it deletes, moves or renames anything but its outputs.</p>
      )}
      {answer !== undefined && answer.length > 0 && (
        <>
          <p class="faint">Allowed for good in this folder, without asking:</p>
          <ul class="allowed">
            {answer.map(({ id, what }) => (
              <li key={id}>
                <span>{visible(what)}</span>
                <button type="button" class="quiet" aria-label={`Ask again before: ${what}`} onClick={() => clear(id)}>
                  ✕
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

interface ThinkingChoiceProps {
  level: ThinkingLevel | null;
  onChoose: (level: ThinkingLevel) => void;
}

function ThinkingChoice({ level, onChoose }: ThinkingChoiceProps) {
  return (
    <select
      aria-label="Thinking"
      value={level ?? ""}
      onChange={({ currentTarget: { value } }) => {
        const chosen = thinkingLevel.safeParse(value);
        if (chosen.success) onChoose(chosen.data);
      }}
    >
      {level === null && <option value="">as it likes</option>}
      {thinkingLevel.options.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

interface ModelChoiceProps {
  models: readonly ModelName[];
  current: ModelName | null;
  onChoose: (model: ModelName) => void;
}

function ModelChoice({ models, current, onChoose }: ModelChoiceProps) {
  const nameOf = ({ provider, id }: ModelName) => `${provider}/${id}`;
  return (
    <select
      aria-label="Model"
      value={current === null ? "" : nameOf(current)}
      onChange={({ currentTarget: { value } }) => {
        const chosen = models.find((model) => nameOf(model) === value);
        if (chosen !== undefined) onChoose(chosen);
      }}
    >
      {current === null && <option value="">none chosen</option>}
      {models.map((model) => (
        <option key={nameOf(model)} value={nameOf(model)}>
          {nameOf(model)}
        </option>
      ))}
    </select>
  );
}
