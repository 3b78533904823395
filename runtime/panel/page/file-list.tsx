import { useState } from "preact/hooks";
import type { Area, Entry } from "../../api/files.ts";
import { call } from "./api.ts";
import { Refusal } from "./refusal.tsx";
import { useAnswer } from "./use-answer.ts";
import { useStore } from "./use-store.ts";
import { size, visible } from "./words.ts";

/** Where the task itself finds them. */
const PLACES: Record<Area, string> = { folder: "/work", outputs: "/outputs", uploads: "/uploads" };

/** One directory of a task, and the way into others. Links are shown, and lead nowhere. */
export function FileList({ task, area, onShow }: { task: string; area: Area; onShow: (path: string) => void }) {
  const { filesVersion, connection } = useStore();
  const [path, setPath] = useState("");
  const { answer, refusal, again } = useAnswer(
    () => call("task_files", { task, area, path }),
    [task, area, path, filesVersion, connection],
  );
  const up = path.split("/").slice(0, -1).join("/");
  const below = (name: string) => (path === "" ? name : `${path}/${name}`);
  return (
    <div class="files">
      <div class="row files-head">
        {path === "" ? (
          <span class="faint">
            <code>{PLACES[area]}</code> for the task{answer?.entries.length === 0 ? "; empty" : ""}
          </span>
        ) : (
          <button type="button" class="link-like" onClick={() => setPath(up)}>
            ↑ {visible(path)}
          </button>
        )}
        <button type="button" class="quiet" onClick={again} aria-label={`Look again at ${area}`}>
          ↻
        </button>
      </div>
      <Refusal says={refusal} />
      <ul>
        {answer?.entries.map((entry) => (
          <li key={entry.name}>
            <FileRow
              entry={entry}
              onOpen={() => (entry.type === "directory" ? setPath(below(entry.name)) : onShow(below(entry.name)))}
            />
          </li>
        ))}
      </ul>
      {answer?.truncated && <p class="faint">There are more; only {answer.entries.length} are listed.</p>}
    </div>
  );
}

function FileRow({ entry, onOpen }: { entry: Entry; onOpen: () => void }) {
  const name = visible(entry.name);
  const canOpen = entry.nameBytes === undefined && (entry.type === "file" || entry.type === "directory");
  if (!canOpen)
    return (
      <span class="file odd" title={entry.type}>
        <span class="name cut">{entry.target === undefined ? name : `${name} → ${visible(entry.target)}`}</span>
        <span class="faint">{entry.type === "symlink" ? "link" : entry.type}</span>
      </span>
    );
  return (
    <button type="button" class="file" onClick={onOpen} title={entry.mode}>
      <span class="name cut">{entry.type === "directory" ? `${name}/` : name}</span>
      <span class="faint">{entry.type === "directory" ? "" : size(entry.bytes)}</span>
    </button>
  );
}
