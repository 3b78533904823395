import { randomUUID } from "node:crypto";
import { closeSync, constants, fchownSync, lstatSync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { openBeneath } from "../../runtime/linux/open-beneath.ts";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { SESSION_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import type { AgentKind } from "../../runtime/protocol/kinds.ts";
import { parseSessionHead, SESSION_FILE, type SessionHead } from "../../runtime/protocol/session.ts";
import { readSession } from "./read-session.ts";
import type { Slot } from "./slot.ts";

/** Nothing that a task put there is written through. */
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const WORKING_COPY = basename(SESSION_IN_SANDBOX);

/**
 * The session of one task. The file that lasts is taskd's, out of the task's reach; the agent has a working copy,
 * which becomes the file whole after each completed turn.
 */
export class Session {
  readonly #slot: Slot;
  readonly #taskId: string;
  readonly #agent: AgentKind;
  /** Completed turns. */
  turns = 0;

  constructor(slot: Slot, taskId: string, agent: AgentKind) {
    this.#slot = slot;
    this.#taskId = taskId;
    this.#agent = agent;
  }

  /** Gives the agent a working copy of what was saved last; says whether there was something. */
  restore(): boolean {
    using working = openBeneath(this.#slot.confinement.directories.session, []);
    putAside(`${working.path}/${WORKING_COPY}`);
    let content: Buffer | undefined;
    try {
      content = this.#slot.files.readSession();
    } catch (error) {
      console.error("taskd: reading a session failed:", error);
      throw this.#unreadable();
    }
    if (content === undefined) return false;
    const head = parseSessionHead(content.subarray(0, 4096).toString("utf8"));
    if (head === undefined || head.taskId !== this.#taskId || head.agent !== this.#agent) throw this.#unreadable();
    const fd = openSync(`${working.path}/${WORKING_COPY}`, CREATE, 0o600);
    try {
      writeFileSync(fd, content.subarray(content.indexOf(0x0a) + 1));
      const { owner } = this.#slot.confinement;
      fchownSync(fd, owner, owner);
    } finally {
      closeSync(fd);
    }
    this.turns = head.turns;
    return true;
  }

  /** Keeps the agent's working copy, whole or not at all. */
  save(turn: string): void {
    using working = openBeneath(this.#slot.confinement.directories.session, []);
    const content = readSession(working, WORKING_COPY) ?? Buffer.alloc(0);
    const head: SessionHead = {
      type: "piwork-session",
      version: 1,
      taskId: this.#taskId,
      agent: this.#agent,
      turns: this.turns + 1,
      lastTurn: turn,
      savedAt: new Date().toISOString(),
    };
    this.#slot.files.keepSession(Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), content]));
    this.turns++;
  }

  #unreadable(): PiworkError {
    return new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      `The session file tasks/${this.#taskId}/guest/session/${SESSION_FILE} in the state directory is not the session of this task. Mend it, or move it away to begin a new conversation; then open the task again.`,
    );
  }
}

/** Frees a name in a directory that a task writes to. Never recursively: what is looked at may be a link by then. */
function putAside(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  try {
    unlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EISDIR" || code === "EPERM") renameSync(path, `${path}.${randomUUID()}`);
    else if (code !== "ENOENT") throw error;
  }
}
