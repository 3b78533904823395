import assert from "node:assert/strict";
import { test } from "node:test";
import type { NetworkPolicy } from "../protocol/network.ts";
import type { Runtime } from "../runtime.ts";
import { controlHandlers } from "./handlers.ts";

test("what is set for one task is set for that one, whichever is active", () => {
  const set: [string, NetworkPolicy][] = [];
  const runtime = {
    book: { activeId: "active-1", find: (id = "active-1") => ({ id }) },
    network: { allow: (id: string, policy: NetworkPolicy) => void set.push([id, policy]) },
  } as unknown as Runtime;
  const { calls } = controlHandlers(
    runtime,
    () => {},
    () => undefined,
  );
  const policy = { allow: [] };
  void calls.network_set({ task: "other-1", policy });
  void calls.network_set({ policy });
  assert.deepEqual(set, [
    ["other-1", policy],
    ["active-1", policy],
  ]);
});
