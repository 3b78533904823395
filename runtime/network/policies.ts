import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { writeAtomically } from "../linux/atomic-file.ts";
import { taskId } from "../protocol/ids.ts";
import { type NetworkPolicy, networkPolicy } from "../protocol/network.ts";
import { readWhole, stateFailure } from "../state/whole-file.ts";
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
      writeAtomically(this.#file(task), `${JSON.stringify({ version: 1, task, policy }, null, 2)}\n`);
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
    const file = readWhole(this.#file(task), (content) => {
      const parsed = policyFile.parse(content);
      if (parsed.task !== task) throw new Error(`it is of another task, ${parsed.task}`);
      return parsed;
    });
    return file?.policy ?? NOTHING;
  }

  #file(task: string): string {
    return join(this.#directory, `${taskId.parse(task)}.json`);
  }
}
