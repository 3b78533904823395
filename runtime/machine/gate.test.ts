import assert from "node:assert/strict";
import { test } from "node:test";
import { execaSync } from "execa";
import { LIMITS } from "../protocol/limits.ts";
import { behindGate } from "./confinement.ts";

/** What a command behind the gate prints, where the gate's descriptor says this. `run` is how the gate is run. */
function run(without: Parameters<typeof behindGate>[1], command: string, run = "exec", says = "go"): string {
  const words = behindGate(["sh", "-c", command], without);
  const script = `exec 4<&0; ${run} "$@"`;
  const options = { input: `${says}\n`, reject: false, stripFinalNewline: false } as const;
  return execaSync("sh", ["-c", script, "sh", ...words], options).stdout;
}

test("the longest file is that of the limits, and a longer one is an error that QEMU survives", () => {
  assert.equal(run([], "ulimit -f"), `${LIMITS.fileBytes / 512}\n`);
  assert.equal(run([], "ulimit -Hf"), `${LIMITS.fileBytes / 512}\n`);
  const ignored = run([], "grep SigIgn /proc/self/status").trim().split(/\s+/)[1] ?? "";
  const SIGXFSZ = 25n;
  assert.equal((BigInt(`0x${ignored}`) >> (SIGXFSZ - 1n)) & 1n, 1n);
});

test("a limit that cannot be set keeps QEMU out", () => {
  // Root may raise its limits, unless it has given that up.
  const powerless = process.getuid?.() === 0 ? "exec setpriv --bounding-set=-sys_resource " : "exec ";
  assert.equal(run([], "echo in", powerless), "in\n");
  assert.equal(run([], "echo in", `ulimit -f 1; ${powerless}`), "");
});

test("the harness can leave the limit out", () => {
  assert.equal(run(["file-size"], "ulimit -f"), "unlimited\n");
});

test("who is not let in does not run", () => {
  assert.equal(run([], "echo in", "exec", "no"), "");
  assert.equal(run([], "echo in"), "in\n");
});
