import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Check } from "../../harness/checks/checks.ts";
import { standing } from "../../harness/checks/choose.ts";
import type { CheckPart } from "../../harness/checks/part.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { BareMachine } from "../../harness/machines/bare-machine.ts";
import { KNOWN_FILES, RawLink } from "../../harness/machines/raw-link.ts";
import type { Sandbox } from "../../harness/runtimes/piwork.ts";
import { saidText } from "../../harness/runtimes/talk.ts";
import { Bridge } from "../../runtime/bridge/bridge.ts";
import { greeting } from "../../runtime/bridge/greeting.ts";
import { NOTHING_CHOSEN } from "../../runtime/machine/rehearsal.ts";
import type { EventPayload, RuntimeEvent } from "../../runtime/protocol/events.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";

/** Times that a link is cut while events flow on it. */
const CUTS = 8;

/** The wire to a real taskd, without a runtime: what is asked twice, too much, in the wrong order, or on a link that breaks. */
export function wire(sandbox: Sandbox): CheckPart {
  let machine: BareMachine | undefined;
  let link: RawLink | undefined;
  /** the prompt whose answer nobody read */
  let unread = "";
  const there = <T>(value: T | undefined): T => value ?? assert.fail("the machine is not there");
  const raw = () => there(link);
  const task = "wire-task";
  const open = { taskId: task, title: "Wire", folder: null, agent: "probe", ...NOTHING_CHOSEN, files: KNOWN_FILES };

  const checks: Check[] = [
    {
      id: "wire.order",
      claim: "switch_task: its answer, task_switch_started, then exactly one task_ready",
      async run() {
        machine = new BareMachine(join(sandbox.directory, "wire"), join(sandbox.logs, "wire.log"));
        link = await RawLink.open(machine);
        await raw().greet(machine);
        machine.makeTask(task);
        assert.equal(await raw().attempt("create_or_open_task", open), "accepted");
        const id = raw().send("switch_task", { taskId: task });
        await waitFor("task_ready", 20_000, () => raw().events("task_ready")[0]);
        const said = raw().lines.filter(
          ({ id: of, payload }) => of === id || (payload as { requestId?: string })?.requestId === id,
        );
        assert.deepEqual(
          said.map((line) => line["event"] ?? "answer"),
          ["answer", "task_switch_started", "task_ready"],
        );
      },
    },
    {
      id: "wire.same-request-twice",
      claim: "the same id and payload again: the same answer without a second effect, also while the first still runs",
      async run() {
        const id = randomUUID();
        const payload = {
          taskId: task,
          argv: ["sh", "-c", "echo x >> /outputs/effects; sleep 2; cat /outputs/effects | wc -l"],
        };
        raw().send("system_bash", payload, id);
        await delay(500);
        raw().send("system_bash", payload, id);
        await waitFor("two answers", 20_000, () => raw().answers(id).length === 2 || undefined);
        raw().send("system_bash", payload, id);
        await waitFor("three answers", 20_000, () => raw().answers(id).length === 3 || undefined);
        const [first, ...others] = raw().answers(id);
        for (const other of others) assert.deepEqual(other, first);
        const count = await raw().ask("system_bash", { taskId: task, argv: ["wc", "-l", "/outputs/effects"] });
        assert.equal(count["ok"], true);
        const output = raw().events("exec_output").at(-1)?.["payload"] as { data: string };
        assert.equal(Buffer.from(output.data, "base64").toString(), "1 /outputs/effects\n");
      },
    },
    {
      id: "wire.same-id-other-request",
      claim: "the same id with another payload or command is INVALID_REQUEST",
      async run() {
        const id = randomUUID();
        assert.equal(await raw().attempt("abort", { taskId: task }, id), "accepted");
        raw().send("abort", { taskId: "other-task" }, id);
        raw().send("runtime_get_state", {}, id);
        const answers = await waitFor("the refusals", 20_000, () =>
          raw().answers(id).length === 3 ? raw().answers(id) : undefined,
        );
        assert.deepEqual(
          answers.slice(1).map(({ error }) => (error as { code: string }).code),
          ["INVALID_REQUEST", "INVALID_REQUEST"],
        );
      },
    },
    {
      id: "wire.memory-of-ids",
      claim: `${LIMITS.rememberedIds} answered ids are remembered, the oldest is forgotten first, and a running one never`,
      async run() {
        const payload = {
          taskId: task,
          argv: ["sh", "-c", "echo x >> /outputs/once; until [ -e /outputs/finish ]; do sleep 0.2; done"],
        };
        const running = raw().send("system_bash", payload);
        const old = randomUUID();
        assert.equal(await raw().attempt("abort", { taskId: task }, old), "accepted");
        const ids = Array.from({ length: LIMITS.rememberedIds }, () => raw().send("runtime_get_state", {}));
        await waitFor("all answers", 60_000, () => ids.every((id) => raw().answers(id).length > 0) || undefined);
        // Forgotten: another payload is taken as new. Remembered: the running one is not started again.
        assert.equal(await raw().attempt("runtime_get_state", {}, old), "accepted");
        raw().send("system_bash", payload, running);
        await raw().ask("system_bash", { taskId: task, argv: ["touch", "/outputs/finish"] });
        await waitFor("both answers", 20_000, () => raw().answers(running).length === 2 || undefined);
        await raw().ask("system_bash", { taskId: task, argv: ["wc", "-l", "/outputs/once"] });
        const output = raw().events("exec_output").at(-1)?.["payload"] as { data: string };
        assert.equal(Buffer.from(output.data, "base64").toString(), "1 /outputs/once\n");
      },
    },
    {
      id: "wire.limits",
      claim:
        "a line, a prompt, a command or a title over its limit is refused, and the link stays usable; at the limit they pass",
      async run() {
        const before = raw().lines.length;
        raw().write(`${"x".repeat(LIMITS.lineBytes + 10)}\n`);
        const refusal = await waitFor("the refusal", 20_000, () =>
          raw()
            .lines.slice(before)
            .find(({ ok }) => ok === false),
        );
        assert.equal((refusal["error"] as { code: string }).code, "LIMIT_EXCEEDED");
        const bash = (words: string[]) => raw().attempt("system_bash", { taskId: task, argv: words });
        assert.equal(await bash(["true", ...Array(LIMITS.execWords).fill("w")]), "INVALID_REQUEST");
        assert.equal(await bash(["true", ...Array(LIMITS.execWords - 1).fill("w")]), "accepted");
        assert.equal(await bash(["true", "x".repeat(LIMITS.execWordBytes + 1)]), "INVALID_REQUEST");
        assert.equal(await bash(["true", "x".repeat(LIMITS.execWordBytes)]), "accepted");
        const titled = (length: number) => ({ ...open, taskId: "titled-task", title: "t".repeat(length) });
        assert.equal(await raw().attempt("create_or_open_task", titled(LIMITS.titleCharacters + 1)), "INVALID_REQUEST");
        const prompt = (length: number) => raw().attempt("prompt", { taskId: task, message: "p".repeat(length) });
        assert.equal(await prompt(LIMITS.promptCharacters + 1), "INVALID_REQUEST");
        assert.equal(await prompt(LIMITS.promptCharacters), "accepted");
        await waitFor("the end of the turn", 20_000, () => raw().events("agent_end")[0]);
      },
    },
    {
      id: "wire.refusals",
      claim:
        "unknown commands, fields, ids and tasks are refused with a code of the contract; so is acting as root of a safe machine",
      async run() {
        const codes = {
          unknown: await raw().attempt("no_such_command", {}),
          inherited: await raw().attempt("constructor", {}),
          field: await raw().attempt("abort", { taskId: task, extra: 1 }),
          list: await raw().attempt("abort", []),
          task: await raw().attempt("prompt", { taskId: "no-such-task", message: "x" }),
          path: await raw().attempt("stop_task", { taskId: "../../etc" }),
          unbind: await raw().attempt("create_or_open_task", { ...open, folder: "missing" }),
          agent: await raw().attempt("create_or_open_task", { ...open, agent: "pi" }),
          root: await raw().attempt("system_bash", { taskId: task, argv: ["true"], unconfined: true }),
          events: await raw().attempt("runtime_hello", greeting(null, 1_000_000)),
        };
        assert.deepEqual(codes, {
          unknown: "INVALID_REQUEST",
          inherited: "INVALID_REQUEST",
          field: "INVALID_REQUEST",
          list: "INVALID_REQUEST",
          task: "TASK_NOT_FOUND",
          path: "INVALID_REQUEST",
          unbind: "WORKSPACE_POLICY_VIOLATION",
          agent: "INVALID_REQUEST",
          root: "WORKSPACE_POLICY_VIOLATION",
          events: "INVALID_REQUEST",
        });
      },
    },
    {
      id: "wire.unread",
      claim:
        "a host that acknowledges nothing makes taskd stop reading the agent, with bounded memory; nothing is lost when it does again",
      async run() {
        const before = raw().events("agent_output").length;
        const memory = async () =>
          ((await raw().ask("runtime_diag", {}))["result"] as { taskdResidentKb: number }).taskdResidentKb;
        const residentBefore = await memory();
        unread = raw().send("prompt", { taskId: task, message: "flood: 30000000" });
        const sent = () => raw().events("agent_output").length - before;
        await waitFor("the flood to stop", 60_000, async () => {
          const count = sent();
          await delay(1_500);
          return (count > 10 && count === sent()) || undefined;
        });
        assert.equal(sent() * 65_536 < LIMITS.unackedEventBytes * 2, true, `${sent()} events were sent unread`);
        const grown = (await memory()) - residentBefore;
        assert.equal(grown < 64 * 1024, true, `taskd grew by ${grown} kB`);
        raw().close();
      },
    },
    {
      id: "wire.reconnect",
      standsOn: ["wire.unread"],
      claim: `a link that is cut ${CUTS} times while events flow and requests run loses and doubles none of them`,
      async run() {
        const sockets: Socket[] = [];
        const connect = async () => {
          const socket = await there(machine).connect();
          sockets.push(socket);
          return socket;
        };
        const events: RuntimeEvent[] = [];
        const violations: string[] = [];
        const bridge = new Bridge(connect, {
          event: (event) => events.push(event),
          violation: (what) => violations.push(what),
          responsive: () => {},
          rouse: () => {},
          now: Date.now,
        });
        try {
          await bridge.open(null);
          const hasEnded = (id: string) =>
            events.some(
              ({ event, payload }) => event === "agent_end" && (payload as EventPayload<"agent_end">).requestId === id,
            );
          await waitFor("the rest of the flood that nobody read", 90_000, () => hasEnded(unread) || undefined);
          assert.equal(events.at(0)?.seq, 1);
          const floodEnd = events.length;
          const stop = new AbortController();
          const results: string[] = [];
          const requests = (async () => {
            while (!stop.signal.aborted)
              results.push(
                (
                  await bridge.request("system_bash", { taskId: task, argv: ["sh", "-c", "echo x >> /outputs/cut"] })
                ).code.toString(),
              );
          })();
          requests.catch(() => {}); // looked at below, where nothing else failed before
          const prompt = randomUUID();
          await bridge.request("prompt", { taskId: task, message: "flood: 40000000 20000" }, { id: prompt });
          for (let cuts = 0; cuts < CUTS; cuts++) {
            const before = events.length;
            await waitFor("an event on the new link", 30_000, () => events.length > before || undefined);
            await delay(randomInt(0, 50));
            sockets.at(-1)?.destroy();
          }
          assert.equal(hasEnded(prompt), false, "the flood was over before all cuts were made");
          await waitFor("the end of the flood", 90_000, () => hasEnded(prompt) || undefined);
          stop.abort();
          await requests;
          const numbers = events.map(({ seq }) => seq);
          assert.deepEqual(
            numbers,
            numbers.map((_, at) => at + 1),
            "events are lost, doubled or out of order",
          );
          assert.equal(saidText(events.slice(floodEnd)).length, 40_000_000);
          assert.equal(sockets.length > CUTS, true, `only ${sockets.length} links were made`);
          const { stdoutBytes } = await bridge.request("system_bash", { taskId: task, argv: ["cat", "/outputs/cut"] });
          assert.deepEqual(
            [stdoutBytes, new Set(results)],
            [results.length * 2, new Set(["0"])],
            "a command ran twice, or not at all",
          );
          assert.deepEqual(violations, []);
        } finally {
          bridge.close();
        }
      },
    },
  ];
  return {
    checks: standing("wire.order", checks),
    async close() {
      link?.close();
      await machine?.[Symbol.asyncDispose]();
    },
  };
}
