import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { EvidenceRun } from "../../api/evidence.ts";
import type { StatusView } from "../../api/status.ts";
import { call } from "./api.ts";
import { Refusal } from "./refusal.tsx";
import { ScrollArea } from "./scroll-area.tsx";
import { useAnswer } from "./use-answer.ts";
import { useStore } from "./use-store.ts";
import { dayAndTime, timeOfDay, visible } from "./words.ts";

const PARTS = { Facts, Machines, Events, Log, Evidence } as const;
type Part = keyof typeof PARTS;

/** The runtime itself: for whoever wants to know why. */
export function Drawer({ onClose }: { onClose: () => void }) {
  const [part, setPart] = useState<Part>("Facts");
  const Shown = PARTS[part];
  return (
    <section class="drawer" aria-label="Runtime">
      <div class="column-head">
        <nav class="tabs" aria-label="Parts of the runtime">
          {Object.keys(PARTS).map((name) => (
            <button
              key={name}
              type="button"
              aria-current={name === part ? "page" : undefined}
              onClick={() => setPart(name as Part)}
            >
              {name}
            </button>
          ))}
        </nav>
        <button type="button" class="quiet" onClick={onClose} aria-label="Close the runtime drawer">
          ✕
        </button>
      </div>
      <ScrollArea kind="drawer-body" label={part}>
        <Shown />
      </ScrollArea>
    </section>
  );
}

function Facts() {
  const { status } = useStore();
  if (status === null) return null;
  return (
    <dl class="facts">
      {factsOf(status).map(([name, words]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{words}</dd>
        </div>
      ))}
      {status.warnings.map((warning) => (
        <div key={warning} class="warning">
          <dt>note</dt>
          <dd>{warning}</dd>
        </div>
      ))}
    </dl>
  );
}

function factsOf(status: StatusView): [string, string][] {
  const { acceleration, image, template } = status;
  return [
    ["runtime", `piwork ${status.version}, process ${status.pid}, since ${dayAndTime(status.startedAt)}`],
    ["isolation", status.isolation === "vm" ? "vm: a machine for each task" : "shared: one machine for all tasks"],
    ["acceleration", acceleration === null ? "not chosen yet" : `${acceleration.used}: ${acceleration.reason}`],
    [
      "template",
      template === null
        ? "none yet: machines are booted"
        : `${template.key}, saved ${dayAndTime(template.createdAt)}; machines are cloned from it`,
    ],
    ["image", image === null ? "none yet" : `${image.inputs.slice(0, 16)}, Linux ${image.kernel}, Node ${image.node}`],
    ["memory", memoryWords(status)],
    ["workspace", status.workspace],
    ["state", status.state],
    ["logs", status.logs],
  ];
}

function memoryWords({ machines }: StatusView): string {
  const sum = (of: (machine: StatusView["machines"][number]) => number) =>
    machines.reduce((all, one) => all + of(one), 0);
  return `${megabytes(sum(({ residentKb }) => residentKb ?? 0))} of this host by ${machines.length} machines, which may have ${sum(({ memoryMb }) => memoryMb)} MiB`;
}

function megabytes(kilobytes: number): string {
  return `${Math.round(kilobytes / 1024)} MiB`;
}

function Table({ columns, children }: { columns: readonly string[]; children: ComponentChildren }) {
  return (
    <table class="wide">
      <thead>
        <tr>
          {columns.map((name) => (
            <th key={name} scope="col" class="faint">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

function Machines() {
  const { status } = useStore();
  const titles = new Map(status?.tasks.map(({ id, title }) => [id, title]));
  if (status?.machines.length === 0) return <p class="faint">No machine runs.</p>;
  return (
    <Table columns={["machine", "state", "task", "QEMU", "memory", "answered after", "since"]}>
      {status?.machines.map((machine) => (
        <tr key={machine.id}>
          <th scope="row">{machine.id}</th>
          <td>{machine.state}</td>
          <td>
            {machine.task === null
              ? status.isolation === "shared"
                ? "all"
                : "waits for one"
              : (titles.get(machine.task) ?? machine.task)}
          </td>
          <td>{machine.pid ?? "–"}</td>
          <td>
            {megabytes(machine.residentKb ?? 0)} of {machine.memoryMb}
          </td>
          <td>{machine.bootMs === null ? "–" : `${(machine.bootMs / 1000).toFixed(1)} s`}</td>
          <td>{timeOfDay(machine.startedAt)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Events() {
  const { events, status } = useStore();
  const titles = new Map(status?.tasks.map(({ id, title }) => [id, title]));
  if (events.length === 0) return <p class="faint">Nothing has happened since this page found the runtime.</p>;
  return (
    <Table columns={["time", "event", "task", "says"]}>
      {events.toReversed().map((event) => (
        <tr key={event.seq}>
          <td>{timeOfDay(event.timestamp)}</td>
          <th scope="row">{event.event}</th>
          <td>{event.taskId === null ? "–" : (titles.get(event.taskId) ?? event.taskId)}</td>
          <td>{visible(wordsOf(event.payload))}</td>
        </tr>
      ))}
    </Table>
  );
}

function wordsOf(payload: object): string {
  const { requestId: _, ...rest } = payload as Record<string, unknown>;
  return Object.keys(rest).length === 0 ? "" : JSON.stringify(rest).slice(0, 300);
}

function Log() {
  const [log, setLog] = useState<"piwork" | "qemu">("piwork");
  const { answer, refusal, again } = useAnswer(() => call("log_tail", { log }), [log]);
  return (
    <>
      <div class="row">
        {(["piwork", "qemu"] as const).map((name) => (
          <button key={name} type="button" aria-pressed={log === name} onClick={() => setLog(name)}>
            {name}.log
          </button>
        ))}
        <button type="button" onClick={again}>
          Read again
        </button>
      </div>
      <Refusal says={refusal} />
      {answer !== undefined && <div class="log">{answer.text === "" ? "It is empty." : visibleLines(answer.text)}</div>}
    </>
  );
}

/** The newest line first: that is what somebody looks for. */
function visibleLines(text: string): string {
  return text.trimEnd().split("\n").reverse().map(visible).join("\n");
}

function Evidence() {
  const { answer, refusal, again } = useAnswer(() => call("evidence", {}), []);
  return (
    <>
      <div class="row">
        <span class="faint">Runs of the suites that left their evidence beside this runtime's logs.</span>
        <button type="button" onClick={again}>
          Look again
        </button>
      </div>
      <Refusal says={refusal} />
      {answer?.runs.length === 0 && (
        <p>
          None yet. <code>npx mise run test-negative</code> attacks the walls, and leaves what it saw.
        </p>
      )}
      {answer !== undefined && answer.runs.length > 0 && (
        <Table columns={["suite", "began", "verdict", "report"]}>
          {answer.runs.map((run) => (
            <tr key={run.name}>
              <th scope="row">{run.suite}</th>
              <td>{dayAndTime(run.startedAt)}</td>
              <td>
                <Verdict checks={run.checks} />
              </td>
              <td>
                {run.report === null ? (
                  <code>{run.name}</code>
                ) : (
                  <a href={run.report} target="_blank" rel="noopener noreferrer">
                    report
                  </a>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}

function Verdict({ checks }: Pick<EvidenceRun, "checks">) {
  if (checks === null) return <span class="faint">no end: it runs, or was ended</span>;
  if (checks.failed > 0 || checks.passed === 0)
    return (
      <span class="bad">
        failed: {checks.failed} of {checks.failed + checks.passed}
      </span>
    );
  return <span class="good">passed: {checks.passed}</span>;
}
