import { namedModel } from "../../runtime/cli/model.ts";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { agentKind, isolation } from "../../runtime/protocol/kinds.ts";
import { machineLayer } from "../../runtime/protocol/layers.ts";
import { serve } from "../../runtime/serve.ts";
import { findPlaces, makePlaces } from "../../runtime/state/places.ts";
import { resolveWorkspaceRoot } from "../../runtime/workspace/folder.ts";
import { SUITE_MODEL } from "./piwork.ts";
import { SMALL_MEMORY_BYTES, SMALL_QUOTA } from "./quota.ts";

// What `piwork up` does, with machines that are there to be attacked: whoever has the control socket is their root, and the
// named walls around QEMU are left out.
const UNBOUNDED = { bytes: Number.POSITIVE_INFINITY, entries: Number.POSITIVE_INFINITY };
const [kind, state, logs, workspace, page, agent, ...without] = process.argv.slice(2);
if (state === undefined || logs === undefined || workspace === undefined || (page !== "panel" && page !== "headless"))
  throw new Error("usage: unsafe-runtime.ts ISOLATION STATE LOGS WORKSPACE panel|headless probe|pi [LAYER...]");
const layers = machineLayer.array().parse(without);
const places = findPlaces({ state, logs });
makePlaces(places);
await serve(
  {
    places,
    workspace: resolveWorkspaceRoot(workspace),
    agent: agentKind.parse(agent),
    model: agent === "pi" ? namedModel(places.state, SUITE_MODEL) : null,
    acceleration: "auto",
    isolation: isolation.parse(kind),
    pool: 0,
    memoryBytes: SMALL_MEMORY_BYTES,
    ...(page === "panel" && { panel: { port: undefined } }),
    unsafe: { without: layers },
    quota: layers.includes("quota") ? UNBOUNDED : SMALL_QUOTA,
    buildImage: () => Promise.reject(new PiworkError("TASK_BOOTSTRAP_FAILED", "The suites build the image first.")),
  },
  { say: console.log, listening: () => {}, ready: () => {} },
);
