import assert from "node:assert/strict";
import { test } from "node:test";
import { needsFixedAddresses, translatesByVirtualAddress } from "./fixed-addresses.ts";

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
