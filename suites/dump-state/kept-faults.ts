import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stateLayout } from "../../runtime/state/places.ts";
import type { Tasks } from "./agreeing.ts";
import type { DumpedRuntime } from "./dumped-runtime.ts";
import type { Fault } from "./fault.ts";

/** Files of the state directory that are not what the runtime thinks they are. */
export function keptFaults(dumped: DumpedRuntime, tasks: Tasks): Fault[] {
  const record = (id: string) => join(stateLayout(dumped.places).records, `${id}.json`);
  const session = (id: string) => join(stateLayout(dumped.places).tasks, id, "guest/session/session.jsonl");
  const aside = (path: string) => {
    renameSync(path, `${path}.aside`);
    return () => renameSync(`${path}.aside`, path);
  };
  /** Writes something else to a file, and gives what writes its content again. */
  const rewrite = (path: string, content: string) => {
    const before = readFileSync(path);
    writeFileSync(path, content);
    return () => writeFileSync(path, before);
  };

  return [
    {
      kind: "record-differs",
      words: "a record was edited while the runtime has the task",
      async make() {
        const path = record(tasks.bound);
        const edited = { ...JSON.parse(readFileSync(path, "utf8")), title: "Edited" };
        const mend = rewrite(path, JSON.stringify(edited));
        return { named: [`record-differs ${tasks.bound}`], mend };
      },
    },
    {
      kind: "record-missing",
      words: "a record was moved away",
      make: async () => ({ named: [`record-missing ${tasks.unbound}`], mend: aside(record(tasks.unbound)) }),
    },
    {
      kind: "leftover-state",
      words: "a record and what a task kept are there without a task",
      async make() {
        const kept = join(stateLayout(dumped.places).tasks, "nobody-1");
        mkdirSync(kept);
        const anHourAgo = Date.now() / 1000 - 3600;
        utimesSync(kept, anHourAgo, anHourAgo);
        const content = JSON.parse(readFileSync(record(tasks.bound), "utf8"));
        writeFileSync(record("nobody-2"), JSON.stringify({ ...content, id: "nobody-2" }));
        const mend = () => {
          rmSync(kept, { recursive: true });
          rmSync(record("nobody-2"));
        };
        return { named: ["leftover-state nobody-1", "leftover-state nobody-2"], mend };
      },
    },
    {
      kind: "active-task-differs",
      words: "the file that names the active task names another one",
      async make() {
        const mend = rewrite(join(stateLayout(dumped.places).records, "active"), `${tasks.bound}\n`);
        return { named: [`active-task-differs ${tasks.active}`], mend };
      },
    },
    {
      kind: "session-stale",
      words: "the session of a task was replaced by the one of a turn before",
      async make() {
        const { active } = tasks;
        const older = readFileSync(session(active), "utf8");
        await dumped.talk.prompt("one turn more", active);
        return { named: [`session-stale ${active}`], mend: rewrite(session(active), older) };
      },
    },
    {
      kind: "session-foreign",
      words: "the session of a task was replaced by another task's",
      async make() {
        const { stopped, bound } = tasks;
        const put = aside(session(stopped));
        copyFileSync(session(bound), session(stopped));
        return { named: [`session-foreign ${stopped}`], mend: put };
      },
    },
  ];
}
