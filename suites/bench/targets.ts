import type { FigureTarget } from "../../harness/bench/targets.ts";

/** How fast and how small the runtime is to become. `of` names a figure or a series, whichever section measures it. */
// biome-ignore format: a table
export const TARGETS: readonly FigureTarget[] = [
  { step: "clone spawned → taskd answers, all walls on", of: "clone.answer", statistic: "p50", limit: 130, unit: "ms" },
  { step: "open a task in its own machine, from a clone", of: "open.own-machine", statistic: "p50", limit: 220, unit: "ms" },
  { step: "open a task in its own machine, from the pool", of: "open.pool", statistic: "p50", limit: 40, unit: "ms" },
  { step: "switch between open tasks → task_ready", of: "switch.ready", statistic: "p95", limit: 10, unit: "ms" },
  { step: "probe prompt, there and back", of: "prompt.echo", statistic: "p50", limit: 15, unit: "ms" },
  { step: "`system_bash true` in the walls", of: "exec.true", statistic: "p50", limit: 60, unit: "ms" },
  { step: "200 open tasks in their own machines: do not answer", of: "many.answer", statistic: "failed", limit: 0, unit: "samples", samples: 200 },
  { step: "… how long the last of them opens, in what the first takes", of: "many.open", statistic: "growth", limit: 1.3, unit: "times", samples: 200 },
  { step: "… proportional memory of one", of: "many.memory", statistic: "p50", limit: 40, unit: "MB", samples: 200, counted: "many.answer" },
  { step: "… idle processor time of all together, of a core", of: "many.idle", statistic: "p50", limit: 0.5, unit: "%", samples: 200, counted: "many.answer" },
  { step: "a prompt to a paused task costs this much more", of: "many.paused-prompt", statistic: "above", limit: 3, unit: "ms" },
  { step: "10 MB down through a task's proxy: 10 MB/s or more", of: "network.much", statistic: "p50", limit: 1000, unit: "ms" },
  { step: "… what it adds to the first byte", of: "network.first", statistic: "above", limit: 10, unit: "ms" },
  { step: "… 50 streams at once: do not arrive", of: "network.many", statistic: "failed", limit: 0, unit: "samples" },
  { step: "open a task with pi in its own machine, from a clone", of: "agent.own-machine", statistic: "p50", limit: 350, unit: "ms" },
  { step: "… from the pool", of: "agent.pool", statistic: "p50", limit: 60, unit: "ms" },
  { step: "… proportional memory of an idle one", of: "agent.memory", statistic: "p50", limit: 40, unit: "MB" },
  { step: "runtime start, template present → first task ready", of: "open.first-task", statistic: "p50", limit: 600, unit: "ms" },
];
