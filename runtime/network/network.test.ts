import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { Network } from "./network.ts";
import { NOTHING } from "./policy.ts";

const state = mkdtempSync(join(tmpdir(), "piwork-network-"));
test.after(() => rmSync(state, { recursive: true }));

const connection = () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });

test("other rules end what is open of their task, and of no other", async () => {
  const network = new Network({
    policies: join(state, "network"),
    state,
    reach: undefined,
    isKnown: () => true,
    mayRun: () => true,
    requested() {},
    warn: (message) => assert.fail(message),
  });
  const [own, other] = [connection(), connection()];
  network.serve(own, "task-1");
  network.serve(other, "task-2");
  network.allow("task-1", NOTHING);
  assert.deepEqual([own.destroyed, other.destroyed], [true, false]);
  other.destroy();
});

test("a task that is not open has no network", async () => {
  const warnings: string[] = [];
  const network = new Network({
    policies: join(state, "network"),
    state,
    reach: undefined,
    isKnown: () => true,
    mayRun: () => false,
    requested() {},
    warn: (message) => warnings.push(message),
  });
  const stream = connection();
  network.serve(stream, "task-1");
  assert.deepEqual([stream.destroyed, warnings.length], [true, 1]);
});
