import type { Runtime } from "../runtime.ts";
import type { ControlHandlers } from "./server.ts";

/** What each call of the control API does. */
export function controlHandlers(runtime: Runtime, shutdown: () => void): ControlHandlers {
  const { tasks } = runtime;
  return {
    calls: {
      status: () => runtime.status(),
      shutdown() {
        shutdown();
        return {};
      },
      task_create: ({ title, folder }) => tasks.create(title, folder),
      task_list: () => tasks.list(),
      task_show: ({ task }) => tasks.find(task),
      task_switch: ({ task }) => tasks.switchTo(task),
      task_stop: ({ task }) => tasks.stop(task),
      abort: ({ task }) => tasks.abort(task),
      diag: () => runtime.diagnose(),
    },
    streams: {
      async prompt({ task, message }, send) {
        await tasks.prompt(task, message, send);
      },
      async exec(request, send, signal) {
        const result = await tasks.exec(request, ({ stream, data }) => send({ type: "output", stream, data }), signal);
        send({ type: "exit", ...result });
      },
      async events(_input, send, signal) {
        using _events = runtime.subscribe(send);
        await new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => resolve());
          if (signal.aborted) resolve();
        });
      },
    },
    onUnexpected: (error, doing) => runtime.log.error(`unexpected failure while ${doing}`, { error }),
  };
}
