import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { execaSync } from "execa";
import type { Finding } from "../api/files.ts";
import { LIMITS } from "../protocol/limits.ts";
import { gitSettings } from "./host-tools.ts";
import { findPlanted } from "./planted.ts";

const LONG_AGO = new Date(0);

function makeFolder(): { folder: string; put(path: string, content?: string, mode?: number): void } {
  const folder = mkdtempSync(join(tmpdir(), "piwork-planted-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    put(path, content = "", mode = 0o644) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
      chmodSync(join(folder, path), mode);
    },
  };
}

function kinds(findings: readonly Finding[]): string[] {
  return findings.map(({ path, kind }) => `${kind} ${path}`);
}

const LINKS: [target: string, leaves: boolean][] = [
  ["/etc/passwd", true],
  ["../outside", false],
  ["../../outside", true],
  ["../x/../../outside", true],
  ["../real/file", false],
  ["missing", false],
  ["../through/x", true],
  ["../through", false],
  ["./../real/../..", true],
];
for (const [target, leaves] of LINKS) {
  test(`a link in sub/ to ${target} ${leaves ? "leaves" : "stays"}`, async () => {
    const { folder, put } = makeFolder();
    put("real/file");
    put("sub/x");
    symlinkSync("real", join(folder, "through"));
    symlinkSync(target, join(folder, "sub/link"));
    const { findings, truncated } = await findPlanted({ root: folder, parts: [] }, LONG_AGO);
    assert.deepEqual([kinds(findings), truncated], [leaves ? ["leaves sub/link"] : [], false]);
  });
}

const FILES: [path: string, found: string[], content?: string, mode?: number][] = [
  ["a/.git/hooks/pre-commit", ["runs"], "#!/bin/sh", 0o755],
  ["a/.git/hooks/pre-commit", [], "#!/bin/sh", 0o644],
  ["a/.git/hooks/pre-commit.sample", [], "#!/bin/sh", 0o755],
  ["bare.git/hooks/update", ["runs"], "", 0o755],
  [".git/config", ["runs", "runs"], '[core]\n\tfsmonitor = x\n[filter "a"]\n\tclean = y'],
  [".git/config", [], '[core]\n\tbare = false\n[remote "origin"]\n\turl = z'],
  [".git/modules/m/config", ["runs"], "[include]\npath=/x"],
  [".git/config", ["unreadable"], "x".repeat(LIMITS.plantedConfigBytes + 1)],
  ["sub/.git", ["leaves"], "gitdir: ../../elsewhere"],
  ["sub/.git", [], "gitdir: ../.git/modules/sub"],
  ["deep/er/.vscode/tasks.json", ["runs"]],
  [".vscode/notes.json", []],
  [".claude/settings.json", ["runs"]],
  [".idea/workspace.xml", ["runs"]],
  [".envrc", ["runs"]],
  [".editorconfig", []],
  ["README.md", []],
  ["tool", ["set-id"], "", 0o4755],
];
for (const [path, found, content, mode] of FILES) {
  test(`${path} ${(mode ?? 0o644).toString(8)} is ${found.join(", ") || "harmless"}`, async () => {
    const { folder, put } = makeFolder();
    put(path, content, mode);
    const { findings } = await findPlanted({ root: folder, parts: [] }, LONG_AGO);
    assert.deepEqual(
      kinds(findings),
      found.map((kind) => `${kind} ${path}`),
    );
  });
}

test("settings are found however they are written", () => {
  assert.deepEqual(
    gitSettings(
      '[Core] HooksPath = x\n  [credential "https://a"]\nhelper\n[diff.old]\ntextconv=1\n[user]\nname = core.pager',
    ).map(({ key }) => key),
    ["core.hookspath", "credential.https://a.helper", "diff.old.textconv"],
  );
});

test("special files, and names that are no text, are found and opened by nobody", async () => {
  const { folder } = makeFolder();
  execaSync("mkfifo", [join(folder, "pipe"), join(folder, ".envrc")]);
  symlinkSync("/", Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.from([0xff])]));
  const { findings } = await findPlanted({ root: folder, parts: [] }, LONG_AGO);
  assert.deepEqual(kinds(findings), ["runs .envrc", "special .envrc", "leaves bad\\xff", "special pipe"]);
});

test("what changed since the task comes first and is kept, and a look that was cut says so", async () => {
  const { folder, put } = makeFolder();
  put("zz/.envrc");
  const inFuture = new Date(Date.now() + 60_000);
  const before = await findPlanted({ root: folder, parts: [] }, inFuture);
  assert.deepEqual(
    before.findings.map(({ changedSinceTask }) => changedSinceTask),
    [false],
  );
  for (let i = 0; i < LIMITS.plantedFindings; i++) put(`d${i}/.envrc`);
  const after = await findPlanted({ root: folder, parts: [] }, LONG_AGO);
  assert.deepEqual([after.findings.length, after.truncated], [LIMITS.plantedFindings, true]);
  const short = await findPlanted({ root: folder, parts: [] }, LONG_AGO, { entries: 1, milliseconds: 10_000 });
  assert.equal(short.truncated, true);
});

test("a directory that is swapped for a link meanwhile leads nowhere", { timeout: 120_000 }, async () => {
  const { folder, put } = makeFolder();
  const outside = makeFolder();
  outside.put("secret/.envrc");
  put("dir/x");
  symlinkSync(join(outside.folder, "secret"), join(folder, "link"));
  let swaps = 0;
  let looks = 0;
  const goesOn = () => swaps < 50 || looks < 50;
  const swap = async () => {
    while (goesOn()) {
      for (const [from, to] of [
        ["dir", "t"],
        ["link", "dir"],
        ["dir", "link"],
        ["t", "dir"],
      ] as const)
        renameSync(join(folder, from), join(folder, to));
      swaps++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const search = async () => {
    while (goesOn()) {
      const { findings } = await findPlanted({ root: folder, parts: [] }, LONG_AGO);
      assert.deepEqual(
        findings.filter(({ kind }) => kind === "runs"),
        [],
      );
      looks++;
    }
  };
  await Promise.all([swap(), search()]);
});
