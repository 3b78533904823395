import type { TaskRecord } from "./record.ts";

/** A stopped task without a folder, but for what a test wants of it. */
export function aTask(id: string, changes: Partial<TaskRecord> = {}): TaskRecord {
  return {
    version: 5,
    id,
    title: id,
    folder: null,
    sharedFolder: false,
    agent: "probe",
    model: null,
    thinking: null,
    memoryBytes: 1024 ** 3,
    createdAt: "2026-01-01T00:00:00.000Z",
    state: "stopped",
    turn: null,
    lostTurn: null,
    growth: null,
    ...changes,
  };
}
