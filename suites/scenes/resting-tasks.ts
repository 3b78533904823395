import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TaskRecord } from "../../runtime/api/record.ts";

/** A task of an earlier day. Its id is one that we choose: those of new tasks are drawn, and the page tells some. */
export type RestingTask = Pick<TaskRecord, "id" | "title" | "folder">;

/** Writes the records of tasks as a runtime finds them that starts, the oldest first. */
export function plantTasks(directory: string, tasks: readonly RestingTask[]): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const [number, task] of tasks.entries()) {
    const record: TaskRecord = {
      version: 5,
      memoryBytes: 1024 ** 3,
      thinking: null,
      ...task,
      sharedFolder: false,
      agent: "probe",
      model: null,
      state: "stopped",
      createdAt: new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString(),
      turn: null,
      lostTurn: null,
      growth: null,
    };
    writeFileSync(join(directory, `${record.id}.json`), `${JSON.stringify(record)}\n`, { mode: 0o600 });
  }
}

const CHORES = [
  "Sort the photos",
  "Answer the letters",
  "Rename the scans",
  "Count the hours",
  "Check the translations",
  "Prepare the slides",
  "Merge the addresses",
  "Find the invoices",
  "Draft the minutes",
  "Tidy the notes",
];
const WHOSE = ["January", "February", "March", "the house", "the club"];

/** Fifty of them. */
export const FIFTY: readonly RestingTask[] = CHORES.flatMap((chore, at) =>
  WHOSE.map((whose, number) => {
    const title = `${chore} of ${whose}`;
    const id = title.toLowerCase().replaceAll(" ", "-");
    return {
      id,
      title,
      folder: (at + number) % 3 === 0 ? null : `chores/${whose.replace("the ", "").toLowerCase()}/${at + 1}`,
    };
  }),
);
