import { once } from "node:events";
import { $, type ProcessPromise } from "zx";

/** Exchanges two names at once, again and again (renameat2 with RENAME_EXCHANGE), until it is told to stop, and says how often. */
const PROGRAM = `
my ($one, $other, $pause) = @ARGV; my $swaps = 0; my $over = 0;
$SIG{TERM} = sub { $over = 1 };
$| = 1; print "swapping\\n";
until ($over) { syscall(316, -100, $one, -100, $other, 2) == 0 and $swaps++; select(undef, undef, undef, $pause) if $pause }
print "$swaps\\n";`;

/** A process of its own that swaps what has two names, as fast as it can. */
export class Swapper {
  readonly #swapping: ProcessPromise;

  private constructor(swapping: ProcessPromise) {
    this.#swapping = swapping;
  }

  /** With a pause, in milliseconds, for what takes longer than a call and would never meet one side alone. */
  static async start(one: string, other: string, pauseMs = 0): Promise<Swapper> {
    const swapping = $({
      stdio: ["ignore", "pipe", "inherit"],
      nothrow: true,
    })`exec perl -e ${PROGRAM} ${one} ${other} ${pauseMs / 1000}`;
    await once(swapping.stdout, "data");
    return new Swapper(swapping);
  }

  /** Ends it, and gives the number of its swaps. */
  async stop(): Promise<number> {
    this.#swapping.child?.kill("SIGTERM");
    return Number((await this.#swapping).stdout.trim().split("\n").at(-1));
  }
}
