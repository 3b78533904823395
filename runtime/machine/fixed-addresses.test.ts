import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { askForFixedAddresses, needsFixedAddresses, translatesByVirtualAddress } from "./fixed-addresses.ts";

test("only versions of QEMU before 8 are given fixed addresses", () => {
  for (const [version, fixed] of [
    ["QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright", true],
    ["QEMU emulator version 8.0.0", false],
    ["QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)", false],
    ["a version that cannot be read", false],
  ] as const)
    assert.equal(translatesByVirtualAddress(version), fixed, version);
});

test("a machine with hardware virtualisation never gets fixed addresses", () => {
  assert.equal(needsFixedAddresses("kvm"), false);
});

test("a QEMU that is slow to say its version holds nothing up, and one that never says it is given up", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "piwork-version-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const program = join(directory, "qemu");
  const pretend = (script: string) => writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  pretend("exec sleep 60");
  await assert.rejects(askForFixedAddresses(program, 100), { code: "TASK_BOOTSTRAP_FAILED", message: /timed out/ });
  pretend("sleep 0.5; echo QEMU emulator version 9.2.0");
  let turns = 0;
  const counting = setInterval(() => turns++, 10);
  await askForFixedAddresses(program);
  clearInterval(counting);
  assert.equal(turns > 5, true, `the loop turned ${turns} times`);
  assert.equal(needsFixedAddresses("tcg"), false, "another one was asked again");
});
