import assert from "node:assert/strict";
import { test } from "node:test";
import { readHostWalls } from "./host-walls.ts";

test("of this process, which has no walls, the kernel says that none of the namespaces is its own", () => {
  const walls = readHostWalls(process.pid);
  assert.equal(walls.length, 9);
  const namespaces = walls.filter(({ wall }) => ["user", "mount", "pid", "network", "ipc", "uts"].includes(wall));
  assert.deepEqual(
    namespaces.map(({ holds, seen }) => [holds, seen]),
    namespaces.map(() => [false, "the host's own namespace"]),
  );
});

test("of a process that is gone nothing is said", () => {
  assert.deepEqual(readHostWalls(undefined), []);
  assert.deepEqual(readHostWalls(2 ** 22 + 1), []);
});
