import { isDeepStrictEqual } from "node:util";
import { saidIn } from "../../api/answer.ts";
import type { Contradiction } from "../../api/contradiction.ts";
import type { StateSnapshot, TaskSides } from "../../api/dump.ts";
import type { TaskRecord } from "../../api/record.ts";
import { type Find, name } from "./name.ts";

/** A task's directories are made before its record, in milliseconds: its folder is looked at first, which may take a while. */
const MAKING_MS = 30_000;

/** Between the runtime and what is on its disk. */
export const kept: Find = (snapshot) => {
  if (saidIn(snapshot.runtime) === undefined) return [];
  return snapshot.tasks.flatMap((task) => [
    ...recordDiffers(task),
    ...recordMissing(task),
    ...leftoverState(task, snapshot),
    ...sessionForeign(task),
    ...sessionStale(task),
  ]);
};

function recordDiffers({ id, runtime, host }: TaskSides): Contradiction[] {
  if (runtime === null || runtime.underway) return [];
  if ("silent" in host.record) {
    const says = `The record of the task cannot be read: ${host.record.silent}`;
    return [name("record-differs", id, { runtime: "a task", host: host.record.silent }, says)];
  }
  const written = host.record.said;
  if (written === null) return [];
  const fields = (Object.keys(runtime.record) as (keyof TaskRecord)[]).filter(
    (field) => !isDeepStrictEqual(runtime.record[field], written[field]),
  );
  if (fields.length === 0) return [];
  const words = (record: TaskRecord) => fields.map((field) => `${field}: ${JSON.stringify(record[field])}`).join(", ");
  const says = `The record on disk differs from what the runtime knows in ${fields.join(", ")}; the next runtime will believe the disk.`;
  return [name("record-differs", id, { runtime: words(runtime.record), host: words(written) }, says)];
}

function recordMissing({ id, runtime, host }: TaskSides): Contradiction[] {
  if (runtime === null || runtime.underway || saidIn(host.record) !== null) return [];
  const says = "The runtime has the task, and there is no record of it: the next runtime will not know it.";
  return [name("record-missing", id, { runtime: runtime.record.state, host: "no record" }, says)];
}

function leftoverState({ id, runtime, host }: TaskSides, { takenAt }: StateSnapshot): Contradiction[] {
  if (runtime !== null) return [];
  const hasRecord = saidIn(host.record) !== null;
  const isOld = host.keptSince !== null && Date.parse(takenAt) - Date.parse(host.keptSince) > MAKING_MS;
  if (!hasRecord && !isOld) return [];
  const found = [...(hasRecord ? ["a record"] : []), ...(host.keptSince === null ? [] : ["what a task keeps"])].join(
    " and ",
  );
  const says = `The state directory has ${found} for ${id}, which is no task of the runtime.`;
  return [name("leftover-state", id, { runtime: "no such task", host: found }, says)];
}

function sessionForeign({ id, runtime, host }: TaskSides): Contradiction[] {
  const { session } = host;
  if (runtime === null || session.is === "absent") return [];
  const isOwn = session.is === "saved" && session.head.taskId === id && session.head.agent === runtime.record.agent;
  if (isOwn) return [];
  const found =
    session.is === "saved" ? `the session of ${session.head.taskId}, of ${session.head.agent}` : "no session";
  const says = `The session file of the task is ${found}; the task could not be opened with it.`;
  return [name("session-foreign", id, { runtime: `the session of ${id}`, host: found }, says)];
}

function sessionStale({ id, runtime, taskd, host }: TaskSides): Contradiction[] {
  const view = saidIn(taskd);
  if (runtime === null || runtime.underway || view === undefined || view === null) return [];
  if (!["ready", "active", "idle"].includes(view.state) || host.session.is === "unreadable") return [];
  const saved = host.session.is === "saved" ? host.session.head.turns : 0;
  if (saved === view.turns) return [];
  const says = `taskd has saved ${view.turns} turns of the task, and the session that is kept has ${saved}: it is ${saved < view.turns ? "an older one" : "a newer one"}.`;
  return [name("session-stale", id, { taskd: `${view.turns} turns`, host: `${saved} turns` }, says)];
}
