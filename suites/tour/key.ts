import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join, relative } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { filesWith } from "../../harness/evidence/canary.ts";
import { memoryHolds } from "../../harness/host/process-memory.ts";
import { Providers } from "../../runtime/network/providers.ts";
import { ScriptedServer } from "../../runtime/scripted-model/process.ts";
import type { OpenPanel } from "../panel/open-panel.ts";

/** A provider like any other, with a key that this suite knows; its server takes no other. */
export function key(panel: OpenPanel, evidence: string): Check[] {
  return [
    {
      id: "tour.key-stays",
      claim:
        "the key of a provider that answers is in the one file that keeps it: in no other, not in the machine's memory, no dump, no log",
      async run() {
        const { sandbox, runtime } = panel;
        const { client } = runtime;
        await using server = new ScriptedServer();
        const { port, key } = await server.address();
        await using providers = new Providers(sandbox.state);
        const models = [{ id: "scripted", reasoning: false, contextWindow: 128_000, maxTokens: 16_384 }];
        const url = `http://127.0.0.1:${port}/v1`;
        providers.add({ kind: "remote", name: "kept", api: "openai-completions", models, url, key });
        const { id: task } = await client.call("task_create", { title: "Keys", folder: null });
        await client.call("model_set", { task, model: { provider: "kept", id: "scripted" } });
        const marker = randomBytes(24).toString("hex");
        // Without its key the server answers nobody.
        assert.match(await panel.talk.ask(`hello ${marker}`, task), /I am the scripted model/);
        const pid = await runtime.qemuPid(task);
        assert.equal(
          memoryHolds(pid, Buffer.from(marker)),
          true,
          "what the agent was told is not found in its machine",
        );
        assert.equal(memoryHolds(pid, Buffer.from(key)), false, "its machine has the key");
        const forms = [key, Buffer.from(key).toString("base64")];
        const kept = relative(sandbox.directory, join(sandbox.state, "providers.json"));
        assert.deepEqual(filesWith(sandbox.directory, forms), [kept]);
        assert.deepEqual(filesWith(evidence, forms), []);
        const told = [
          await client.call("status", {}),
          await client.call("diag", {}),
          await client.call("providers", {}),
        ];
        assert.equal(
          forms.some((form) => JSON.stringify(told).includes(form)),
          false,
          "the runtime tells it",
        );
        providers.remove("kept");
        assert.deepEqual(filesWith(sandbox.directory, forms), []);
        return { searched: [`memory of process ${pid}`, sandbox.directory, evidence] };
      },
    },
  ];
}
