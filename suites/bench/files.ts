import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import type { Section } from "../../harness/bench/section.ts";
import { BenchRuntime } from "./runtime.ts";

const QUANTITIES = {
  write: { describe: "64 MiB written in one go, and synced", unit: "ms" },
  read: { describe: "64 MiB read that were just written", unit: "ms" },
  create: { describe: "500 files of 1 KiB created", unit: "ms" },
  stat: { describe: "500 files of 1 KiB asked for their metadata", unit: "ms" },
  "read-small": { describe: "500 files of 1 KiB read", unit: "ms" },
} as const;
type Quantity = keyof typeof QUANTITIES;

/** Works in the folder it is given, and says by the clock of where it runs how many milliseconds each part took. */
const SCRIPT = `
import json, os, shutil, sys, time
folder = os.path.join(sys.argv[1], "bench-files")
shutil.rmtree(folder, ignore_errors=True)
os.mkdir(folder)
MIB = 1 << 20
block = os.urandom(MIB)
big = os.path.join(folder, "big")
small = [os.path.join(folder, "small-%03d" % n) for n in range(500)]
took = {}

def part(name, work):
    started = time.monotonic()
    work()
    took[name] = (time.monotonic() - started) * 1000

def write():
    fd = os.open(big, os.O_WRONLY | os.O_CREAT)
    for _ in range(64):
        assert os.write(fd, block) == MIB
    os.fsync(fd)
    os.close(fd)

def read():
    fd = os.open(big, os.O_RDONLY)
    size = 0
    while True:
        piece = os.read(fd, MIB)
        if not piece: break
        size += len(piece)
    os.close(fd)
    assert size == 64 * MIB

def create():
    for path in small:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.write(fd, block[:1024])
        os.close(fd)

def stat():
    for path in small: assert os.stat(path).st_size == 1024

def read_small():
    for path in small:
        fd = os.open(path, os.O_RDONLY)
        assert len(os.read(fd, 4096)) == 1024
        os.close(fd)

part("write", write)
part("read", read)
part("create", create)
part("stat", stat)
part("read-small", read_small)
shutil.rmtree(folder)
print(json.dumps(took))
`;

const command = (folder: string) => ["python3", "-c", SCRIPT, folder];

/** What working in a task's folder costs, by the clock of where the work is done. */
export const filing: Section = {
  name: "files",
  describe: "files in a task's folder, by one script that runs beside them",
  samples: 5,
  async measure(bench) {
    await using runtime = await BenchRuntime.start(bench);
    const local = join(runtime.sandbox.directory, "local");
    for (const folder of [local, join(runtime.sandbox.workspace, "folder")]) mkdirSync(folder);
    const task = await runtime.createTask("files", "folder");
    const inTask = (folder: string) => async () => {
      const { code, stdout, stderr } = await runtime.talk.exec(command(folder), { task });
      assert.equal(code, 0, stderr.toString());
      return parse(stdout.toString());
    };
    await bench.inTurn({
      quantities: QUANTITIES,
      target: { describe: "the task's folder (/work), which is the host's", take: inTask("/work") },
      alternatives: [
        {
          describe: "a plain folder, by a plain process of the host",
          where: "host",
          take: async () => parse((await $({ quiet: true })`${command(local)}`).stdout),
        },
        { describe: "the task's /tmp, which is the machine's memory", where: "runtime", take: inTask("/tmp") },
      ],
    });
  },
};

function parse(printed: string): Record<Quantity, number> {
  return JSON.parse(printed) as Record<Quantity, number>;
}
