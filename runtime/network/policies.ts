import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { PiworkError } from "../protocol/errors.ts";
import { taskId } from "../protocol/ids.ts";
import { type NetworkPolicy, networkPolicy } from "../protocol/network.ts";
import { stateFailure } from "../tasks/records.ts";
import { writeWhole } from "../whole-file.ts";
import { NOTHING } from "./policy.ts";

/** `network/<task>.json` */
const policyFile = z.strictObject({ version: z.literal(1), task: taskId, policy: networkPolicy });

/** What each task may reach, on the host alone. */
export class Policies {
  readonly #directory: string;
  readonly #known = new Map<string, NetworkPolicy>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Nothing, where nothing was written. */
  of(task: string): NetworkPolicy {
    const known = this.#known.get(task) ?? this.#read(task);
    this.#known.set(task, known);
    return known;
  }

  write(task: string, policy: NetworkPolicy): void {
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeWhole(this.#file(task), `${JSON.stringify({ version: 1, task, policy }, null, 2)}\n`);
    } catch (error) {
      throw stateFailure(error, "keeping what the task may reach");
    }
    this.#known.set(task, policy);
  }

  forget(task: string): void {
    this.#known.delete(task);
    rmSync(this.#file(task), { force: true });
  }

  #read(task: string): NetworkPolicy {
    const path = this.#file(task);
    try {
      const file = policyFile.parse(JSON.parse(readFileSync(path, "utf8")));
      if (file.task !== task) throw new Error(`it is of another task, ${file.task}`);
      return file.policy;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return NOTHING;
      throw new PiworkError(
        "INTERNAL_ERROR",
        `${path} cannot be read, so the task may reach nothing. Mend it, or move it away.`,
        {
          cause,
        },
      );
    }
  }

  #file(task: string): string {
    return join(this.#directory, `${taskId.parse(task)}.json`);
  }
}
