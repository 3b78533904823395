import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Apt } from "./apt.ts";
import { makeSignedArchive } from "./archive.fixture.ts";
import { refreshLists } from "./package-lists.ts";
import { BuildProgress } from "./progress.ts";

const never = new AbortController().signal;

/** apt with a sound archive, and with a security archive whose `InRelease` is `release`. */
async function world(t: TestContext, release?: (sound: string) => string) {
  const dir = mkdtempSync(join(tmpdir(), "piwork-lists-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const { uri, keyring } = makeSignedArchive(dir);
  const security = join(dir, "security/dists/bookworm-security");
  if (release !== undefined) {
    cpSync(join(dir, "debian/dists/bookworm"), security, { recursive: true });
    const file = join(security, "InRelease");
    writeFileSync(file, release(readFileSync(file, "utf8")));
  }
  mkdirSync(join(dir, "etc"));
  const sources = [`deb ${uri} bookworm main`, `deb file:${dir}/security bookworm-security main`];
  writeFileSync(join(dir, "etc/sources.list"), `${sources.join("\n")}\n`);
  const said: string[] = [];
  const progress = new BuildProgress({ isTTY: false, write: (text: string) => said.push(text) }, dir, never);
  const apt = await Apt.open(join(dir, "apt"), never, { etc: join(dir, "etc"), keyring });
  const refresh = () => refreshLists(apt, progress);
  return { said, refresh, hasStamp: () => existsSync(join(dir, "apt/state/lists-refreshed")) };
}

test("a security suite that is not as Debian signed it is refused, each time", async (t) => {
  const { refresh, hasStamp } = await world(t, (sound) => sound.replace("Date: Wed, 01", "Date: Thu, 02"));
  for (const _ of [1, 2]) await assert.rejects(refresh(), /bookworm-security.*(BADSIG|manipulated)/);
  assert.equal(hasStamp(), false);
});

test("each build warns of a suite that cannot be fetched", async (t) => {
  const { refresh, said, hasStamp } = await world(t);
  for (const _ of [1, 2]) {
    said.length = 0;
    assert.equal(await refresh(), true);
    assert.match(said.join(""), /warning:.*bookworm-security/);
  }
  assert.equal(hasStamp(), false);
});

test("the host's apt settings do not make expired lists acceptable", async (t) => {
  const { refresh } = await world(t);
  const settings = join(mkdtempSync(join(tmpdir(), "piwork-settings-")), "apt.conf");
  writeFileSync(settings, 'Acquire::Check-Valid-Until "false";\nAcquire::Max-ValidTime "60";\n');
  const before = process.env["APT_CONFIG"];
  process.env["APT_CONFIG"] = settings;
  t.after(() => {
    if (before === undefined) delete process.env["APT_CONFIG"];
    else process.env["APT_CONFIG"] = before;
    rmSync(join(settings, ".."), { recursive: true });
  });
  await assert.rejects(refresh(), /is expired/);
});
