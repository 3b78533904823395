import { spawn } from "node:child_process";
import { closeSync, openSync, readlinkSync } from "node:fs";
import { Server } from "node:net";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { NETWORK_PORT } from "../../runtime/protocol/providers.ts";

/**
 * Goes into a network namespace of its own, in which it brings up the loopback and listens, and hands the listener over as one Node
 * process would to another: the kernel keeps the namespace as long as somebody has something of it. A Node process that does this
 * takes a second where a processor is emulated.
 */
const PROGRAM = `
use strict; use warnings;
my ($name, $port) = @ARGV;
sub must { my ($what, $done) = @_; $done or die "$name: $what: $!\\n" }
must "a namespace", syscall(272, 0x40000000) == 0;
must "a socket", socket my $any, 2, 2, 0;
my $up = pack "a16 s x22", "lo", 1;
must "the loopback", ioctl $any, 0x8914, $up;
must "a listener", socket my $listener, 2, 1 | 2048, 0;
must "its address", bind $listener, pack "S n C4 x8", 2, $port, 127, 0, 0, 1;
must "listening", listen $listener, 128;
my $line = '{"cmd":"NODE_HANDLE","type":"net.Native","msg":{}}' . "\\n";
my $parts = pack "P Q", $line, length $line;
my $rights = pack "Q l l l x4", 20, 1, 1, fileno $listener;
my $message = pack "Q L x4 P Q P Q l x4", 0, 0, $parts, 1, $rights, length $rights, 0;
must "handing it over", syscall(46, $ENV{NODE_CHANNEL_FD} + 0, $message, 0) == length $line;
open my $channel, "<&=", $ENV{NODE_CHANNEL_FD};
1 while sysread $channel, my $rest, 4096;
`;

/** A network in which there is nothing but its own loopback, and on it one listener. */
export class NetworkNamespace implements Disposable {
  readonly #fd: number;
  #isOpen = true;

  private constructor(
    readonly listener: Server,
    fd: number,
  ) {
    this.#fd = fd;
  }

  static async make(): Promise<NetworkNamespace> {
    const child = spawn("/usr/bin/perl", ["-e", PROGRAM, "taskd.network", `${NETWORK_PORT}`], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: {},
    });
    try {
      return await new Promise((resolve, reject) => {
        child.once("message", (_, handle) => {
          try {
            const fd = openSync(`/proc/${child.pid}/ns/net`, "r");
            resolve(new NetworkNamespace(new Server({ allowHalfOpen: true, noDelay: true }).listen(handle), fd));
          } catch (error) {
            reject(error);
          }
        });
        for (const end of ["error", "exit"]) child.once(end, () => reject(refused()));
      });
    } finally {
      if (child.connected) child.disconnect();
    }
  }

  /** Where a process of the machine's root can enter it. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.#fd}`;
  }

  /** As the kernel names it. */
  get name(): string {
    return readlinkSync(this.path);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.listener.close();
    closeSync(this.#fd);
  }
}

function refused(): PiworkError {
  return new PiworkError(
    "TASK_BOOTSTRAP_FAILED",
    "The walls around the task could not be built: the layer 'net' was refused by the machine's kernel.",
  );
}
