import type { Confinement } from "./launch.ts";
import { Sandbox } from "./sandbox.ts";

/**
 * Waits until it is told what to run, as words with a NUL behind each, and becomes that. It stands outside of /work, which may be
 * another folder by then. Whoever looks at it before sees a process that reads.
 */
const WAIT = `
undef $/;
my @words = split /\\0/, <STDIN>, -1;
pop @words;
exit 125 unless @words;
chdir "/work" or exit 126;
$ENV{PWD} = "/work";
exec { $words[0] } @words or do { print STDERR "$words[0]: $!\\n"; exit($!{ENOENT} ? 127 : 126) };
`;

/** A sandbox that waits for its command: making one takes longer than most commands. */
export class Spare {
  readonly #sandbox: Sandbox;
  #isTaken = false;
  #hasEnded = false;

  constructor(confinement: Confinement) {
    this.#sandbox = new Sandbox(confinement, "/", ["/usr/bin/perl", "-MErrno", "-e", WAIT]);
    void this.#sandbox.ended.catch(() => {}).then(() => (this.#hasEnded = true));
  }

  /** Whether a command can be run in it. */
  get waits(): boolean {
    return !this.#isTaken && !this.#hasEnded && this.#sandbox.initPid !== null;
  }

  /** Its processes; none once it is a command's. */
  get processes(): number {
    return this.#isTaken ? 0 : this.#sandbox.ownProcesses;
  }

  /** Has it become this command; its input is empty from there on. */
  run(argv: readonly string[]): Sandbox {
    this.#isTaken = true;
    this.#sandbox.stdin.write(argv.map((word) => `${word}\0`).join(""));
    return this.#sandbox;
  }

  kill(): void {
    if (!this.#isTaken) this.#sandbox.kill();
  }
}
