import assert from "node:assert/strict";
import { type Check, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { processStatus } from "../harness/host/processes.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox, RunningRuntime } from "../harness/runtimes/piwork.ts";

const GIBIBYTE = 1024 ** 3;
/** What a side may grow by, however much passes through it, in kilobytes. */
const GROWTH_KB = 200 * 1024;
const PATTERN = "0123456789abcdef";

/** `flood.ts [BYTES]` */
if (import.meta.filename === process.argv[1]) {
  await prepareMachines("safe");
  conclude(await flood(process.argv[2] === undefined ? GIBIBYTE : Number(process.argv[2])));
}

/** An agent that says more than would fit into anybody's memory. */
export async function flood(bytes = GIBIBYTE): Promise<Tally> {
  const run = new Run("flood", { command: `npx mise run test-flood ${bytes}` });
  await speak(run, bytes);
  return run.finish();
}

async function speak(run: Run, bytes: number): Promise<void> {
  using sandbox = makeSandbox(run.directory);
  await using runtime = await RunningRuntime.start(sandbox);
  const memory = async () => {
    const [machine] = (await runtime.client.call("diag", {})).machines;
    const runtimeKb = Number.parseInt(processStatus(runtime.process.pid as number)["VmRSS"] ?? "", 10);
    return { runtimeKb, taskdKb: machine?.guest.taskdResidentKb ?? 0 };
  };
  const check: Check = {
    id: "flood.agent",
    claim: `${bytes} bytes of an agent arrive whole, neither the runtime nor taskd grows with them, and another task is served meanwhile`,
    deadlineMs: 3_600_000,
    async run() {
      const { client } = runtime;
      const other = (await client.call("task_create", { title: "Other", folder: null })).id;
      const { id } = await client.call("task_create", { title: "Flood", folder: null });
      const before = await memory();
      const most = { ...before };
      let received = 0;
      let next = received + bytes / 10;
      for await (const { event, payload } of client.stream("prompt", { task: id, message: `flood: ${bytes}` })) {
        if (event !== "agent_output") continue;
        const update = payload.message["assistantMessageEvent"] as { delta?: string } | undefined;
        const said = update?.delta ?? "";
        assert.equal(said.startsWith(PATTERN) || said === "", true, "other words arrived than were said");
        received += said.length;
        if (received < next) continue;
        next += bytes / 10;
        const now = await memory();
        most.runtimeKb = Math.max(most.runtimeKb, now.runtimeKb);
        most.taskdKb = Math.max(most.taskdKb, now.taskdKb);
        console.log(
          `        ${Math.round((received / bytes) * 100)} %: runtime ${now.runtimeKb} kB, taskd ${now.taskdKb} kB`,
        );
        for await (const item of client.stream("exec", { task: other, argv: ["true"] }))
          if (item.type === "exit") assert.equal(item.code, 0);
      }
      assert.equal(received, bytes);
      assert.equal(
        most.runtimeKb - before.runtimeKb < GROWTH_KB,
        true,
        `the runtime grew from ${before.runtimeKb} to ${most.runtimeKb} kB`,
      );
      assert.equal(
        most.taskdKb - before.taskdKb < GROWTH_KB,
        true,
        `taskd grew from ${before.taskdKb} to ${most.taskdKb} kB`,
      );
    },
  };
  run.expect([check]);
  await run.keepState("before", runtime.client);
  await run.perform([check]);
  await run.keepState("after", runtime.client);
}
