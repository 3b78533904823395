import assert from "node:assert/strict";
import type { Check } from "../../harness/checks/checks.ts";
import { piwork } from "../../harness/runtimes/piwork.ts";
import { saidIn } from "../../runtime/api/answer.ts";
import type { DumpedRuntime } from "./dumped-runtime.ts";

/** A dump of a runtime that hangs is there after so long, in milliseconds. */
const SILENT_MS = 20_000;

/** What is not told is said not to be, and nothing that is silent keeps a dump from being taken. */
export function silent(dumped: DumpedRuntime): Check[] {
  return [
    {
      id: "dump.headless",
      claim: "without a panel a dump says so in its place",
      async run() {
        const { panel } = await dumped.dump("state.headless");
        assert.deepEqual(panel, { silent: "there is no panel: the runtime was started --headless" });
      },
    },
    {
      id: "dump.silent-runtime",
      standsOn: ["dump.walls-missing"],
      claim: "of a runtime that was stopped by a signal there is a dump all the same, with what the host knows",
      async run() {
        const before = await dumped.dump("state.before-silence");
        const started = performance.now();
        dumped.runtime.process.kill("SIGSTOP");
        try {
          const dump = await dumped.dump("state.silent");
          const took = performance.now() - started;
          assert.deepEqual(dump.runtime, { silent: "no answer within 5 s" });
          assert.equal(took < SILENT_MS, true, `it took ${took} ms`);
          const known = (of: typeof dump) => ({
            qemus: of.machines.flatMap(({ host }) => host.processes.map(({ pid }) => pid)),
            records: of.tasks.map(({ id, host }) => [id, saidIn(host.record)?.title]),
          });
          assert.deepEqual(known(dump), known(before));
          assert.equal(known(dump).qemus.length > 0, true, "no QEMU is there");
          assert.deepEqual(dump.contradictions, []);
        } finally {
          dumped.runtime.process.kill("SIGCONT");
        }
      },
    },
    {
      id: "dump.no-runtime",
      claim: "where no runtime is, 'piwork dump-state' says so and fails",
      async run() {
        const { code, stderr } = await piwork(["--state", `${dumped.sandbox.directory}/nothing`, "dump-state"]);
        assert.equal(code, 1);
        assert.match(stderr, /No runtime is running/);
      },
    },
  ];
}
