import { findPlaces } from "../runtime/places.ts";
import { PiworkError } from "../runtime/protocol/errors.ts";
import { serve } from "../runtime/serve.ts";
import { resolveWorkspaceRoot } from "../runtime/workspace/folder.ts";

// What `piwork up` does, with machines that are there to be attacked: whoever has the control socket is their root.
const [state, logs, workspace] = process.argv.slice(2);
if (state === undefined || logs === undefined || workspace === undefined)
  throw new Error("usage: unsafe-runtime.ts STATE LOGS WORKSPACE");
await serve(
  {
    places: findPlaces({ state, logs }),
    workspace: resolveWorkspaceRoot(workspace),
    agent: "probe",
    acceleration: "auto",
    unsafe: true,
    buildImage: () => Promise.reject(new PiworkError("TASK_BOOTSTRAP_FAILED", "The suites build the image first.")),
  },
  { say: console.log, listening: () => {}, ready: () => {} },
);
