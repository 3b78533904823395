import { useState } from "preact/hooks";
import type { TaskRecord } from "../../api/record.ts";
import type { DialogAnswer, DialogQuestion } from "../../protocol/agent.ts";
import { Dialog } from "./dialog.tsx";
import { useStore } from "./use-store.ts";
import { visible } from "./words.ts";

/** What the agent of a task asks, one question after the other. One that is put off stays, and can be taken up again. */
export function Question({ task }: { task: TaskRecord }) {
  const store = useStore();
  const [later, setLater] = useState<string | null>(null);
  const [question] = store.questionsOf(task.id);
  if (question === undefined) return null;
  // A title of several lines is a heading, and what it is about.
  const [title = "", ...about] = question.title.split("\n").map(visible);
  if (later === question.id)
    return (
      <p class="asks">
        <span>The agent waits for an answer: {title}</span>
        <button type="button" onClick={() => setLater(null)}>
          Answer
        </button>
      </p>
    );
  const answer = (given: DialogAnswer) => void store.answer(task.id, question.id, given);
  return (
    <Dialog title={title} kind="question" onClose={() => setLater(question.id)}>
      <p class="faint">The agent of this task asks. What it says here are its own words.</p>
      {about.length > 0 && <pre class="about">{about.join("\n")}</pre>}
      {question.message !== undefined && <p class="message">{question.message}</p>}
      <Answers key={question.id} question={question} onAnswer={answer} />
      <footer>
        <button type="button" onClick={() => setLater(question.id)}>
          Later
        </button>
        <button type="button" onClick={() => answer({ cancelled: true })}>
          No answer
        </button>
      </footer>
    </Dialog>
  );
}

function Answers({ question, onAnswer }: { question: DialogQuestion; onAnswer: (answer: DialogAnswer) => void }) {
  const [text, setText] = useState(question.prefill ?? "");
  if (question.method === "confirm")
    return (
      <div class="answers">
        <button type="button" class="main" onClick={() => onAnswer({ confirmed: true })}>
          Yes
        </button>
        <button type="button" onClick={() => onAnswer({ confirmed: false })}>
          No
        </button>
      </div>
    );
  if (question.method === "select")
    return (
      <div class="answers column">
        {(question.options ?? []).map((option) => (
          <button key={option} type="button" onClick={() => onAnswer({ value: option })}>
            {option}
          </button>
        ))}
      </div>
    );
  const field = {
    "aria-label": "Answer",
    value: text,
    placeholder: question.placeholder ?? "",
    onInput: (event: { currentTarget: { value: string } }) => setText(event.currentTarget.value),
  };
  return (
    <form
      class="answers"
      onSubmit={(event) => {
        event.preventDefault();
        onAnswer({ value: text });
      }}
    >
      {question.method === "editor" ? <textarea rows={8} {...field} /> : <input {...field} />}
      <button type="submit" class="main">
        Answer
      </button>
    </form>
  );
}
