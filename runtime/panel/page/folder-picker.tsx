import { useEffect, useState } from "preact/hooks";
import type { FolderChoices } from "../../api/files.ts";
import { call } from "./api.ts";
import { Refusal } from "./refusal.tsx";
import { useStore } from "./use-store.ts";
import { visible } from "./words.ts";

interface FolderPickerProps {
  chosen: string | null;
  onChoose: (folder: string | null) => void;
}

/** A folder below the workspace root, found by going there. */
export function FolderPicker({ chosen, onChoose }: FolderPickerProps) {
  const { status } = useStore();
  const [at, setAt] = useState("");
  const [choices, setChoices] = useState<FolderChoices | null>(null);
  const [refusal, setRefusal] = useState("");
  const [made, setMade] = useState("");

  const go = async (path: string) => {
    const choose = (folder: string) => onChoose(folder === "" ? null : folder);
    // At once: who clicks on before the answer must not get a task without the folder.
    choose(path);
    try {
      setChoices(await call("folders", { path }));
      setAt(path);
      setRefusal("");
    } catch (error) {
      choose(at);
      setRefusal((error as Error).message);
    }
  };
  useEffect(() => void go(chosen ?? ""), []);

  const make = async () => {
    // In the one that was gone to last, also where its folders are not shown yet.
    const path = join(chosen ?? "", made.trim());
    try {
      await call("folder_make", { path });
      setMade("");
      await go(path);
    } catch (error) {
      setRefusal((error as Error).message);
    }
  };
  const steps = at === "" ? [] : at.split("/");
  const taker = status?.tasks.find(({ folder, state }) => folder === at && state !== "stopped");

  return (
    <fieldset class="picker">
      <legend>Folder</legend>
      <p class="path">
        <button type="button" class="link-like" onClick={() => void go("")}>
          {status?.workspace}
        </button>
        {steps.map((step, index) => (
          <span key={`${index}/${step}`}>
            /
            <button type="button" class="link-like" onClick={() => void go(steps.slice(0, index + 1).join("/"))}>
              {visible(step)}
            </button>
          </span>
        ))}
      </p>
      <ul class="choices" aria-label="Folders here">
        {choices?.folders.map(({ name, usable }) => (
          <li key={name}>
            <button type="button" disabled={!usable} onClick={() => void go(join(at, name))}>
              {visible(name)}
              {!usable && <span class="faint"> belongs to another user</span>}
            </button>
          </li>
        ))}
        {choices?.folders.length === 0 && <li class="faint">no folders in here</li>}
        {choices?.truncated && <li class="faint">there are more</li>}
      </ul>
      <div class="row">
        <input
          aria-label="Name of a new folder"
          placeholder="New folder here"
          value={made}
          onInput={(event) => setMade(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            if (made.trim() !== "") void make();
          }}
        />
        <button type="button" disabled={made.trim() === ""} onClick={() => void make()}>
          Make it
        </button>
      </div>
      <Refusal says={refusal} isAlert />
      <p class="chosen" role="status">
        {chosen === null ? (
          "No folder: the task works in its outputs. It can be given one later, once."
        ) : (
          <>
            The task gets <strong>{visible(chosen)}</strong>, for good.
            {taker !== undefined && ` The task '${taker.title}' has it already.`}
          </>
        )}
      </p>
    </fieldset>
  );
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}
