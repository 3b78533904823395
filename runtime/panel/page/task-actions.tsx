import { useState } from "preact/hooks";
import type { TaskRecord } from "../../api/record.ts";
import { call } from "./api.ts";
import { Dialog } from "./dialog.tsx";
import { FolderPicker } from "./folder-picker.tsx";
import { Refusal } from "./refusal.tsx";
import { useStore } from "./use-store.ts";

/** What can be done with a task beside talking to it. */
export function TaskActions({ task }: { task: TaskRecord }) {
  const store = useStore();
  const [asks, setAsks] = useState<"bind" | "delete" | null>(null);
  const isOpen = task.state !== "stopped" && task.state !== "errored";
  return (
    <div class="actions">
      {task.folder === null && (
        <button type="button" onClick={() => setAsks("bind")}>
          Give a folder
        </button>
      )}
      {isOpen ? (
        <button
          type="button"
          title="Ends everything that runs in it; the next prompt opens it again"
          onClick={() => void store.act(() => call("task_stop", { task: task.id }))}
        >
          Close task
        </button>
      ) : (
        <button type="button" onClick={() => void store.act(() => call("task_switch", { task: task.id }))}>
          Open task
        </button>
      )}
      <button type="button" onClick={() => setAsks("delete")}>
        Delete
      </button>
      {asks === "bind" && <Bind task={task} onClose={() => setAsks(null)} />}
      {asks === "delete" && <Delete task={task} onClose={() => setAsks(null)} />}
    </div>
  );
}

interface Asked {
  task: TaskRecord;
  onClose: () => void;
}

function Bind({ task, onClose }: Asked) {
  const store = useStore();
  const [folder, setFolder] = useState<string | null>(null);
  const [refusal, setRefusal] = useState("");
  const [isBinding, setBinding] = useState(false);
  const bind = async () => {
    if (folder === null) return;
    setBinding(true);
    try {
      await call("task_bind", { task: task.id, folder });
      onClose();
    } catch (error) {
      setRefusal((error as Error).message);
      setBinding(false);
    }
    store.filesVersion++;
    await store.look();
  };
  return (
    <Dialog title={`A folder for ${task.title}`} onClose={onClose}>
      <div class="form">
        <FolderPicker chosen={folder} onChoose={setFolder} />
        <Refusal says={refusal} isAlert />
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="button" class="main" disabled={folder === null || isBinding} onClick={() => void bind()}>
            Give it, for good
          </button>
        </footer>
      </div>
    </Dialog>
  );
}

function Delete({ task, onClose }: Asked) {
  const store = useStore();
  return (
    <Dialog title={`Delete ${task.title}?`} onClose={onClose}>
      <p>
        Its conversation, outputs, uploads and home are removed, and cannot be brought back.{" "}
        {task.folder === null ? "" : `The folder ${task.folder} stays as it is.`}
      </p>
      <footer>
        <button type="button" onClick={onClose}>
          Keep it
        </button>
        <button
          type="button"
          class="stop"
          onClick={() => {
            onClose();
            void store.act(() => call("task_delete", { task: task.id }));
          }}
        >
          Delete
        </button>
      </footer>
    </Dialog>
  );
}
