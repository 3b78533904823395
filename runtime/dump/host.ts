import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer, hear } from "../api/answer.ts";
import type { QemuProcess, TaskSides } from "../api/dump.ts";
import { parseTaskRecord } from "../api/record.ts";
import { mountsOf } from "../linux/mountinfo.ts";
import { taskId } from "../protocol/ids.ts";
import { type Places, stateLayout } from "../state/places.ts";
import { lookAtSession } from "../tasks/session.ts";
import { nameOf } from "./mount-table.ts";
import { findQemus } from "./qemu-processes.ts";

/** What this host's kernel and disk say, whatever the runtime and its machines believe. */
export interface HostFacts {
  workspace: string | null;
  tasksDirectory: string;
  activeTask: Answer<string | null>;
  /** of every task with a record, or with something kept */
  tasks: Map<string, TaskSides["host"]>;
  /** of every machine with a QEMU or a directory for its sockets */
  machines: Map<string, { processes: QemuProcess[]; sockets: string[] | null }>;
}

/** As far as a clock may have been set back since a directory was made, in milliseconds. */
const CLOCK_MS = 60_000;
/** Directories of sockets are named like this; a template that is being made has others. */
const MACHINE = /^machine-\d+$/;

export async function lookAtHost(places: Places, workspace: string | null): Promise<HostFacts> {
  const own = mountsOf("self");
  const tasks = new Map<string, TaskSides["host"]>();
  for (const id of taskIds(places)) tasks.set(id, await lookAtTask(places, id));
  const qemus = findQemus(places.sockets, own);
  const machines = new Map<string, { processes: QemuProcess[]; sockets: string[] | null }>();
  for (const id of new Set([...qemus.keys(), ...namesIn(places.sockets)].filter((name) => MACHINE.test(name))))
    machines.set(id, { processes: qemus.get(id) ?? [], sockets: namesIn(join(places.sockets, id), null) });
  return {
    workspace: workspace === null ? null : nameOf(workspace, own),
    tasksDirectory: nameOf(stateLayout(places).tasks, own),
    activeTask: await hear(() => readActive(places)),
    tasks,
    machines,
  };
}

/** A task that nothing is known of on this host. */
export const NOTHING_KEPT: TaskSides["host"] = { record: { said: null }, keptSince: null, session: { is: "absent" } };

async function lookAtTask(places: Places, id: string): Promise<TaskSides["host"]> {
  const record = await hear(() => {
    const content = readIfThere(join(stateLayout(places).records, `${id}.json`));
    return content === undefined ? null : parseTaskRecord(JSON.parse(content));
  });
  // Not followed: with one machine for all, what lies there can be a machine's work.
  const kept = lstatSync(join(stateLayout(places).tasks, id), { throwIfNoEntry: false });
  if (kept === undefined) return { ...NOTHING_KEPT, record };
  const session = lookAtSession(stateLayout(places).tasks, id);
  return {
    record,
    keptSince: momentOf(kept.mtimeMs),
    session: typeof session === "string" ? { is: session } : { is: "saved", head: session },
  };
}

/** A machine may have set a time to come, or one that no calendar has: it counts as the beginning of all. */
function momentOf(milliseconds: number): string {
  const isOfOurs = milliseconds >= 0 && milliseconds <= Date.now() + CLOCK_MS;
  return new Date(isOfOurs ? milliseconds : 0).toISOString();
}

function taskIds(places: Places): string[] {
  const records = namesIn(stateLayout(places).records).flatMap((name) => /^(.+)\.json$/.exec(name)?.[1] ?? []);
  return [...new Set([...records, ...namesIn(stateLayout(places).tasks)])].filter((id) => taskId.safeParse(id).success);
}

function readActive(places: Places): string | null {
  const content = readIfThere(join(stateLayout(places).records, "active"));
  // What is no id names no task: that has to be compared, too.
  return taskId.safeParse(content?.trim()).data ?? null;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The names in a directory; `otherwise` where there is none. */
function namesIn(directory: string): string[];
function namesIn(directory: string, otherwise: null): string[] | null;
function namesIn(directory: string, otherwise: null | string[] = []): string[] | null {
  try {
    return readdirSync(directory).sort();
  } catch {
    return otherwise;
  }
}
