import type { Change, Finding } from "../../api/files.ts";
import type { TaskRecord } from "../../api/record.ts";
import { call } from "./api.ts";
import { Figure } from "./figure.tsx";
import { Refusal } from "./refusal.tsx";
import { Section } from "./section.tsx";
import { useAnswer } from "./use-answer.ts";
import { useStore } from "./use-store.ts";
import { dayAndTime, size, visible } from "./words.ts";

const SIGNS: Record<Change["kind"], string> = { created: "+", modified: "~", deleted: "−" };

/** What is different in the folder since the task got it, and what there is dangerous to whoever works in it. */
export function ChangesView({ task, onShow }: { task: TaskRecord; onShow: (path: string) => void }) {
  const { filesVersion, connection } = useStore();
  const { answer, refusal, again, isAsking } = useAnswer(
    async () => ({
      ...(await call("task_changes", { task: task.id })),
      planted: (await call("task_inspect", { task: task.id })).planted,
    }),
    [task.id, task.folder, filesVersion, connection],
  );
  const fresh = answer?.planted.findings.filter(({ changedSinceTask }) => changedSinceTask) ?? [];
  const older = answer?.planted.findings.filter(({ changedSinceTask }) => !changedSinceTask) ?? [];
  return (
    <Section title="Changes" fact={answer === undefined ? "" : summary(answer.changes, fresh.length)} isOpen>
      <div class="row files-head">
        <span class="faint">
          {answer === undefined ? (
            "looking …"
          ) : (
            <>
              since <Figure kind="moment">{dayAndTime(answer.since)}</Figure>, by the task or anyone else
            </>
          )}
        </span>
        <button type="button" class="quiet" disabled={isAsking} onClick={again} aria-label="Look again at changes">
          ↻
        </button>
      </div>
      <Refusal says={refusal} />
      {answer !== undefined && (
        <>
          {!answer.hasBeginning && (
            <p class="faint">How the folder was at first is not known as a whole: deletions are not shown.</p>
          )}
          {answer.changes.length === 0 && <p class="faint">Nothing has changed.</p>}
          <ul class="changes">
            {answer.changes.map((change) => (
              <li key={change.path} class={change.kind}>
                <ChangeRow change={change} onShow={onShow} />
              </li>
            ))}
          </ul>
          {answer.truncated && <p class="faint">There is more than is listed here.</p>}
          <Findings title="Be careful with these" findings={fresh} />
          <Findings title="There before the task" findings={older} />
          {answer.planted.truncated && <p class="faint">Not everything was searched for dangerous files.</p>}
        </>
      )}
    </Section>
  );
}

function ChangeRow({ change, onShow }: { change: Change; onShow: (path: string) => void }) {
  const { kind, type, path, bytes } = change;
  const words = (
    <>
      <span class="sign" role="img" aria-label={kind} title={kind}>
        {SIGNS[kind]}
      </span>
      <span class="name cut">{visible(path) + (type === "directory" ? "/" : "")}</span>
      <span class="faint">
        {type === "file" ? (bytes === null ? kind : size(bytes)) : type === "symlink" ? "link" : type}
      </span>
    </>
  );
  if (type !== "file" || kind === "deleted") return <span class="file">{words}</span>;
  return (
    <button type="button" class="file" onClick={() => onShow(path)}>
      {words}
    </button>
  );
}

function Findings({ title, findings }: { title: string; findings: readonly Finding[] }) {
  if (findings.length === 0) return null;
  return (
    <div class="planted">
      <h4 class="faint">{title}</h4>
      <ul>
        {findings.map(({ path, kind, why }) => (
          <li key={`${kind} ${path} ${why}`}>
            <code>{visible(path)}</code> <span class="faint">{visible(why)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function summary(changes: readonly Change[], planted: number): string {
  if (changes.length === 0 && planted === 0) return "none";
  const of = (kind: Change["kind"]) => changes.filter((change) => change.kind === kind).length;
  const counted = (["created", "modified", "deleted"] as const).filter((kind) => of(kind) > 0);
  const words = counted.map((kind) => `${SIGNS[kind]}${of(kind)}`).join(" ");
  return planted === 0 ? words : `${words} · ${planted} to be careful with`;
}
