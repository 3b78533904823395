import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readAptSources } from "./apt-sources.ts";

/** An /etc/apt with these files. */
function etc(t: TestContext, files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), "piwork-etc-"));
  t.after(() => rmSync(dir, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(dir, path, ".."), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

const entry = (uris: string[], suites: string[], rest = {}) => ({
  uris,
  suites,
  components: ["main"],
  architectures: [],
  signedBy: undefined,
  ...rest,
});

test("entries of one line are read with their options, without comments and sources", async (t) => {
  const dir = etc(t, {
    "sources.list": `# deb http://off.invalid/debian bookworm main
deb-src http://mirror.invalid/debian bookworm main
deb http://mirror.invalid/debian/ bookworm main # the usual one
deb [ arch=amd64,arm64 signed-by=/usr/share/keyrings/x.gpg ] https://two.invalid/debian bookworm main
deb [trusted=yes] mirror+file:/etc/apt/mirrors.txt stable main
`,
  });
  assert.deepEqual(await readAptSources(dir), [
    entry(["http://mirror.invalid/debian/"], ["bookworm"]),
    entry(["https://two.invalid/debian"], ["bookworm"], {
      architectures: ["amd64", "arm64"],
      signedBy: "/usr/share/keyrings/x.gpg",
    }),
    entry(["mirror+file:/etc/apt/mirrors.txt"], ["stable"]),
  ]);
});

test("paragraphs are read with lists, lines that go on, comments, and whether they are in use", async (t) => {
  const dir = etc(t, {
    "sources.list.d/debian.sources": `# Debian
Types: deb deb-src
# a comment between fields
URIs: http://one.invalid/debian
 http://two.invalid/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://off.invalid/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://sources.invalid/debian
Suites: bookworm
Components: main
 
types: deb
uris: http://three.invalid/debian
suites: stable
components: main
architectures: arm64
signed-by:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEZ
`,
  });
  assert.deepEqual(await readAptSources(dir), [
    entry(["http://one.invalid/debian", "http://two.invalid/debian"], ["bookworm", "bookworm-updates"], {
      signedBy: "/usr/share/keyrings/debian-archive-keyring.gpg",
    }),
    entry(["http://three.invalid/debian"], ["stable"], {
      architectures: ["arm64"],
      signedBy: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEZ",
    }),
  ]);
});

test("files are read in apt's order, and those that apt passes over are passed over", async (t) => {
  const line = (host: string) => `deb http://${host}.invalid/debian bookworm main\n`;
  const dir = etc(t, {
    "sources.list.d/b.list": line("b"),
    "sources.list.d/a.list": line("a"),
    "sources.list.d/c.list.disabled": line("c"),
    "sources.list": line("first"),
  });
  assert.deepEqual(
    (await readAptSources(dir)).flatMap(({ uris }) => uris),
    ["first", "a", "b"].map((host) => `http://${host}.invalid/debian`),
  );
  assert.deepEqual(await readAptSources(join(dir, "nowhere")), []);
});
