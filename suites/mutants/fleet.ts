import type { Mutant } from "../../harness/mutants/mutant.ts";
import { unit } from "./unit.ts";

/** The machines of a runtime, and the walls around each QEMU. */
export const fleet: readonly Mutant[] = [
  {
    id: "foreign-events-believed",
    file: "runtime/fleet/machine-each.ts",
    find: `else if (isOwn(event.taskId, "an event")) observer.event(event);`,
    replace: "else observer.event(event);",
    loses: "A machine that was taken over says of another task what it likes.",
    ...unit("runtime/fleet/machine-each.test.ts"),
  },
  {
    id: "foreign-connection",
    file: "runtime/fleet/machine-each.ts",
    find: `else if (isOwn(task, "a connection")) observer.connection(stream, task);`,
    replace: "else if (member?.task !== null) observer.connection(stream, task);",
    loses:
      "A machine that was taken over opens connections in another task's name: by its rules, and in its list of requests.",
    ...unit("runtime/fleet/machine-each.test.ts"),
  },
  {
    id: "left-machine-paused",
    file: "runtime/fleet/machine-each.ts",
    find: `member.isLeft = true;
    await member.machine.stop();
  }

  async stop()`,
    replace: `member.isLeft = true;
    await member.machine.pause();
  }

  async stop()`,
    loses: "The machine of a stopped task stays, with the task's folder in it, and keeps the host's memory.",
    ...unit("runtime/fleet/machine-each.test.ts"),
  },
  {
    id: "left-machine-given-on",
    file: "runtime/fleet/machine-each.ts",
    find: `member.isLeft = true;
    await member.machine.stop();
  }

  async stop()`,
    replace: `member.task = null;
    this.#entering.delete(task);
    this.#pool.push(member);
  }

  async stop()`,
    loses: "A task gets a machine in which another one could plant what it liked.",
    noticedBy: "own-machine.not-reused",
  },
  {
    id: "background-frozen",
    file: "runtime/fleet/rest.ts",
    find: "processes > 0 || !isQuiet",
    replace: "processes > 1 || !isQuiet",
    loses:
      "A process that an agent left running, a build or a server, stands still as soon as nobody asks anything, and the task may be parked over it.",
    noticedBy: "rest.background-of-prompt",
  },
  {
    id: "memory-promised-twice",
    file: "runtime/fleet/machine-each.ts",
    find: "this.#room.promise(memoryMb)",
    replace: "this.#room.promise(0)",
    loses: "Two machines that start at once are promised the same memory of the host.",
    ...unit("runtime/fleet/machine-each.test.ts"),
  },
  {
    id: "owed-forgotten",
    file: "runtime/fleet/room.ts",
    find: "this.#availableMb() - this.#owedMb - RESERVE_MB >= memoryMb",
    replace: "this.#availableMb() - RESERVE_MB >= memoryMb",
    loses:
      "The host promises the same memory to several machines; when they use it, its kernel ends programs of the user.",
    ...unit("runtime/fleet/room.test.ts"),
  },
  {
    id: "qemu-may-spawn",
    file: "runtime/machine/arguments.ts",
    find: "elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    replace: "elevateprivileges=deny,resourcecontrol=deny",
    loses: "A QEMU that was taken over starts programs.",
    ...unit("runtime/machine/arguments.test.ts"),
  },
  {
    id: "qemu-in-the-network",
    file: "runtime/machine/confinement.ts",
    find: `has("qemu-net") ? ["--unshare-net"] : [],`,
    replace: "",
    loses: "A QEMU that was taken over reaches every service of this host.",
    noticedBy: "qemu-net.loopback",
  },
  {
    id: "image-writable",
    file: "runtime/machine/confinement.ts",
    find: `["--ro-bind", paths.image, inside.image]`,
    replace: `["--bind", paths.image, inside.image]`,
    loses: "A QEMU that was taken over changes the image that every later machine boots.",
    ...unit("runtime/machine/confinement.test.ts"),
  },
  {
    id: "template-writable",
    file: "runtime/machine/memory-file.ts",
    find: "1 | 2 | 4 | 8",
    replace: "1 | 2 | 4",
    loses: "A QEMU that was taken over changes the memory that all later machines are cloned from.",
    ...unit("runtime/machine/memory-file.test.ts"),
  },
  {
    id: "template-not-summed",
    file: "runtime/machine/template.ts",
    find: "if (sha256Of(saved) !== manifest.state.sha256) return undefined;",
    replace: "",
    loses: "Machines are cloned from something else than what was saved.",
    ...unit("runtime/machine/template.test.ts"),
  },
  {
    id: "file-size-in-bytes",
    file: "runtime/machine/confinement.ts",
    find: "const BLOCK_BYTES = 512;",
    replace: "const BLOCK_BYTES = 1;",
    loses: "One file of a task may grow to 4 TiB at once, faster than the quota looks: the host's disk is full.",
    ...unit("runtime/machine/gate.test.ts"),
  },
  {
    id: "socket-link-followed",
    file: "runtime/machine/qmp.ts",
    find: "O_PATH | constants.O_NOFOLLOW",
    replace: "O_PATH | constants.O_RDONLY",
    loses:
      "A QEMU that was taken over puts a link in place of its socket, and has the runtime speak to another program's socket of the user.",
    ...unit("runtime/machine/qmp.test.ts"),
  },
  {
    id: "console-without-end",
    file: "runtime/machine/console.ts",
    find: "this.#written += chunk.length;",
    replace: "",
    loses: "A machine that writes to its console without end fills the host's disk with its log.",
    ...unit("runtime/machine/console.test.ts"),
  },
];
