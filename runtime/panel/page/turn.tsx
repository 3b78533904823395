import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import type { SaidText, ToolStep, Turn } from "../../api/conversation.ts";
import { LongText } from "./long-text.tsx";
import { Markdown } from "./markdown.tsx";
import { ScrollArea } from "./scroll-area.tsx";
import { count, visible } from "./words.ts";

/** Longest text that is read as Markdown, in characters; reading more would make the page wait. */
const MARKDOWN_CHARACTERS = 64 * 1024;
/** A step with more lines begins closed. */
const OPEN_LINES = 20;

/** One prompt and all that came of it. It is drawn again only where its version rose. */
export const TurnView = memo(
  function TurnView({ turn, isLast }: { turn: Turn; version: number; isLast: boolean }) {
    const isStill = turn.end === null;
    return (
      <article class="turn" aria-busy={isStill}>
        <p class="prompt">
          <LongText text={turn.prompt} />
        </p>
        {turn.parts.map((part, index) =>
          part.type === "step" ? (
            <Step key={index} step={part} isOver={!isStill} />
          ) : (
            <Said key={index} part={part} isOver={!isStill || index < turn.parts.length - 1} />
          ),
        )}
        {turn.dropped > 0 && <p class="failure">{count(turn.dropped, "more character")} were said, and not kept.</p>}
        {isStill && (
          <p class="faint" role={isLast ? "status" : undefined}>
            working …
          </p>
        )}
        {turn.end?.how === "failed" && (
          <p class="failure">
            {turn.end.error.message} <span class="faint">{turn.end.error.code}</span>
          </p>
        )}
        {turn.end?.how === "ended" && !turn.end.saved && (
          <p class="failure">This turn could not be saved: a restart will not know of it.</p>
        )}
      </article>
    );
  },
  (before, after) => before.turn === after.turn && before.version === after.version && before.isLast === after.isLast,
);

function Said({ part: { type, text }, isOver }: { part: SaidText; isOver: boolean }) {
  switch (type) {
    case "thought":
      return <Thought text={text} isOver={isOver} />;
    case "steer":
      return (
        <p class="prompt meanwhile">
          <LongText text={text} />
        </p>
      );
    case "failure":
      return <p class="failure">{visible(text)}</p>;
    case "note":
      return <p class="note faint">{visible(text)}</p>;
    case "text":
      return text.length > MARKDOWN_CHARACTERS ? <LongText text={text} /> : <Markdown text={text} />;
  }
}

/** Of a <details> that opens and closes by itself until somebody has done so by hand. */
function useFold(isOpen: boolean) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  const shown = chosen ?? isOpen;
  const onToggle = ({ currentTarget: { open } }: { currentTarget: { open: boolean } }) => {
    if (open !== shown) setChosen(open);
  };
  return { open: shown, onToggle };
}

/** What the agent thought before it said or did something: open while it thinks, unless somebody closed it. */
function Thought({ text, isOver }: { text: string; isOver: boolean }) {
  return (
    <details class="thought faint" {...useFold(!isOver)}>
      <summary>{isOver ? "Thought" : "Thinking …"}</summary>
      <LongText text={text} />
    </details>
  );
}

/** A tool that the agent used: its command, what it printed, and how it ended. */
function Step({ step, isOver }: { step: ToolStep; isOver: boolean }) {
  const lines = step.output === "" ? 0 : step.output.split("\n").length - (step.output.endsWith("\n") ? 1 : 0);
  return (
    <details class={`step ${step.state}`} {...useFold(step.state !== "worked" || lines <= OPEN_LINES)}>
      <summary>
        <code class="command cut">{step.command}</code>
        <span class="ending faint">{endingWords(step, isOver)}</span>
      </summary>
      {step.output === "" ? (
        <p class="faint">{step.state === "running" ? "nothing printed yet" : "printed nothing"}</p>
      ) : (
        <ScrollArea kind="output" label="Output">
          <LongText text={step.output} />
        </ScrollArea>
      )}
    </details>
  );
}

function endingWords({ state, exitCode }: ToolStep, isOver: boolean): string {
  if (state === "running") return isOver ? "no end seen" : "running";
  if (exitCode !== null) return `exit ${exitCode}`;
  return state === "failed" ? "failed" : "done";
}
