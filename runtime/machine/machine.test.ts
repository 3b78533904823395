import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Image } from "../state/image.ts";
import type { MachineFiles } from "../workspace/files.ts";
import { Machine } from "./machine.ts";

const directory = mkdtempSync(join(tmpdir(), "piwork-machine-"));
test.after(async () => {
  // What took long is still being removed.
  for (let look = 0; look < 500 && readdirSync(directory).some((name) => name.startsWith("left-")); look++)
    await delay(20);
  rmSync(directory, { recursive: true });
});

/** Leaves more in the directory of the sockets than a path can name. */
const LITTER = `
for my $depth (1 .. 60) { my $name = "d" x 200; mkdir $name or die; chdir $name or die }
`;

/** Says it on its control channel once it is told something. */
const NONSENSE = `
use IO::Socket::UNIX;
my $server = IO::Socket::UNIX->new(Local => "qmp.sock", Listen => 1) or die;
my $link = $server->accept; <$link>; print $link "nonsense\\n"; $link->flush; sleep 60;
`;

const NO_FILES: MachineFiles = {
  exports: [],
  view: [],
  deviceWords: () => [],
  greet: () => null,
  give: () => Promise.reject(new Error("it has no files")),
  withdrawFolder: async () => {},
  withdraw: async () => {},
  close: async () => {},
};

/** A machine in which this program runs in QEMU's place, in the directory of its sockets. */
function boot(name: string, program: string) {
  const sockets = join(directory, name);
  const view = ["/usr/bin/perl", "-e", `chdir shift or die; ${program}`, sockets];
  const files = { ...NO_FILES, view };
  const { machine, up } = Machine.boot({
    id: name,
    image: { dir: directory } as Image,
    accelerator: "tcg",
    unsafe: false,
    files,
    sockets,
    walls: { unconfined: true, without: [] },
    consoleLog: join(directory, "console.log"),
    observer: { event: () => {}, violation: () => {}, changed: () => {}, connection: (stream) => stream.destroy() },
    deadlineMs: 20_000,
    signal: new AbortController().signal,
  });
  return { machine, up, sockets };
}

test("a QEMU that leaves more than a path can name ends like any other", async () => {
  const { machine, up, sockets } = boot("litter", LITTER);
  await assert.rejects(up, { code: "TASK_BOOTSTRAP_FAILED" });
  assert.equal((await machine.ended).code, "TASK_BOOTSTRAP_FAILED");
  assert.equal(existsSync(sockets), false);
});

test("what an earlier one left stops no start", async () => {
  const before = process.cwd();
  mkdirSync(join(directory, "left"));
  process.chdir(join(directory, "left"));
  for (let depth = 0; depth < 60; depth++) {
    mkdirSync("d".repeat(200));
    process.chdir("d".repeat(200));
  }
  process.chdir(before);
  const { up, sockets } = boot("left", "exit 3");
  await assert.rejects(up, /ended with code 3/);
  assert.equal(existsSync(sockets), false);
});

test("a QEMU that says nonsense on its control channel is ended, and that is why", async () => {
  const { machine, up } = boot("nonsense", NONSENSE);
  await assert.rejects(up, /never says/);
  assert.match((await machine.ended).message, /never says/);
});
