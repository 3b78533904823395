import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import type { HostAttack } from "../../../harness/attacks/attack.ts";
import { bring, list, pipes, preview } from "./scenes.ts";

/** What is no file, and what has no end. */
export const hostSpecial: readonly HostAttack[] = [
  preview("host-special.fifo", "previews a FIFO of a task", "p", {
    oracle: "silence",
    prepare: pipes("p"),
  }),
  preview("host-special.link-to-fifo", "previews a link to a FIFO", "l", {
    oracle: "silence",
    prepare: pipes("p"),
    plant: "ln -s p l",
  }),
  preview("host-special.deep-fifo", "previews a FIFO below a directory", "d/p", {
    oracle: "silence",
    prepare: pipes("d/p"),
  }),
  list("host-special.listing", "lists a directory with FIFOs", "", {
    oracle: "silence",
    naive: "beginnings",
    prepare: pipes("p1", "p2", "p3", "p4", "p5", "p6"),
  }),
  bring("host-special.import-fifo", "imports a file where a FIFO has its name", "p", {
    oracle: "silence",
    prepare: ({ guest }) => void $.sync`mkfifo ${join(guest, "uploads/p")}`,
  }),
  preview("host-special.endless", "previews a device that has no end", "l", {
    oracle: "excess",
    plant: "ln -s /dev/zero l",
  }),
  preview("host-special.device", "previews a device that a person put there", "z", {
    oracle: "excess",
    needsRoot: "only root makes device nodes on the host",
    prepare: ({ own }) => void $.sync`mknod ${join(own, "z")} c 1 5`,
  }),
  preview("host-special.terminal", "previews the terminal", "l", {
    oracle: "silence",
    plant: "ln -s /dev/ptmx l",
  }),
  preview("host-special.sparse", "previews a sparse file of 1 TiB", "huge", {
    oracle: "excess",
    prepare({ own }) {
      writeFileSync(join(own, "huge"), "");
      truncateSync(join(own, "huge"), 2 ** 40);
    },
  }),
  preview("host-special.growing", "previews a file that grows while it is read", "log", {
    oracle: "excess",
    prepare({ own }) {
      writeFileSync(join(own, "log"), Buffer.alloc(1024 * 1024));
      const options = { cwd: own, stdio: "ignore", detached: true, nothrow: true } as const;
      const { pid = 0 } = $(options)`for n in $(seq 1000); do head -c 100k /dev/zero >>log; sleep 0.02; done`;
      return () => void process.kill(-pid, "SIGKILL");
    },
  }),
];
