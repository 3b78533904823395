import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** Exchanges two names at once, again and again (renameat2 with RENAME_EXCHANGE), until it is told to stop, and says how often. */
const PROGRAM = `
my ($one, $other, $pause) = @ARGV; my $swaps = 0; my $over = 0;
$SIG{TERM} = sub { $over = 1 };
$| = 1; print "swapping\\n";
until ($over) { syscall(316, -100, $one, -100, $other, 2) == 0 and $swaps++; select(undef, undef, undef, $pause) if $pause }
print "$swaps\\n";`;

/** A process of its own that swaps what has two names, as fast as it can. */
export class Swapper {
  readonly #child: ChildProcess;
  readonly #output: Promise<string>;

  private constructor(child: ChildProcess, output: Promise<string>) {
    this.#child = child;
    this.#output = output;
  }

  /** With a pause, in milliseconds, for what takes longer than a call and would never meet one side alone. */
  static async start(one: string, other: string, pauseMs = 0): Promise<Swapper> {
    const child = spawn("perl", ["-e", PROGRAM, one, other, `${pauseMs / 1000}`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const output = text(child.stdout);
    await once(child.stdout, "data");
    return new Swapper(child, output);
  }

  /** Ends it, and gives the number of its swaps. */
  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    return Number((await this.#output).trim().split("\n").at(-1));
  }
}
