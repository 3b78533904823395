import { controlHandlers } from "./control/handlers.ts";
import { ControlServer } from "./control/server.ts";
import { controlSocket, makePlaces } from "./places.ts";
import { Runtime, type RuntimeOptions } from "./runtime.ts";
import { keepApart } from "./workspace/folder.ts";

/** What a runtime says while it runs, to whoever started it. */
export interface Announcer {
  say(words: string): void;
  /** the control API listens; the machine may still have to boot */
  listening(runtime: Runtime): void;
  /** a machine runs */
  ready(runtime: Runtime): void;
}

/** Runs a runtime until a signal or a `piwork down` ends it, and ends all of it then. */
export async function serve(options: Omit<RuntimeOptions, "progress">, announcer: Announcer): Promise<void> {
  const { places, workspace } = options;
  makePlaces(places);
  keepApart(workspace, places.state);
  const ending = new AbortController();
  const end = (why: string) => {
    if (ending.signal.aborted) return;
    announcer.say(`stopping: ${why}`);
    ending.abort();
  };
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(signal));
  process.on("SIGINT", () => {
    // A second Ctrl-C means it: the machine dies with this process.
    if (ending.signal.aborted) process.exit(130);
    end("Ctrl-C");
  });

  await using runtime = new Runtime({ ...options, progress: (words) => announcer.say(words) });
  await using _server = await ControlServer.listen(
    controlSocket(places),
    controlHandlers(runtime, () => end("asked to")),
  );
  announcer.listening(runtime);
  const booted = runtime.prepare().then(() => announcer.ready(runtime));
  const asked = new Promise<void>((resolve) => ending.signal.addEventListener("abort", () => resolve()));
  // A runtime that cannot boot its machine has nothing to offer.
  await Promise.race([booted.then(() => asked), asked]);
}
