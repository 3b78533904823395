import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { LineSplitter } from "../protocol/lines.ts";

/**
 * Calls that Node has no words for. Each is the shape of its number and arguments, as `unpack` wants it, and their bytes; those that
 * come together are made one after the other until one fails. An argument without bytes stands for the descriptor that the first
 * gave, which is closed at the end where one was used. Says what the last gave, or the number of the error. Ends when nobody can
 * ask any more.
 */
const PROGRAM = `
use strict; use warnings; $| = 1;
while (read STDIN, my $length, 4) {
  read STDIN, my $together, unpack "N", $length;
  my ($given, $opened, $close, @calls) = (0, undef, 0, unpack "(n/a N/a)*", $together);
  while (@calls && $given >= 0) {
    my ($number, @arguments) = unpack shift @calls, shift @calls;
    for (grep { $_ eq "" } @arguments) { $_ = $opened; $close = 1 }
    $given = syscall $number, @arguments;
    $opened //= $given;
  }
  my $said = $given < 0 ? "error " . ($! + 0) : "ok $given";
  syscall 3, $opened if $close;
  print "$said\\n";
}`;

const LINE_BYTES = 256;

/** A number, a text as the kernel wants it, or bytes as they are. */
type Argument = number | string | Buffer;

/** In a sequence: the descriptor that its first call gave. It is closed once the sequence has ended, however that was. */
export const OPENED = Buffer.alloc(0);

/** A system call: its number, then its arguments. */
export type KernelCall = readonly [number: number, ...words: Argument[]];

/** A call that the kernel refused. */
export class KernelRefusal extends Error {
  constructor(readonly errno: number) {
    super(`the kernel refused it with error ${errno}`);
  }
}

/**
 * Asks the kernel for what Node cannot, through a process that stays: starting a program for each takes a tenth of a second where
 * a processor is emulated. Calls are made in the order in which they were asked for.
 */
export class KernelCalls {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve: (given: number) => void; reject: (error: Error) => void }[] = [];
  #gone: Error | undefined;

  /** `name` is what the process is called; `prefix` a command line that runs it somewhere else. */
  constructor(name: string, prefix: readonly string[] = []) {
    const [program = "", ...words] = [...prefix, "/usr/bin/perl", "-e", PROGRAM, name];
    this.#child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"], env: {}, detached: true });
    this.#input.on("error", () => {}); // it has ended, which is told below
    const splitter = new LineSplitter(LINE_BYTES);
    (this.#child.stdout as Readable).on("data", (data: Buffer) => {
      for (const line of splitter.push(data)) this.#hear(String(line));
    });
    const end = (why: string) => {
      this.#gone = new Error(`what calls the kernel ${why}`);
      for (const { reject } of this.#waiting.splice(0)) reject(this.#gone);
    };
    this.#child.once("error", (error) => end(`could not be started: ${error.message}`));
    this.#child.once("exit", (code, signal) => end(`ended with ${signal ?? `code ${code}`}`));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Calls `listener` once it has ended, whoever ended it. */
  whenGone(listener: () => void): void {
    this.#child.once("exit", listener);
    this.#child.once("error", listener);
  }

  call(...call: KernelCall): Promise<number> {
    return this.sequence([call]);
  }

  /** Makes calls one after the other, up to the first that is refused. */
  sequence(calls: readonly KernelCall[]): Promise<number> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    this.#input.write(withLength(4, Buffer.concat(calls.flatMap(inBytes))));
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Ends it once it has done what was asked for. */
  close(): void {
    this.#input.end();
  }

  get #input(): Writable {
    return this.#child.stdin as Writable;
  }

  #hear(line: string): void {
    const [outcome, number] = line.split(" ");
    const waiting = this.#waiting.shift();
    if (outcome === "ok") waiting?.resolve(Number(number));
    else waiting?.reject(new KernelRefusal(Number(number)));
  }
}

/** A call as the program takes it. */
function inBytes(call: KernelCall): Buffer[] {
  const words = call.map((word) => (typeof word === "string" ? Buffer.from(`${word}\0`) : word));
  const shape = words.map((word) => (typeof word === "number" ? "q" : `a${word.length}`)).join("");
  return [
    withLength(2, Buffer.from(shape)),
    withLength(4, Buffer.concat(words.map((word) => (typeof word === "number" ? inEightBytes(word) : word)))),
  ];
}

function inEightBytes(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(number));
  return bytes;
}

/** Bytes behind their number, in so many bytes itself. */
function withLength(size: 2 | 4, bytes: Buffer): Buffer {
  const length = Buffer.alloc(size);
  length.writeUIntBE(bytes.length, 0, size);
  return Buffer.concat([length, bytes]);
}
