import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { LineSplitter } from "../../runtime/protocol/lines.ts";

/**
 * Calls that Node has no words for, one a line: their number and their arguments, numbers as they are and texts as hexadecimal
 * digits behind an `x`. Says what each gave, or the number of its error.
 */
const PROGRAM = `
use strict; use warnings; $| = 1;
while (my $line = <STDIN>) {
  my ($number, @words) = split / /, substr($line, 0, -1);
  my @arguments = map { /^x(.*)/ ? pack("H*", $1) : $_ + 0 } @words;
  my $given = syscall($number, @arguments);
  print $given < 0 ? "error " . ($! + 0) : "ok $given", "\\n";
}`;

const LINE_BYTES = 256;
const [SYS_MOUNT, SYS_UMOUNT2] = [165, 166];

const FLAGS = { nosuid: 2, nodev: 4, noexec: 8, bind: 4096, private: 1 << 18, shared: 1 << 20 } as const;
export type MountFlag = keyof typeof FLAGS;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

/**
 * Asks the kernel for what Node cannot, through a process that stays: starting a program for each takes a tenth of a second where
 * a processor is emulated. When it ends, taskd does.
 */
class Kernel {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve: (given: number) => void; reject: (error: Error) => void }[] = [];

  constructor() {
    this.#child = spawn("/usr/bin/perl", ["-e", PROGRAM, "taskd.kernel"], {
      stdio: ["pipe", "pipe", "inherit"],
      env: {},
    });
    const splitter = new LineSplitter(LINE_BYTES);
    (this.#child.stdout as Readable).on("data", (data: Buffer) => {
      for (const line of splitter.push(data)) this.#hear(String(line));
    });
    this.#child.once("exit", (code) => {
      throw new Error(`what calls the kernel for taskd ended with code ${code}`);
    });
  }

  /** Rejects with the number of the error. */
  call(number: number, ...words: (number | string)[]): Promise<number> {
    const texts = words.map((word) => (typeof word === "number" ? `${word}` : `x${hex(word)}`));
    (this.#child.stdin as Writable).write(`${[number, ...texts].join(" ")}\n`);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #hear(line: string): void {
    const [outcome, number] = line.split(" ");
    const waiting = this.#waiting.shift();
    if (outcome === "ok") waiting?.resolve(Number(number));
    else waiting?.reject(new Error(`the kernel refused it with error ${number}`));
  }
}

/** A text as the kernel wants it. */
function hex(text: string): string {
  return Buffer.from(`${text}\0`).toString("hex");
}

let kernel: Kernel | undefined;

function call(number: number, ...words: (number | string)[]): Promise<number> {
  kernel ??= new Kernel();
  return kernel.call(number, ...words);
}

export async function mount(
  source: string,
  target: string,
  type: string,
  flags: readonly MountFlag[],
  options = "",
): Promise<void> {
  const bits = flags.reduce((sum, flag) => sum | FLAGS[flag], 0);
  await call(SYS_MOUNT, source, target, type, bits, options);
}

/** Takes the last mount off a place, now for whoever looks, and for good when nobody uses it any more. */
export async function unmount(target: string): Promise<void> {
  await call(SYS_UMOUNT2, target, MNT_DETACH | UMOUNT_NOFOLLOW);
}
