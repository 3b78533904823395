import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { standing } from "../../harness/checks/choose.ts";
import type { RunningRuntime, Sandbox } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";

/** What tasks can leave behind on the host, in the active task with the folder 'demo'. */
export function hostFiles(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  const talk = new Talk(() => runtime().client);

  /** An empty directory that task and host see, the commands that work in it, and what is there afterwards. */
  function makePlace(name: string, mode = 0o755) {
    const path = join(sandbox.workspace, "demo", name);
    mkdirSync(path);
    chmodSync(path, mode); // whatever the umask
    return {
      path,
      works: async (command: string) => (await talk.exec(["sh", "-c", `cd ${name} && ${command}`])).code === 0,
      modes: () => readdirSync(path).map((file) => [file, (statSync(join(path, file)).mode & 0o7777).toString(8)]),
    };
  }

  return standing("task.create", [
    {
      id: "host-files.ordinary",
      claim: "files, directories, links, modes and renames of a task arrive on the host as they are",
      async run() {
        const place = makePlace("ordinary");
        for (const command of [
          "mkdir a && chmod 700 a && mkdir -p a/b/c && rm -r a/b",
          "umask 022 && echo one > x && echo two >> x && cp -p x y && mv y x && install -m 755 x tool && chmod 1777 a",
          "ln -s x link && ln x same && echo lock > x.lock && mv x.lock other",
        ])
          assert.equal(await place.works(command), true, command);
        assert.equal(readFileSync(join(place.path, "x"), "utf8"), "one\ntwo\n");
        assert.equal(readlinkSync(join(place.path, "link")), "x");
        assert.deepEqual(Object.fromEntries(place.modes()), {
          a: "1777",
          link: "644",
          other: "644",
          same: "644",
          tool: "755",
          x: "644",
        });
      },
    },
    {
      id: "host-files.set-id",
      claim: "no set-id bit and no device node of a task ever stands on the host",
      async run() {
        const place = makePlace("set-id");
        for (const command of [
          "touch f && chmod 4755 f",
          "chmod 2755 f",
          "install -m 4755 /bin/true g",
          "mkdir -m 2755 d",
          "mknod c c 1 3",
          "mknod b b 7 0",
        ])
          assert.equal(await place.works(command), false, command);
        assert.deepEqual(
          place.modes().filter(([, mode]) => mode?.length === 4),
          [],
        );
        for (const file of readdirSync(place.path)) {
          const found = statSync(join(place.path, file));
          assert.equal(found.isFile() || found.isDirectory(), true, `${file} is a device`);
        }
      },
    },
    {
      id: "host-files.set-group-id-directory",
      claim: "in a directory of the host that has the set-group-id bit, a task makes files, and is refused directories",
      async run() {
        const place = makePlace("group", 0o2755);
        assert.deepEqual([await place.works("touch file"), await place.works("mkdir d")], [true, false]);
        assert.deepEqual(readdirSync(place.path), ["file"]);
      },
    },
    {
      id: "host-files.longest",
      claim: "a file longer than the limit is refused, and the machine lives on",
      async run() {
        const place = makePlace("long");
        const pid = await runtime().qemuPid();
        assert.equal(await place.works("truncate -s 1T file"), false);
        assert.equal(await place.works(`truncate -s ${LIMITS.fileBytes} file && ! (echo more >> file)`), true);
        assert.equal(statSync(join(place.path, "file")).size, LIMITS.fileBytes);
        assert.equal(await place.works("rm file && echo short > file && cat file"), true);
        assert.equal(await runtime().qemuPid(), pid);
      },
    },
  ]);
}
