import { useState } from "preact/hooks";
import type { Area } from "../../api/files.ts";
import type { TaskRecord } from "../../api/record.ts";
import { AgentCard } from "./agent-card.tsx";
import { BoundaryCard } from "./boundary-card.tsx";
import { ChangesView } from "./changes.tsx";
import { FileList } from "./file-list.tsx";
import { Import } from "./import.tsx";
import { NetworkCard } from "./network-card.tsx";
import { Preview } from "./preview.tsx";
import { Section } from "./section.tsx";
import { visible } from "./words.ts";

/** A file that somebody wants to see. */
export interface Wanted {
  area: Area;
  path: string;
}

/** What a task can reach, and the files it has. */
export function TaskFiles({ task }: { task: TaskRecord }) {
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const show = (area: Area) => (path: string) => setWanted({ area, path });
  return (
    <aside class="side" aria-label="Files and boundary">
      <BoundaryCard task={task} />
      <NetworkCard task={task} />
      <AgentCard task={task} />
      <Section
        title="Working folder"
        fact={task.folder === null ? "none yet" : visible(task.folder)}
        isOpen={task.folder !== null}
      >
        {task.folder === null ? (
          <p class="faint">The task works in its outputs. A folder can be given to it once; it stays its folder.</p>
        ) : (
          <FileList task={task.id} area="folder" onShow={show("folder")} />
        )}
      </Section>
      {task.folder !== null && <ChangesView task={task} onShow={show("folder")} />}
      <Section title="Outputs" fact="what it hands out" isOpen={task.folder === null}>
        <FileList task={task.id} area="outputs" onShow={show("outputs")} />
      </Section>
      <Section title="Uploads" fact="read-only for the task" isOpen>
        <Import task={task.id} />
        <FileList task={task.id} area="uploads" onShow={show("uploads")} />
      </Section>
      {wanted !== null && <Preview task={task.id} wanted={wanted} onClose={() => setWanted(null)} />}
    </aside>
  );
}
