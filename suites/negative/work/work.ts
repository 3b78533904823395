import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import type { Fixtures } from "../../../harness/attacks/fixtures.ts";
import { type Work, workChecks } from "../../../harness/attacks/work.ts";
import type { Check } from "../../../harness/checks/checks.ts";
import { waitFor } from "../../../harness/host/wait-for.ts";

const python = (program: string) => `python3 - <<'END'\n${program}\nEND`;

/** Software emulation makes some 300 files a second. */
const MANY = 10_000;

/** A project with two dependencies that are packed beside it. */
function bringProject(own: string): void {
  const scratch = mkdtempSync(join(tmpdir(), "piwork-npm-"));
  // Neither file is there: npm without the settings of this user and this host. It refuses one file for both.
  const settings = ["--userconfig", join(scratch, "user-npmrc"), "--globalconfig", join(scratch, "global-npmrc")];
  try {
    mkdirSync(join(own, "project"));
    const dependencies: Record<string, string> = {};
    for (const name of ["first-dependency", "second-dependency"]) {
      const directory = join(scratch, name);
      mkdirSync(directory);
      const program = "#!/usr/bin/env node\nconsole.log('it runs')\n";
      writeFileSync(
        join(directory, "package.json"),
        JSON.stringify({ name, version: "1.0.0", bin: { [name]: "main.js" } }),
      );
      writeFileSync(join(directory, "main.js"), program, { mode: 0o755 });
      $.sync({ quiet: true })`npm pack ${settings} --silent --pack-destination ${join(own, "project")} ${directory}`;
      dependencies[name] = `file:${name}-1.0.0.tgz`;
    }
    writeFileSync(
      join(own, "project/package.json"),
      JSON.stringify({ name: "project", version: "1.0.0", dependencies }),
    );
    const lock = ["install", ...settings, "--package-lock-only", "--offline", "--no-audit", "--no-fund"];
    const inProject = $({ cwd: join(own, "project"), sync: true, quiet: true });
    inProject`npm ${lock} --cache ${join(scratch, "cache")}`;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const works: readonly Work[] = [
  {
    id: "work.git",
    claim: "git: init, add, commit, branch, checkout, merge, gc, fsck",
    script: `export HOME=$PWD GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
git init -q -b main r; cd r; seq 100 >f; git add f; git commit -qm one; git checkout -qb side; echo x >>f; git commit -qam two
git checkout -q main; git merge -q side; git gc -q; git fsck; git status --porcelain | wc -l | grep -qx 0; git log --oneline | wc -l | grep -qx 2`,
    after: (own) => {
      const { stdout } = $.sync`git -c ${"safe.directory=*"} -C ${join(own, "r")} status --porcelain`;
      assert.equal(stdout, "", "the host's git sees changes");
    },
  },
  {
    id: "work.npm",
    claim: "npm ci of two packed dependencies, offline, and their programs run",
    before: bringProject,
    script: `cd project; npm ci --offline --no-audit --no-fund --cache /tmp/npm >log 2>&1 || { cat log; exit 1; }
node_modules/.bin/first-dependency; node_modules/.bin/second-dependency`,
  },
  {
    id: "work.node-tools",
    claim: "npm and npx of the image: npm init, npm run, npx runs a program of the project",
    script: `export HOME=/tmp; npm --version; npm init -y >/dev/null; npm pkg set scripts.hello="echo it runs" bin.own=./own.js
printf '#!/usr/bin/env node\\nconsole.log("own program")\\n' >own.js; chmod +x own.js; npm run -s hello | grep -qx "it runs"
npx --version; npx --no -- own | grep -qx "own program"`,
  },
  {
    id: "work.venv",
    claim: "python makes an environment with pip in it, and pip installs a package of the folder into it",
    script: `export HOME=/tmp; pip --version; python -m venv env; env/bin/pip --version | grep -q "$PWD/env/"
python - <<'END'
import zipfile
with zipfile.ZipFile("made-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("made.py", "def word(): return 'installed'")
    wheel.writestr("made-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: made\\nVersion: 1.0\\n")
    wheel.writestr("made-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("made-1.0.dist-info/RECORD", "")
END
env/bin/pip install --no-index ./made-1.0-py3-none-any.whl; env/bin/python -c 'import made; assert made.word() == "installed"'`,
    deadlineMs: 1_200_000,
  },
  {
    id: "work.compiler",
    claim: "make and gcc build a program of two files and a shared library, and it runs; git keeps the sources",
    script: `echo 'int half(int n) { return n / 2; }' >half.c
printf '%s\\n' '#include <math.h>' '#include <stdio.h>' 'int half(int);' 'int main(void) { printf("%d %.0f", half(84), sqrt(9)); }' >main.c
printf 'main: main.o libhalf.so\\n\\tcc -o $@ main.o -L. -lhalf -lm -Wl,-rpath,.\\nlibhalf.so: half.c\\n\\tgcc -O2 -Wall -Werror -shared -fPIC -o $@ $<\\n' >Makefile
make; [ "$(./main)" = "42 3" ]; git init -q; git add '*.c' Makefile; git -c user.name=a -c user.email=a@b commit -qm sources; git log --oneline`,
  },
  {
    id: "work.sqlite",
    claim: "SQLite in WAL mode, two connections at once, and a check of the whole",
    script: python(`
import sqlite3
one = sqlite3.connect("d.sqlite"); assert one.execute("pragma journal_mode=wal").fetchone()[0] == "wal"
one.execute("create table t(x)"); one.commit(); two = sqlite3.connect("d.sqlite")
for n in range(50): one.execute("insert into t values(?)", (n,)); one.commit(); assert two.execute("select count(*) from t").fetchone()[0] == n + 1
assert two.execute("pragma integrity_check").fetchone()[0] == "ok"; one.execute("pragma wal_checkpoint(truncate)")`),
  },
  {
    id: "work.tar",
    claim: "tar keeps modes, links and times",
    script: `mkdir -p a/b; echo x >a/f; chmod 640 a/f; chmod 700 a/b; ln -s f a/l; ln a/f a/h; touch -d 2001-02-03T04:05:06Z a/f
tar czf t.tgz a; mkdir out; tar xzpf t.tgz -C out; [ $(stat -c %a%h out/a/f) = 6402 ]; [ $(stat -c %a out/a/b) = 700 ]; [ $(readlink out/a/l) = f ]; [ $(stat -c %Y out/a/f) = 981173106 ]`,
  },
  {
    id: "work.mmap",
    claim: "a shared writable mapping is seen by another process, and by the host after msync",
    script: python(`
import mmap, os
f = open("m", "w+b"); f.truncate(8192); m = mmap.mmap(f.fileno(), 8192); m[5000:5006] = b"mapped"; m.flush()
pid = os.fork()
if pid == 0: os._exit(0 if open("m", "rb").read()[5000:5006] == b"mapped" else 1)
assert os.waitpid(pid, 0)[1] == 0`),
    after: (own) => assert.equal(readFileSync(join(own, "m")).subarray(5000, 5006).toString(), "mapped"),
  },
  {
    id: "work.unlinked",
    claim: "a file that is open is read and written after it was removed",
    script: python(`
import os
f = open("f", "w+b"); f.write(b"one"); f.flush(); os.unlink("f"); f.write(b"two"); f.flush(); f.seek(0); assert f.read() == b"onetwo"; assert os.listdir(".") == []`),
  },
  {
    id: "work.unlinked-truncate",
    claim: "a file that was removed is truncated",
    impossible: "9p asks for the file by its name",
    script: python(`import os\nf = open("f", "w+b"); f.write(b"x" * 100); f.flush(); os.unlink("f"); f.truncate(10)`),
  },
  ...(["flock", "lockf"] as const).map((lock) => ({
    id: `work.${lock}`,
    claim: `${lock} of one process keeps another one out`,
    script: python(`
import fcntl, os
f = open("f", "w"); fcntl.${lock}(f, fcntl.LOCK_EX); pid = os.fork()
if pid == 0:
    g = open("f", "w")
    try: fcntl.${lock}(g, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError: os._exit(0)
    os._exit(1)
assert os.waitpid(pid, 0)[1] == 0; fcntl.${lock}(f, fcntl.LOCK_UN)
g = open("f", "w"); fcntl.${lock}(g, fcntl.LOCK_EX | fcntl.LOCK_NB)`),
  })),
  {
    id: "work.deep",
    claim: "a tree of a hundred levels",
    script: python(`
import os, shutil
for n in range(100): os.mkdir(f"d{n}"); os.chdir(f"d{n}")
open("f", "w").write("deep"); os.chdir("/work"); assert sum(len(files) for _, _, files in os.walk(".")) == 1; shutil.rmtree("d0")`),
  },
  {
    id: "work.many",
    claim: `${MANY} files are made, listed and removed`,
    script: python(`
import os
os.mkdir("m")
for n in range(${MANY}): os.close(os.open(f"m/{n}", os.O_CREAT | os.O_WRONLY))
assert len(os.listdir("m")) == ${MANY}
for n in range(${MANY}): os.unlink(f"m/{n}")
os.rmdir("m")`),
  },
  {
    id: "work.names",
    claim: "names in any script, of 255 bytes, with blanks, quotes and newlines",
    script: python(`
import os
names = ["日本語", "ملف", "файл", "😀", "e\\u0301", "\\u00e9", "a b", "a\\nb", "'\\"$x", "-rf", "..foo", "n" * 255]
for name in names: open(name, "w").write(name)
assert sorted(os.listdir(".")) == sorted(names); assert all(open(name).read() == name for name in names)`),
    after: (own) => assert.equal(readdirSync(own).includes("日本語"), true),
  },
  {
    id: "work.links",
    claim: "hard links and symlinks inside of the folder",
    script: `echo x >f; ln f h; echo y >>h; [ "$(cat f)" = "$(printf 'x\\ny')" ]; mkdir d; ln -s ../f d/l; cat d/l; ln -s d e; cat e/l; [ $(stat -c %h f) = 2 ]; rm f; cat h`,
  },
  {
    id: "work.link-removed",
    claim: "removing and renaming a link, and removing a directory with one in it, leaves what it leads to as it is",
    script: `mkdir kept d; echo x >kept/f; ln -s kept/f l; ln -s ../kept d/l; mv l m; [ -L m ]; rm m; rm -r d; [ "$(cat kept/f)" = x ]`,
  },
  {
    id: "work.paths",
    claim:
      "a path that leaves the folder and comes back, and empty, doubled and dotted parts of it, lead where they should",
    script: `echo x >x; mkdir d; for p in /work/../work/x ../work/x ./x .//x d/../x /work//./d/.././x; do [ "$(cat $p)" = x ]; done; ! cat ''; ! cat x/; ! cat x/.`,
  },
  {
    id: "work.program",
    claim: "a program that the task makes runs, also on the host, with the owner of the folder",
    script: `printf '#!/bin/sh\\necho it runs\\n' >p; chmod 755 p; ./p | grep -qx 'it runs'`,
    after: (own) => {
      assert.equal($.sync`${join(own, "p")}`.stdout, "it runs\n");
      const { uid, gid, mode } = statSync(join(own, "p"));
      assert.deepEqual([uid, gid, mode & 0o7777], [statSync(own).uid, statSync(own).gid, 0o755]);
    },
  },
  {
    id: "work.replace",
    claim: "rename over a file that is open, fsync of file and directory, an exclusive create",
    script: python(`
import os
open("f", "w").write("old"); reader = open("f"); g = open("g", "w"); g.write("new"); g.flush(); os.fsync(g.fileno()); os.replace("g", "f")
d = os.open(".", os.O_RDONLY); os.fsync(d); assert open("f").read() == "new" and reader.read() == "old"
try: os.open("f", os.O_CREAT | os.O_EXCL); raise SystemExit(1)
except FileExistsError: pass`),
  },
  {
    id: "work.sparse",
    claim: "a sparse file of 300 MiB takes no room, and is as long as it says on the host",
    script:
      "truncate -s 300M f; [ $(stat -c %s f) = 314572800 ]; printf x | dd of=f bs=1 seek=1000000 conv=notrunc 2>&1",
    after: (own) => {
      const { size, blocks } = statSync(join(own, "f"));
      assert.deepEqual([size, blocks < 10_000], [300 * 1024 ** 2, true]);
    },
  },
  {
    id: "work.append",
    claim: "two processes append to one file, and no line is lost",
    script: `for p in 1 2; do (for n in $(seq 50); do echo $p $n >>log; done) & done; wait; [ $(wc -l <log) = 100 ]`,
  },
  {
    id: "work.fifo",
    claim: "a FIFO in the folder",
    impossible: "9p makes no pipes; /tmp does",
    script: "mkfifo p",
    after: (own) => assert.equal(existsSync(join(own, "p")), false),
  },
  { id: "work.fifo-tmp", claim: "a FIFO in /tmp", script: "mkfifo /tmp/p; (echo x >/tmp/p &); cat /tmp/p; rm /tmp/p" },
  {
    id: "work.socket",
    claim: "a Unix socket in the folder",
    impossible: "9p makes no sockets; /tmp does",
    script: python('import socket\nsocket.socket(socket.AF_UNIX).bind("s")'),
  },
  {
    id: "work.socket-tmp",
    claim: "a Unix socket in /tmp",
    script: python('import socket, os\nsocket.socket(socket.AF_UNIX).bind("/tmp/s"); os.unlink("/tmp/s")'),
  },
  {
    id: "work.stream-by-name",
    claim: "a command writes to its own output by the name of the stream",
    impossible: "its streams are sockets, which have no second opening",
    script: "echo x >/dev/stdout",
  },
  {
    id: "work.set-gid-directory",
    claim: "a directory in one that has the set-group-id bit",
    impossible: "its kernel asks for the bit, and the walls refuse it",
    before: (own) => {
      mkdirSync(join(own, "g"));
      chmodSync(join(own, "g"), 0o2755);
    },
    script: "mkdir g/d",
  },
];

/** What an edit on one side needs to be seen on the other, in milliseconds. */
const SEEN_MS = 1_000;

/** What host and task do to the same file at the same time. */
const bothWays: readonly Check<Fixtures>[] = [
  {
    id: "work.edit-on-host",
    essential: true,
    claim: "an edit on the host is seen by the task within a second, also of a file that it has read before",
    async run({ target }) {
      const { own } = target.world;
      writeFileSync(join(own, "f"), "before");
      const watching = target.attack(
        python(`
import time
assert open("f").read() == "before"; open("ready", "w").close()
end = time.monotonic() + 20
while open("f").read() != "after": assert time.monotonic() < end; time.sleep(0.05)
open("seen", "w").close()`),
      );
      await waitFor("the task to watch", 20_000, () => existsSync(join(own, "ready")) || undefined);
      const edited = performance.now();
      writeFileSync(join(own, "f"), "after");
      await waitFor("the task to see it", 20_000, () => existsSync(join(own, "seen")) || undefined);
      const milliseconds = Math.round(performance.now() - edited);
      assert.equal((await watching).code, 0);
      target.world.emptyOwn();
      // The interpreter polls, and shares a processor: what is asked is that no cache holds it for longer.
      assert.equal(milliseconds < SEEN_MS, true, `${milliseconds} ms`);
      return { milliseconds };
    },
  },
  {
    id: "work.open-file",
    essential: true,
    claim:
      "of a file that a task keeps open, the host has what was written before it is closed, and the task reads an edit that leaves the length as it is, and lines that are appended",
    async run({ target }) {
      const { own } = target.world;
      const wait = (name: string) =>
        waitFor(`the task to make ${name}`, 20_000, () => existsSync(join(own, name)) || undefined);
      writeFileSync(join(own, "read"), "aaaa\n");
      const working = target.attack(
        python(`
import os, time
def mark(name): open(name, "w").close()
def wait(name):
    end = time.monotonic() + 20
    while not os.path.exists(name): assert time.monotonic() < end, name; time.sleep(0.05)
log = open("log", "w", buffering=1); log.write("one line\\n"); reader = open("read", "rb"); assert reader.read() == b"aaaa\\n"
mark("open"); wait("edited"); reader.seek(0); assert reader.read() == b"bbbb\\n", "the edit is not seen"
mark("seen"); wait("appended"); assert reader.read() == b"cccc\\n", "the line is not seen"; mark("done")`),
      );
      await wait("open");
      assert.equal(readFileSync(join(own, "log"), "utf8"), "one line\n");
      writeFileSync(join(own, "read"), "bbbb\n", { flag: "r+" });
      writeFileSync(join(own, "edited"), "");
      await wait("seen");
      writeFileSync(join(own, "read"), "cccc\n", { flag: "a" });
      writeFileSync(join(own, "appended"), "");
      const { code, output } = await working;
      target.world.emptyOwn();
      assert.equal(code, 0, output);
    },
  },
];

/** As the root of a machine, for whom the image brings more of the kernel than a boot loads. */
const LOAD_MODULES = `set -e
for module in overlay f2fs fuse; do ! grep -qw $module /proc/filesystems; busybox modprobe $module; grep -qw $module /proc/filesystems; done
cd /run; mkdir -p ovl/lower ovl/upper ovl/work ovl/merged; echo lower >ovl/lower/f
busybox mount -t overlay -o lowerdir=/run/ovl/lower,upperdir=/run/ovl/upper,workdir=/run/ovl/work overlay ovl/merged
echo upper >>ovl/merged/f; cat ovl/lower/f ovl/upper/f; busybox umount ovl/merged; rm -r ovl; for module in f2fs overlay fuse; do busybox rmmod $module; done`;

const modules: Check<Fixtures> = {
  id: "work.modules",
  claim: "a machine that runs loads overlay, f2fs and fuse from its image, and mounts an overlay",
  async run({ target }) {
    const { code, text } = await target.asRoot(LOAD_MODULES);
    assert.deepEqual([code, text.trim()], [0, "lower\nlower\nupper"]);
  },
};

export const legitimateWork: readonly Check<Fixtures>[] = [...workChecks(works), ...bothWays, modules];
