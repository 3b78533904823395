import { listRuns } from "../evidence/runs.ts";
import { readLogTail } from "../log/tail.ts";
import { hasKey, viewOf } from "../network/providers.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { Runtime } from "../runtime.ts";
import { listFolders, makeFolder } from "../workspace/folder-choices.ts";
import type { ControlHandlers } from "./server.ts";

/** What the control API needs to know of a panel. */
export interface PanelLinks {
  /** a new one, which opens it once */
  address(): string;
  /** a path of it which opens without the token */
  sign(path: string): string;
}

/** What each call of the control API does. */
export function controlHandlers(
  runtime: Runtime,
  shutdown: () => void,
  panel: () => PanelLinks | undefined,
): ControlHandlers {
  const { tasks, book, conversations } = runtime;
  return {
    calls: {
      status: () => runtime.status(),
      shutdown: async () => shutdown(),
      task_create: ({ title, folder, network, ...more }) =>
        tasks.create(title, folder, { ...more, begun: (id) => runtime.network.begin(id, network) }),
      task_list: () => book.list(),
      task_show: ({ task }) => book.find(task),
      task_inspect: ({ task }) => runtime.inspectTask(task),
      task_files: ({ task, area, path }) => runtime.listFiles(task, area, path),
      task_preview: ({ task, area, path, large }) =>
        runtime.previewFile(task, area, path, large ? LIMITS.largePreviewBytes : LIMITS.previewBytes),
      task_changes: ({ task }) => runtime.changes(task),
      task_boundary: ({ task }) => runtime.boundary(task),
      conversation: ({ task }) => ({ afterSeq: runtime.events.lastSeq, ...conversations.show(task) }),
      folders: ({ path }) => listFolders(runtime.workspace, path),
      folder_make({ path }) {
        makeFolder(runtime.workspace, path);
        return { path };
      },
      task_switch: ({ task }) => tasks.switchTo(task),
      task_bind: ({ task, folder, sharedFolder }) => tasks.bind(task, folder, sharedFolder),
      task_stop: ({ task }) => tasks.stop(task),
      task_delete: ({ task }) => runtime.deleteTask(task),
      abort: ({ task }) => conversations.abort(task),
      questions: ({ task }) => conversations.questions(task),
      answer: ({ task, question, answer }) => conversations.answer(task, question, answer),
      models: ({ task }) => conversations.models(task),
      thinking_set: ({ task, level }) => conversations.setThinking(task, level),
      steer: ({ task, message, when }) => conversations.steer(task, message, when),
      decisions: ({ task }) => conversations.decisions(task),
      decisions_clear: ({ task, id }) => conversations.clearDecisions(task, id),
      model_set: ({ task, model }) => conversations.setModel(task, model),
      network: ({ task }) => runtime.network.show(book.find(task).id),
      network_set: ({ task, policy }) => runtime.network.allow(book.find(task).id, policy),
      providers: () => runtime.network.providers.list().map((one) => ({ ...viewOf(one), hasKey: hasKey(one) })),
      diag: () => runtime.diagnose(),
      machine_answers: ({ patienceMs }) => runtime.machineAnswers(patienceMs),
      log_tail: ({ log }) => readLogTail(runtime.logs, log),
      evidence: () => ({
        runs: listRuns(runtime.logs).map((run) => ({
          ...run,
          report: run.report === null ? null : (panel()?.sign(run.report) ?? null),
        })),
      }),
      panel: () => ({ address: panel()?.address() ?? null }),
    },
    streams: {
      async prompt({ task, message }, send) {
        await conversations.prompt(task, message, (event) => void send(event));
      },
      async exec(request, send, signal) {
        const pass = ({ stream, data }: { stream: "stdout" | "stderr"; data: string }) =>
          send({ type: "output", stream, data });
        const result = await conversations.exec(request, pass, signal);
        void send({ type: "exit", ...result });
      },
      async events({ task }, send, signal) {
        void send({ type: "subscribed", afterSeq: runtime.events.lastSeq });
        using _events = runtime.events.subscribe({ task }, (event) => void send(event));
        await new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => resolve());
          if (signal.aborted) resolve();
        });
      },
    },
    importUpload: (task, name, content) => runtime.importUpload(task, name, content),
    onUnexpected: (error, doing) => runtime.log.error(`unexpected failure while ${doing}`, { error }),
  };
}
