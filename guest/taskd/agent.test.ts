import assert from "node:assert/strict";
import processes from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { type TestContext, test } from "node:test";
import type { AgentNotice } from "../../runtime/protocol/agent.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import type { Confinement } from "../walls/launch.ts";
import { Agent } from "./agent.ts";

const CONFINEMENT = { directories: {}, accounts: {}, network: {}, group: "/no/such" } as unknown as Confinement;

/** An agent that is this script, without walls around it. */
function agentOf(t: TestContext, script: string): Agent {
  const { spawn } = processes;
  const withStatus = `echo '{"child-pid": '$$'}' >&3; ${script}; echo '{"exit-code": 0}' >&3`;
  t.mock.method(processes, "spawn", (_program: string, _words: string[], options: processes.SpawnOptions) =>
    spawn("sh", ["-c", withStatus], options),
  );
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return Reflect.construct(Agent, [CONFINEMENT, { command: [], over: "", isTold: false }]) as Agent;
}

for (const [more, end] of [
  [0, /ended with code 0/],
  [1, /wrote a line of more than \d+ bytes and was ended/],
] as const)
  test(`agentLineBytes: a line with ${more} bytes more ${more === 0 ? "is read" : "ends its agent"}`, async (t) => {
    // The newline is part of a line.
    const agent = agentOf(t, `head -c ${LIMITS.agentLineBytes - 1 + more} /dev/zero; echo`);
    assert.match((await agent.gone).message, end);
  });

test("agentUnreadBytes: an agent may leave so many bytes unread, and one more ends it", async (t) => {
  const agent = agentOf(t, "exec sleep 60");
  const tell = (bytes: number) => {
    const notice: AgentNotice = { type: "extension_ui_response", id: "", value: "" };
    agent.tell({ ...notice, value: "x".repeat(bytes - JSON.stringify(notice).length - 1) });
  };
  // The kernel takes no whole piece of this size, so that all of it counts.
  for (let piece = 0; piece < 4; piece++) tell(LIMITS.agentUnreadBytes / 4);
  assert.equal(await Promise.race([agent.gone, new Promise((resolve) => setTimeout(resolve, 200, "runs"))]), "runs");
  tell(100);
  assert.match((await agent.gone).message, /did not read what was said to it/);
});
