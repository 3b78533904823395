import { readSync } from "node:fs";
import { addEvent, newTurn, type Turn, weightOf } from "../api/conversation.ts";
import { openBeneath } from "../linux/open-beneath.ts";
import { openRegularFile } from "../linux/open-regular.ts";
import type { ErrorBody } from "../protocol/errors.ts";
import type { RuntimeEvent } from "../protocol/events.ts";
import { LIMITS } from "../protocol/limits.ts";
import { SESSION_FILE } from "../protocol/session.ts";
import { turnsIn } from "./earlier-turns.ts";

interface Transcript {
  turns: Turn[];
  hasEarlier: boolean;
}

/**
 * What was said and done in each task, to show it: turns of this runtime as they happened, and of earlier ones what the saved
 * session has. It is kept in memory, up to a limit; an agent never reads it.
 */
export class Transcripts {
  readonly #tasksDirectory: string;
  readonly #most: number;
  readonly #byTask = new Map<string, Transcript>();
  #characters = 0;

  constructor(tasksDirectory: string, most: number = LIMITS.conversationCharacters) {
    this.#tasksDirectory = tasksDirectory;
    this.#most = most;
  }

  /** Called before a prompt is sent, and so before its first event. */
  begin(task: string, request: string, prompt: string): void {
    this.of(task).turns.push(newTurn(request, prompt));
    this.#count(task, prompt.length);
  }

  /** A prompt that came to nothing without an event. */
  fail(task: string, request: string, error: ErrorBody): void {
    const turn = this.#find(task, request);
    if (turn !== undefined && turn.end === null) turn.end = { how: "failed", error };
  }

  follow(event: RuntimeEvent): void {
    if (event.taskId === null || !("requestId" in event.payload) || event.payload.requestId === null) return;
    const turn = this.#find(event.taskId, event.payload.requestId);
    if (turn === undefined) return;
    const most = this.#characters < this.#most ? LIMITS.turnCharacters : LIMITS.crowdedTurnCharacters;
    this.#count(event.taskId, addEvent(turn, event, most));
  }

  of(task: string): Transcript {
    let transcript = this.#byTask.get(task);
    if (transcript === undefined) {
      transcript = readEarlier(this.#tasksDirectory, task);
      this.#byTask.set(task, transcript);
      this.#count(
        task,
        transcript.turns.reduce((sum, turn) => sum + sizeOf(turn), 0),
      );
    }
    return transcript;
  }

  forget(task: string): void {
    for (const turn of this.#byTask.get(task)?.turns ?? []) this.#characters -= sizeOf(turn);
    this.#byTask.delete(task);
  }

  #find(task: string, request: string): Turn | undefined {
    return this.#byTask.get(task)?.turns.findLast(({ id }) => id === request);
  }

  /** Room is made by the oldest turns, of tasks that were not spoken to for longest; one that goes on grows less meanwhile. */
  #count(task: string, grown: number): void {
    this.#characters += grown;
    const transcript = this.#byTask.get(task);
    if (grown > 0 && transcript !== undefined) {
      this.#byTask.delete(task);
      this.#byTask.set(task, transcript);
    }
    while (this.#characters > this.#most) {
      const oldest = [...this.#byTask.values()].find(({ turns }) => turns[0] !== undefined && turns[0].end !== null);
      const dropped = oldest?.turns.shift();
      if (oldest === undefined || dropped === undefined) return;
      oldest.hasEarlier = true;
      this.#characters -= sizeOf(dropped);
    }
  }
}

function sizeOf(turn: Turn): number {
  return turn.prompt.length + weightOf(turn);
}

/** The end of a task's saved session. A machine wrote it, so it may be anything. */
function readEarlier(tasksDirectory: string, id: string): Transcript {
  try {
    using place = openBeneath(tasksDirectory, [id, "guest", "session"]);
    using file = openRegularFile(place, SESSION_FILE);
    if (file === undefined) return { turns: [], hasEarlier: false };
    const content = Buffer.alloc(Math.min(file.stats.size, LIMITS.earlierTurnsBytes));
    const start = file.stats.size - content.length;
    const length = readSync(file.fd, content, 0, content.length, start);
    // The first line is the head, or a piece of a line.
    const [, ...lines] = content.subarray(0, length).toString("utf8").split("\n");
    return { turns: turnsIn(lines), hasEarlier: start > 0 };
  } catch {
    return { turns: [], hasEarlier: false };
  }
}
