import { Run } from "../../harness/checks/checks.ts";

/** `killed.ts RUNS`: a suite that has performed one check of two, and goes on until somebody kills it. */
const run = new Run("killed-sample", { command: "none", runs: process.argv[2] as string, say: () => {} });
const first = { id: "sample.first", claim: "it is so", run: () => {} };
const second = {
  id: "sample.second",
  claim: "it never ends",
  run: () =>
    new Promise<void>(() => {
      console.log(`performing in ${run.directory}`);
      setInterval(() => {}, 60_000); // or there would be nothing to wait for
    }),
};
run.expect([first, second]);
await run.perform([first, second]);
