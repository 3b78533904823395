import type { Boundary, HostWall } from "../../api/boundary.ts";
import type { TaskRecord } from "../../api/record.ts";
import type { TaskLayer } from "../../protocol/layers.ts";
import { memoryWords } from "../../protocol/memory-words.ts";
import { call } from "./api.ts";
import { Figure } from "./figure.tsx";
import { Refusal } from "./refusal.tsx";
import { Section } from "./section.tsx";
import { useAnswer } from "./use-answer.ts";
import { useStore } from "./use-store.ts";
import { count, timeOfDay, visible } from "./words.ts";

/** What each layer takes from the task. */
const LAYERS: Record<TaskLayer, string> = {
  view: "every file but its own and the system's",
  pid: "processes of others",
  ipc: "shared memory and queues of others",
  uts: "the machine's name",
  net: "every network but its own loopback",
  user: "users that are not its own",
  "nested-users": "user namespaces in which it would be root",
  uid: "being root",
  capabilities: "every right that root has",
  seccomp: "system calls it has no use for",
  memory: "memory that others need",
  processes: "processes that others need",
  cpu: "the processor, while others want it",
  tmpfs: "memory that looks like files",
  descriptors: "what the supervisor had open",
  environment: "the supervisor's environment",
  session: "process group and terminal of others",
  uploads: "writing to its uploads",
};

/** The same for QEMU, on the host. */
const HOST_WALLS: Record<HostWall, string> = {
  capabilities: "every right that root has",
  "new-privileges": "getting rights from set-id programs",
  seccomp: "system calls it has no use for",
  user: "users of the host",
  mount: "files of the host that it is not shown",
  pid: "processes of the host",
  network: "every network",
  ipc: "shared memory of the host",
  uts: "the host's name",
};

/** What a task can reach, and what keeps it from more: the walls as the kernels tell them, not as they were asked for. */
export function BoundaryCard({ task }: { task: TaskRecord }) {
  const { connection } = useStore();
  const { answer, refusal, isAsking, again } = useAnswer(
    () => call("task_boundary", { task: task.id }),
    [task.id, task.state, task.folder, connection],
  );
  const verdict = answer === undefined ? undefined : judge(answer);
  return (
    <Section
      title="Boundary"
      kind={`boundary ${verdict?.kind ?? ""}`}
      fact={verdict?.words ?? (refusal === undefined ? "asking …" : "not known")}
      isOpen
    >
      <Refusal says={refusal} />
      <Reach task={task} />
      {answer !== undefined && (
        <>
          <Isolated boundary={answer} />
          {answer.emulated === true && (
            <p class="warning">
              The processor is emulated in software. QEMU's own project gives no security guarantee for that: the same
              walls stand, but the machine itself is a weaker one.
            </p>
          )}
          {answer.warnings
            .filter((warning) => /^UN(SAFE|CONFINED)/.test(warning))
            .map((warning) => (
              <p key={warning} class="warning">
                {warning}
              </p>
            ))}
          {answer.notAsked !== null && <p class="warning">Its machine's kernel was not asked: {answer.notAsked}.</p>}
          <Walls title="Around its agent, by its machine's kernel" walls={answer.task.map(toTaskWall)} />
          <Walls title="Around the machine, by this host's kernel" walls={answer.qemu.map(toHostWall)} />
          <p class="faint row">
            <span>
              {answer.task.length > 0 ? "Read back" : "Asked"} at{" "}
              <Figure kind="time">{timeOfDay(answer.readAt)}</Figure>. No list of walls is a proof: docs/guarantees.md
              says what is tried, and what is not promised.
            </span>
            <button type="button" class="quiet" disabled={isAsking} onClick={again} aria-label="Read the walls again">
              ↻
            </button>
          </p>
        </>
      )}
    </Section>
  );
}

function Reach({ task }: { task: TaskRecord }) {
  return (
    <dl class="reach">
      <dt>Reads and writes</dt>
      <dd>
        {task.folder === null ? "its outputs (no folder yet)" : <code>{visible(task.folder)}</code>}
        {task.folder === null ? "" : ", its outputs"}, a home and a /tmp of its own
        {task.sharedFolder && "; other tasks may have the same folder"}
      </dd>
      <dt>Reads</dt>
      <dd>its uploads, and the programs of its machine</dd>
      <dt>Memory</dt>
      <dd>{memoryWords(task.memoryBytes)}, its /tmp included</dd>
      <dt>Network</dt>
      <dd>no card; only what is allowed below, through this host</dd>
    </dl>
  );
}

interface Wall {
  name: string;
  takes: string;
  holds: boolean;
  seen: string;
}

function toTaskWall({ layer, ...rest }: Boundary["task"][number]): Wall {
  return { name: layer, takes: LAYERS[layer], ...rest };
}

function toHostWall({ wall, ...rest }: Boundary["qemu"][number]): Wall {
  return { name: wall, takes: HOST_WALLS[wall], ...rest };
}

function Walls({ title, walls }: { title: string; walls: readonly Wall[] }) {
  if (walls.length === 0) return null;
  const gaps = walls.filter(({ holds }) => !holds);
  return (
    <details class="walls" open={gaps.length > 0}>
      <summary>
        {title}: {gaps.length === 0 ? `all ${walls.length} hold` : `${gaps.length} of ${walls.length} do NOT hold`}
      </summary>
      <table>
        <thead>
          <tr>
            <th scope="col">wall</th>
            <th scope="col">takes from it</th>
            <th scope="col">the kernel says</th>
          </tr>
        </thead>
        <tbody>
          {walls.map(({ name, takes, holds, seen }) => (
            <tr key={name} class={holds ? "" : "gap"}>
              <th scope="row">{name}</th>
              <td>{takes}</td>
              <td>
                {holds ? "" : "does NOT hold: "}
                <Seen words={visible(seen)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function judge({ machine, notAsked, task, qemu }: Boundary): { kind: "whole" | "gaps" | "idle"; words: string } {
  if (notAsked !== null) return { kind: "idle", words: "not asked" };
  if (machine === null || task.length === 0) return { kind: "idle", words: "nothing runs in it now" };
  const gaps = [...task, ...qemu].filter(({ holds }) => !holds).length;
  if (gaps > 0) return { kind: "gaps", words: `${count(gaps, "wall")} NOT holding` };
  return { kind: "whole", words: `${task.length + qemu.length} walls hold` };
}

function Isolated({ boundary: { isolation, machine } }: { boundary: Boundary }) {
  const where = machine !== null && (
    <>
      {" "}
      (<Figure kind="machine">{machine}</Figure>)
    </>
  );
  return isolation === "vm" ? (
    <p>It has a machine of its own{where}: who breaks its kernel has this one task.</p>
  ) : (
    <p>It shares a machine with other tasks{where}: who breaks its kernel has all of them.</p>
  );
}

/** Numbers that a kernel counts up: those of namespaces, which begin near 0xF0000000, and of sessions. */
const COUNTED = /(\b4026\d{6}\b|(?<=^session )\d+)/;

function Seen({ words }: { words: string }) {
  return (
    <>
      {words.split(COUNTED).map((part, index) =>
        index % 2 === 0 ? (
          part
        ) : (
          <Figure key={index} kind="number">
            {part}
          </Figure>
        ),
      )}
    </>
  );
}
