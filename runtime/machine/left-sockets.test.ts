import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { removeLeftSockets } from "./left-sockets.ts";

test("what a killed runtime left for its machines is removed, and nothing else", () => {
  const sockets = mkdtempSync(join(tmpdir(), "piwork-sockets-"));
  try {
    for (const left of ["machine-1", "rehearsal-machine-12/workspace/folder", "rehearsal", "template", "probe-kvm"])
      mkdirSync(join(sockets, left), { recursive: true });
    for (const other of ["machine-x", "others-machine-1"]) mkdirSync(join(sockets, other));
    removeLeftSockets(sockets, (message) => assert.fail(message));
    assert.deepEqual(readdirSync(sockets).sort(), ["machine-x", "others-machine-1"]);
  } finally {
    rmSync(sockets, { recursive: true });
  }
});
