import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ExtensionApi } from "pi/core/extensions/loader.js";
import { tellOfMemory } from "./memory.ts";

const directory = mkdtempSync(join(tmpdir(), "piwork-memory-"));
test.after(() => rmSync(directory, { recursive: true }));
const events = join(directory, "memory.events");
const FACTS = { folder: null, places: [], decisions: [], ask: [], memoryBytes: 1.5 * 1024 ** 3 };
const write = (oom: number, killed: number) =>
  writeFileSync(events, `low 0\nhigh 0\nmax 9\noom ${oom}\noom_kill ${killed}\noom_group_kill 0\n`);

/** What pi would have its model read after a tool ran, during which this happened. */
async function afterTool(happens: () => void): Promise<string> {
  const handlers = new Map<string, (event: unknown) => unknown>();
  const api = { on: (name: string, handler: (event: unknown) => unknown) => handlers.set(name, handler) };
  tellOfMemory(api as unknown as ExtensionApi, () => FACTS, events);
  await handlers.get("tool_call")?.({});
  happens();
  const content = [{ type: "text", text: "Killed" }];
  const changed = (await handlers.get("tool_result")?.({ content })) as { content: { text: string }[] } | undefined;
  return (changed?.content ?? content).map(({ text }) => text).join("");
}

test("a model reads why its command was killed, in front of what the command said", async () => {
  write(1, 1);
  assert.match(
    await afterTool(() => write(2, 2)),
    /^A process .* used up its 1.5 GiB of memory.*--memory SIZE.\n\nKilled$/,
  );
});

test("where all tasks of a machine ran out together, no task is blamed", async () => {
  write(0, 0);
  assert.match(await afterTool(() => write(0, 1)), /tasks of its machine together/);
});

test("nothing is said of what happened before, or where the kernel tells nothing", async () => {
  write(3, 3);
  assert.equal(await afterTool(() => {}), "Killed");
  rmSync(events);
  assert.equal(await afterTool(() => {}), "Killed");
});
