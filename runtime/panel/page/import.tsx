import { useRef, useState } from "preact/hooks";
import { upload } from "./api.ts";
import { useStore } from "./use-store.ts";
import { count } from "./words.ts";

/** Files of this computer for the task, by a button or dropped here. */
export function Import({ task }: { task: string }) {
  const store = useStore();
  const chooser = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const [left, setLeft] = useState(0);
  const take = async (files: readonly File[]) => {
    setLeft(files.length);
    for (const [index, file] of files.entries()) {
      await store.act(() => upload(task, file));
      setLeft(files.length - index - 1);
    }
    store.filesVersion++;
    await store.look();
  };
  return (
    <section
      class={`drop ${isOver ? "over" : ""}`}
      aria-label="Import"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        aria-label="Files to import"
        onChange={({ currentTarget }) => {
          void take([...(currentTarget.files ?? [])]);
          currentTarget.value = "";
        }}
      />
      <button type="button" disabled={left > 0} onClick={() => chooser.current?.click()}>
        Import files
      </button>
      <span class="faint" role="status">
        {left > 0 ? `${count(left, "file")} to go` : "or drop them here"}
      </span>
    </section>
  );
}
