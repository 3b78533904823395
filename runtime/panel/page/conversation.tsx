import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { TaskRecord } from "../../api/record.ts";
import { call } from "./api.ts";
import { Question } from "./question.tsx";
import { TaskActions } from "./task-actions.tsx";
import { stateWords } from "./task-list.tsx";
import { TurnView } from "./turn.tsx";
import { useStore } from "./use-store.ts";

/** So near the end, in pixels, a reader is taken to follow it. */
const NEAR_END = 60;
const EXAMPLES: Record<TaskRecord["agent"], readonly string[]> = {
  probe: [
    "run: ls -la; id",
    "run: echo hello > made-here; cat made-here",
    "ask: confirm May I go on?",
    "Say **this** back",
  ],
  pi: ["What is in this folder?", "Write a haiku to haiku.txt", "Tidy up this folder, and tell me what you did"],
};

export function ConversationView({ task }: { task: TaskRecord }) {
  const store = useStore();
  const { conversation, sent, unheard } = store;
  const scroller = useRef<HTMLElement>(null);
  const follows = useRef(true);
  const [draft, setDraft] = useState("");
  useLayoutEffect(() => {
    const { current } = scroller;
    if (current !== null && follows.current) current.scrollTop = current.scrollHeight;
  });
  const turns = conversation?.turns ?? [];

  return (
    <main class="middle">
      <div class="column-head">
        <h2 class="cut" title={task.title}>
          {task.title}
        </h2>
        <span class={`state faint ${stateWords(task)}`}>{stateWords(task)}</span>
        <TaskActions task={task} />
      </div>
      <section
        class="turns"
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached
        tabIndex={0}
        aria-label="Conversation"
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
        }}
      >
        {conversation?.hasEarlier && <p class="faint centred">Earlier turns are not kept for showing.</p>}
        {turns.map(({ turn, version }, index) => (
          <TurnView key={turn.id ?? index} turn={turn} version={version} isLast={index === turns.length - 1} />
        ))}
        {unheard.map((message, index) => (
          <article class="turn" key={index}>
            <p class="prompt meanwhile">{message}</p>
            <p class="faint" role="status">
              Said; it hears this when its step is over, or when it is done …
            </p>
          </article>
        ))}
        {sent !== undefined && (
          <article class="turn">
            <p class="prompt">{sent}</p>
            <p class="faint" role="status">
              {task.state === "stopped" || task.state === "errored" || task.state === "creating"
                ? "Opening the task …"
                : "Sent …"}
            </p>
          </article>
        )}
        {conversation !== undefined && turns.length === 0 && sent === undefined && (
          <Beginning task={task} onChoose={setDraft} />
        )}
        {task.lostTurn !== null && turns.at(-1)?.turn.end?.how !== "failed" && (
          <p class="failure">
            The last turn was lost: {task.lostTurn.why} What was done before it is kept; say it again.
          </p>
        )}
        {task.growth?.exceeded != null && <p class="failure">{task.growth.exceeded}</p>}
      </section>
      <Composer task={task} draft={draft} onDraft={setDraft} onSend={() => (follows.current = true)} />
      <Question task={task} />
    </main>
  );
}

function Beginning({ task: { agent, model }, onChoose }: { task: TaskRecord; onChoose: (text: string) => void }) {
  return (
    <div class="beginning">
      <h3>Say what to do</h3>
      <p class="faint">
        {agent === "pi" ? (
          <>
            The agent is pi{model === null ? "" : `, with the model ${model.provider}/${model.id}`}. It works in its
            folder, with tools of its own, and asks before it deletes or moves something there.
          </>
        ) : (
          <>
            There is no model yet: the agent is the probe. It runs what follows <code>run:</code>, and says everything
            else back.
          </>
        )}
      </p>
      <ul>
        {EXAMPLES[agent].map((text) => (
          <li key={text}>
            <button type="button" onClick={() => onChoose(text)}>
              <code>{text}</code>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface ComposerProps {
  task: TaskRecord;
  draft: string;
  onDraft: (text: string) => void;
  onSend: () => void;
}

function Composer({ task, draft, onDraft, onSend }: ComposerProps) {
  const store = useStore();
  const field = useRef<HTMLTextAreaElement>(null);
  const isBusy = task.turn !== null || store.sent !== undefined;
  const isOnline = store.connection === "online";
  const [isStopping, setStopping] = useState(false);
  useEffect(() => {
    if (!isBusy) setStopping(false);
  }, [isBusy]);
  useLayoutEffect(() => {
    const { current } = field;
    if (current === null) return;
    current.style.height = "auto";
    current.style.height = `${Math.min(current.scrollHeight + 2, 200)}px`;
  }, [draft]);
  useEffect(() => {
    if (draft !== "") field.current?.focus();
  }, [draft]);

  // The probe takes nothing while it works.
  const canSteer = task.agent === "pi" && task.turn !== null && isOnline;
  const isEmpty = draft.trim() === "";

  const send = (how: (message: string) => Promise<boolean>) => {
    if (isEmpty || !isOnline) return;
    const message = draft;
    onDraft("");
    onSend();
    void how(message).then((begun) => {
      // What was refused is not lost.
      if (!begun && field.current?.value === "") onDraft(message);
    });
  };
  const prompt = () => send((message) => store.prompt(task.id, message));
  const steer = (when: "now" | "after") => send((message) => store.steer(task.id, message, when));
  const submit = () => {
    if (!isBusy) prompt();
    else if (canSteer) steer("now");
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        ref={field}
        rows={1}
        aria-label="Prompt"
        title="Enter sends, Shift+Enter begins a line"
        placeholder={isBusy ? (canSteer ? "The agent works; say more" : "The agent works …") : "Say what to do"}
        value={draft}
        onInput={(event) => onDraft(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          submit();
        }}
      />
      {canSteer && !isEmpty && (
        <>
          <button type="submit" class="main" title="It hears this before its next step">
            Say now
          </button>
          <button type="button" title="It hears this when it is done" onClick={() => steer("after")}>
            Afterwards
          </button>
        </>
      )}
      {isBusy ? (
        <button
          type="button"
          class="stop"
          disabled={isStopping || !isOnline}
          onClick={() => {
            setStopping(true);
            void store.act(() => call("abort", { task: task.id }));
          }}
        >
          {isStopping ? "Stopping …" : "Stop"}
        </button>
      ) : (
        <button type="submit" class="main" disabled={isEmpty || !isOnline}>
          Send
        </button>
      )}
    </form>
  );
}
