import { useState } from "preact/hooks";
import { call } from "./api.ts";
import { Dialog } from "./dialog.tsx";
import { FolderPicker } from "./folder-picker.tsx";
import { Refusal } from "./refusal.tsx";
import { useStore } from "./use-store.ts";

export function NewTask({ onClose, onMade }: { onClose: () => void; onMade: () => void }) {
  const store = useStore();
  const [title, setTitle] = useState("");
  const [folder, setFolder] = useState<string | null>(null);
  const [sharedFolder, setShared] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [isMaking, setMaking] = useState(false);

  const make = async (event: Event) => {
    event.preventDefault();
    setMaking(true);
    try {
      const made = call("task_create", { title: title.trim(), folder, sharedFolder }).then(({ id }) => id);
      // A machine may take a while; once it is a task, it is one that is being opened.
      const id = await Promise.race([made, store.nextTask(made)]);
      made.catch((error) => store.complain(error));
      await store.look();
      store.select(id);
      onMade();
    } catch (error) {
      setRefusal((error as Error).message);
      setMaking(false);
      await store.look();
    }
  };

  return (
    <Dialog title="New task" onClose={onClose}>
      <form class="form" onSubmit={(event) => void make(event)}>
        <label>
          Title
          <input
            data-first
            value={title}
            maxLength={120}
            required
            placeholder="What it is about"
            onInput={(event) => setTitle(event.currentTarget.value)}
          />
        </label>
        <FolderPicker chosen={folder} onChoose={setFolder} />
        <label class="check">
          <input type="checkbox" checked={sharedFolder} onChange={(event) => setShared(event.currentTarget.checked)} />
          It may share files with a task that has this folder, one above or one below
        </label>
        <Refusal says={refusal} isAlert />
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="main" disabled={isMaking || title.trim() === ""}>
            {isMaking ? "Opening …" : "Make the task"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
