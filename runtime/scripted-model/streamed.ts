import type { ModelAnswer } from "./answer.ts";
import type { Dialect, Voice } from "./dialect.ts";
import type { Act } from "./step.ts";

/** A piece of an answer: what is sent, or what happens between two of them. */
export type Piece = { type: "chunk" | "cut"; text: string } | { type: "wait"; milliseconds: number } | { type: "end" };

/** The pieces of a streamed answer, without what goes wrong before it begins. */
export function* streamed(dialect: Dialect, answer: ModelAnswer): Generator<Piece> {
  const { step } = answer;
  const voice = dialect.speak(answer);
  let isFirst = true;
  for (const act of step.acts) {
    if (act.type === "end") return yield act;
    if (act.type === "wait") yield act;
    else if (act.type === "garbage") yield { type: "chunk", text: dialect.garbage };
    else {
      if (isFirst) yield* chunks(voice.begin());
      isFirst = false;
      if (act.type === "cut") return yield* cut(voice);
      yield* chunks(eventsOf(act, voice, step.piece), step.pace);
    }
  }
  if (isFirst) yield* chunks(voice.begin());
  yield* chunks(voice.end());
}

function* chunks(events: Iterable<string>, pace = 0): Generator<Piece> {
  for (const text of events) {
    if (pace > 0) yield { type: "wait", milliseconds: pace };
    yield { type: "chunk", text };
  }
}

/** The last of what would be said, and only half of that. */
function* cut(voice: Voice): Generator<Piece> {
  const events = [...voice.say("what was to be said here is cut")];
  const last = events.pop() ?? "";
  yield* chunks(events);
  yield { type: "cut", text: last.slice(0, last.length / 2) };
}

function* eventsOf(act: Act, voice: Voice, piece: number): Generator<string> {
  if (act.type === "say") for (const text of pieces(act.text, piece)) yield* voice.say(text);
  if (act.type === "think") for (const text of pieces(act.text, piece)) yield* voice.think(text);
  if (act.type === "call") yield* voice.call(act, [...pieces(JSON.stringify(act.input), piece)]);
}

function* pieces(text: string, length: number): Generator<string> {
  if (text === "") return;
  const characters = length >= text.length ? [text] : Array.from(text);
  for (let at = 0; at < characters.length; at += length) yield characters.slice(at, at + length).join("");
}
