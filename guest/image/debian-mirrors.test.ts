import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Apt, type AptWorld } from "./apt.ts";
import { makeSignedArchive, makeThirdPartyArchive } from "./archive.fixture.ts";
import { findDebianMirrors } from "./debian-mirrors.ts";
import { refreshLists } from "./package-lists.ts";
import { BuildProgress } from "./progress.ts";
import { resolvePackages } from "./resolve.ts";
import { StepError } from "./step-error.ts";

const never = new AbortController().signal;

/** An /etc/apt with `sources` in its list. */
function folder(t: TestContext, sources: string): string {
  const dir = mkdtempSync(join(tmpdir(), "piwork-mirrors-"));
  t.after(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, "etc/sources.list.d"), { recursive: true });
  writeFileSync(join(dir, "etc/sources.list"), sources);
  return dir;
}
const mirrors = async (t: TestContext, sources: string) => findDebianMirrors(join(folder(t, sources), "etc"));

test("Debian's archive and its security updates are found, each address once", async (t) => {
  const sources = `deb http://one.invalid/debian/ bookworm main contrib
deb http://one.invalid/debian bookworm-updates main
deb http://two.invalid/debian oldstable main
deb mirror+file:/etc/apt/debian-mirrors.txt bookworm main
deb http://one.invalid/debian-security bookworm-security main
deb http://old.invalid/debian-security bullseye/updates main
`;
  assert.deepEqual(await mirrors(t, sources), {
    archive: ["http://one.invalid/debian", "http://two.invalid/debian", "mirror+file:/etc/apt/debian-mirrors.txt"],
    security: ["http://one.invalid/debian-security", "http://old.invalid/debian-security"],
  });
});

for (const [what, line] of Object.entries({
  "of Ubuntu": "deb http://ubuntu.invalid/ubuntu noble main restricted",
  "of a third party, by its component": "deb https://download.invalid/linux/debian bookworm stable",
  "of a third party, by its suite": "deb https://apt.invalid/pub bookworm-pgdg main",
  "of a third party, by its keys": "deb [signed-by=/usr/share/keyrings/sury.gpg] https://php.invalid bookworm main",
  "of backports only": "deb http://one.invalid/debian bookworm-backports main",
  "for another processor": "deb [arch=arm64] http://one.invalid/debian bookworm main",
  "on a disc": "deb cdrom:[Debian 12]/ bookworm main",
  "that is no address": "deb http://one.invalid/flat ./",
}))
  test(`a source ${what} is not taken, and without another the build is refused`, async (t) => {
    await assert.rejects(mirrors(t, `${line}\n`), (error) => {
      assert(error instanceof StepError);
      assert.match(
        `${error.message} ${error.advice}`,
        /no source in .* is a mirror of Debian.*`deb MIRROR bookworm main`/,
      );
      return true;
    });
  });

/** apt with the sources of a fake /etc/apt, its lists fetched. */
async function listed(dir: string, world: AptWorld): Promise<Apt> {
  const apt = await Apt.open(join(dir, "apt"), never, world);
  await refreshLists(apt, new BuildProgress({ isTTY: false, write: () => true }, dir, never));
  return apt;
}

test("no third party contributes a package, however high its version and however trusted it is", async (t) => {
  const dir = folder(t, "");
  const { uri, keyring } = makeSignedArchive(dir);
  const third = makeThirdPartyArchive(dir);
  const etc = join(dir, "etc");
  // The first of them cannot be told from Debian's by its description.
  writeFileSync(join(etc, "sources.list"), `deb [trusted=yes] ${third} bookworm main\ndeb ${uri} bookworm main\n`);
  writeFileSync(
    join(etc, "sources.list.d/third.sources"),
    `Types: deb\nURIs: ${third}\nSuites: bookworm\nComponents: main\nTrusted: yes\n`,
  );
  writeFileSync(join(etc, "preferences"), "Package: tool\nPin: version 1.0\nPin-Priority: -1\n");
  const { kernel, userland } = await resolvePackages(await listed(dir, { etc, keyring }), ["tool"]);
  assert.deepEqual(
    [kernel, ...userland].map(({ name, version }) => [name, version]),
    [
      ["linux-image-6.12.1-amd64", "6.12.1-1"],
      ["tool", "1.0"],
    ],
  );
});

test("an archive whose key this machine does not have is refused, and how to get it is said", async (t) => {
  const dir = folder(t, "");
  const { uri } = makeSignedArchive(dir);
  writeFileSync(join(dir, "etc/sources.list"), `deb ${uri} bookworm main\n`);
  const without = { etc: join(dir, "etc"), keyring: "/usr/share/keyrings/debian-archive-keyring.gpg" };
  for (const keyring of [without.keyring, join(dir, "no-keyring.gpg")])
    await assert.rejects(listed(dir, { ...without, keyring }), (error) => {
      assert(error instanceof StepError);
      assert.match(error.message, /no key of Debian 12/);
      assert.match(error.advice, /apt-get install debian-archive-keyring/);
      return true;
    });
});
