import { addEvent, newTurn, type Turn } from "../../api/conversation.ts";
import type { TaskRecord } from "../../api/record.ts";
import type { StatusView } from "../../api/status.ts";
import type { DialogAnswer, DialogQuestion } from "../../protocol/agent.ts";
import type { RuntimeEvent } from "../../protocol/events.ts";
import { CallRefused, call, canEnter, enter, onNewAddress, stream } from "./api.ts";

/** Between two looks at the runtime, for what no event tells, in milliseconds. */
const LOOK_EVERY_MS = 2_000;
/** Before another try to reach a runtime that is gone, in milliseconds. */
const TRY_AGAIN_MS = 1_000;
/** A page that nobody sees for so long lets go of its connection: a browser has few for one server. */
const HIDDEN_MS = 20_000;
/** Between two looks whether a task is there that is being made, in milliseconds. */
const APPEARS_MS = 150;
const KEPT_EVENTS = 200;
const KEPT_SELECTION = "piwork-task";

/** `new`: not asked yet; `lost`: the runtime does not answer; `refused`: it does, but not to this page. */
type Connection = "new" | "online" | "lost" | "refused";

/** A turn, and a number that rises with each change of it. */
interface ShownTurn {
  turn: Turn;
  version: number;
}

interface Shown {
  turns: ShownTurn[];
  hasEarlier: boolean;
  /** the last event that was in it when it came */
  afterSeq: number;
}

export interface Notice {
  id: number;
  words: string;
}

/** What the page knows of the runtime, and the one place that changes it. */
export class Store {
  connection: Connection = canEnter() ? "new" : "refused";
  status: StatusView | null = null;
  selected: string | null = sessionStorage.getItem(KEPT_SELECTION);
  events: RuntimeEvent[] = [];
  notices: Notice[] = [];
  /** rises whenever the files of a task may be others */
  filesVersion = 0;
  /** rises with each request of a task to its network */
  networkVersion = 0;
  readonly #conversations = new Map<string, Shown>();
  /** events that came while a conversation is asked for */
  readonly #loading = new Map<string, RuntimeEvent[]>();
  /** prompts that were sent, and are no turn yet */
  readonly #sent = new Map<string, string>();
  readonly #questions = new Map<string, DialogQuestion[]>();
  readonly #listeners = new Set<() => void>();
  #isDrawing = false;
  #isLooking = false;
  #notices = 0;
  /** what was said last while an agent worked, and in which turn */
  #said: { turn: string | null; messages: string[] } | undefined;

  constructor() {
    onNewAddress(() => {
      if (this.connection === "online") return void enter().catch(() => {}); // it is used up, and nothing else
      this.connection = "new";
      this.#changed();
    });
    void this.#follow();
    setInterval(() => {
      if (!document.hidden && this.connection === "online") void this.look();
    }, LOOK_EVERY_MS);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get task(): TaskRecord | undefined {
    return this.status?.tasks.find(({ id }) => id === this.selected);
  }

  /** The conversation of the selected task; undefined until it is there. */
  get conversation(): Shown | undefined {
    return this.#conversations.get(this.selected ?? "");
  }

  /** What the selected task was told, and has not begun yet. */
  get sent(): string | undefined {
    return this.#sent.get(this.selected ?? "");
  }

  /** What was said to the selected task's agent while it works, and is not part of its turn yet. */
  get unheard(): string[] {
    const turn = this.conversation?.turns.at(-1)?.turn;
    if (turn === undefined || turn.end !== null || this.#said?.turn !== turn.id) return [];
    const heard = turn.parts.flatMap((part) => (part.type === "steer" ? part.text : []));
    return this.#said.messages.filter((message) => {
      const at = heard.indexOf(message);
      if (at !== -1) heard.splice(at, 1);
      return at === -1;
    });
  }

  questionsOf(task: string): readonly DialogQuestion[] {
    return this.#questions.get(task) ?? [];
  }

  select(task: string | null): void {
    this.selected = task;
    if (task === null) sessionStorage.removeItem(KEPT_SELECTION);
    else sessionStorage.setItem(KEPT_SELECTION, task);
    this.filesVersion++;
    if (task !== null && !this.#conversations.has(task)) void this.#load(task);
    if (task !== null) void this.#askForQuestions(task);
    this.#changed();
  }

  /** The id of a task that was not there before; waits no longer than for the call that makes it. */
  async nextTask(made: Promise<unknown>): Promise<string> {
    const known = new Set(this.status?.tasks.map(({ id }) => id));
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    made.then(over, over);
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, APPEARS_MS));
      await this.look();
      const found = this.status?.tasks.find(({ id }) => !known.has(id));
      if (found !== undefined) return found.id;
      // Then the call itself says how it ended.
      if (isOver) return new Promise(() => {});
    }
  }

  /** Says what went wrong, until somebody has read it. */
  complain(error: unknown): void {
    if (error instanceof CallRefused && error.status === 401) return this.#refuse();
    // A runtime that is gone is said at the top, once.
    const words = error instanceof CallRefused ? error.message : error instanceof TypeError ? "" : String(error);
    if (words === "") return;
    this.notices = [...this.notices.slice(-2), { id: ++this.#notices, words }];
    this.#changed();
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.#changed();
  }

  /** Does something with the runtime, and shows what came of it. */
  async act<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.complain(error);
      return undefined;
    } finally {
      await this.look();
    }
  }

  /** What comes of it arrives with the events of all tasks; here only whether it was begun. */
  async prompt(task: string, message: string): Promise<boolean> {
    this.#sent.set(task, message);
    this.#changed();
    try {
      for await (const _first of stream("prompt", { task, message })) break;
      return true;
    } catch (error) {
      await this.#load(task);
      // What failed as a turn is shown as one.
      const last = this.#conversations.get(task)?.turns.at(-1)?.turn;
      if (last?.prompt !== message || last.end?.how !== "failed") this.complain(error);
      return false;
    } finally {
      this.#sent.delete(task);
      void this.look();
    }
  }

  /** Says something to an agent that works; what comes of it is part of its turn. */
  async steer(task: string, message: string, when: "now" | "after"): Promise<boolean> {
    try {
      const turn = this.#conversations.get(task)?.turns.at(-1)?.turn.id ?? null;
      await call("steer", { task, message, when });
      const before = this.#said?.turn === turn ? this.#said.messages : [];
      this.#said = { turn, messages: [...before, message] };
      this.#changed();
      return true;
    } catch (error) {
      this.complain(error);
      return false;
    }
  }

  async answer(task: string, question: string, answer: DialogAnswer): Promise<void> {
    await this.act(() => call("answer", { task, question, answer }));
    this.#questions.set(
      task,
      this.questionsOf(task).filter(({ id }) => id !== question),
    );
    this.#changed();
  }

  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.status = await call("status", {});
      if (this.selected !== null && this.task === undefined) this.select(null);
      if (this.selected === null && this.status.tasks.length > 0)
        this.select(this.status.activeTask ?? this.status.tasks[0]?.id ?? null);
      for (const { id, turn } of this.status.tasks) if (turn === null) this.#questions.delete(id);
    } catch (error) {
      if (error instanceof CallRefused) this.complain(error);
    } finally {
      this.#isLooking = false;
    }
    this.#changed();
  }

  /** Follows the events of the runtime, and finds it again where it was lost. */
  async #follow(): Promise<void> {
    for (;;) {
      const away = new AbortController();
      let hidden: ReturnType<typeof setTimeout> | undefined;
      const note = () => {
        clearTimeout(hidden);
        if (document.hidden) hidden = setTimeout(() => away.abort(), HIDDEN_MS);
      };
      document.addEventListener("visibilitychange", note);
      try {
        if (this.connection !== "refused") {
          await enter();
          for await (const item of stream("events", {}, away.signal)) {
            if (item.type === "subscribed") this.#begin();
            else this.#take(item);
          }
        }
      } catch (error) {
        if (error instanceof CallRefused && error.status === 401) this.#refuse();
      } finally {
        document.removeEventListener("visibilitychange", note);
        clearTimeout(hidden);
      }
      if (this.connection === "online") this.connection = "lost";
      this.#changed();
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
      await untilVisible();
    }
  }

  /** What was known may be of another time, or of another runtime. */
  #begin(): void {
    this.connection = "online";
    for (const task of [...this.#conversations.keys()]) if (task !== this.selected) this.#conversations.delete(task);
    this.#questions.clear();
    void this.look();
    if (this.selected !== null) {
      void this.#load(this.selected);
      void this.#askForQuestions(this.selected);
    }
    this.filesVersion++;
    this.#changed();
  }

  #refuse(): void {
    this.connection = "refused";
    this.#changed();
  }

  async #load(task: string): Promise<void> {
    const waiting: RuntimeEvent[] = [];
    this.#loading.set(task, waiting);
    try {
      const { turns, hasEarlier, afterSeq } = await call("conversation", { task });
      // One that was asked for later has more.
      if (this.#loading.get(task) !== waiting) return;
      this.#loading.delete(task);
      const shown = { turns: turns.map((turn) => ({ turn, version: 0 })), hasEarlier, afterSeq };
      this.#conversations.set(task, shown);
      for (const event of waiting) this.#addToTurn(task, shown, event);
    } catch (error) {
      if (this.#loading.get(task) === waiting) this.#loading.delete(task);
      if (error instanceof CallRefused && error.status !== 404) this.complain(error);
    }
    this.#changed();
  }

  #take(event: RuntimeEvent): void {
    if (event.event === "network_request") {
      this.networkVersion++;
      return this.#changed();
    }
    if (event.event !== "agent_output" && event.event !== "exec_output") {
      this.events = [...this.events.slice(1 - KEPT_EVENTS), event];
      void this.look();
    }
    const { taskId } = event;
    if (taskId === null) return this.#changed();
    if (event.event === "extension_ui_request") {
      const others = this.questionsOf(taskId).filter(({ id }) => id !== event.payload.question.id);
      this.#questions.set(taskId, [...others, event.payload.question]);
    }
    if (event.event === "agent_end" || event.event === "task_error" || event.event === "task_ready")
      this.filesVersion++;
    const waiting = this.#loading.get(taskId);
    const shown = this.#conversations.get(taskId);
    if (waiting !== undefined) waiting.push(event);
    else if (shown !== undefined) this.#addToTurn(taskId, shown, event);
    this.#changed();
  }

  #addToTurn(task: string, shown: Shown, event: RuntimeEvent): void {
    if (event.seq <= shown.afterSeq || !("requestId" in event.payload)) return;
    const { requestId } = event.payload;
    if (requestId === null || event.event === "exec_output" || event.event === "task_ready") return;
    if (event.event === "task_switch_started") return;
    const found = shown.turns.findLast(({ turn }) => turn.id === requestId);
    const sent = this.#sent.get(task);
    // Somebody else's prompt, from another window or a terminal, is one that this page does not have yet.
    if (found === undefined && sent === undefined) return void this.#load(task);
    const current = found ?? { turn: newTurn(requestId, sent ?? ""), version: 0 };
    if (found === undefined) shown.turns.push(current);
    this.#sent.delete(task);
    addEvent(current.turn, event);
    current.version++;
  }

  async #askForQuestions(task: string): Promise<void> {
    // An agent that has no turn asks nothing; a machine that rests is left alone.
    const { tasks } = await call("status", {}).catch(() => ({ tasks: [] as TaskRecord[] }));
    if (tasks.find(({ id }) => id === task)?.turn == null) return;
    const open = await call("questions", { task }).catch(() => undefined);
    if (open !== undefined) this.#questions.set(task, open);
    this.#changed();
  }

  /** Many changes are drawn at once. */
  #changed(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      for (const listener of this.#listeners) listener();
    });
  }
}

function untilVisible(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}
