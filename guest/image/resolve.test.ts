import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUris } from "./resolve.ts";
import { StepError } from "./step-error.ts";

const hash = "5".repeat(64);

test("apt's answer gives name, version and hash, epochs included", () => {
  const answer = `Reading package lists...\n'http://mirror/libacl1_2.3.1-3_amd64.deb' libacl1_2.3.1-3_amd64.deb 31488 SHA256:${hash}
'http://mirror/procps_4.0.2-3_amd64.deb' procps_2%3a4.0.2-3_amd64.deb 708712 SHA256:${hash}\n`;
  assert.deepEqual(parseUris(answer), [
    { name: "libacl1", version: "2.3.1-3", file: "libacl1_2.3.1-3_amd64.deb", bytes: 31488, sha256: hash },
    { name: "procps", version: "2:4.0.2-3", file: "procps_2%3a4.0.2-3_amd64.deb", bytes: 708712, sha256: hash },
  ]);
});

test("a package that no signed list vouches for is refused", () => {
  for (const end of ["", "MD5Sum:0123456789abcdef0123456789abcdef", "SHA256:12"])
    assert.throws(() => parseUris(`'http://mirror/x_1_amd64.deb' x_1_amd64.deb 5 ${end}`), StepError);
});
