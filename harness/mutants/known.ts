import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as z from "zod";
import { writeAtomically } from "../../runtime/linux/atomic-file.ts";

const verdict = z.strictObject({ is: z.enum(["red", "green", "none"]), why: z.string() });
const known = z.strictObject({ sources: z.string(), verdicts: z.record(z.string(), verdict) });

/** The verdicts that checks gave on these sources so far, in a file: a run that was interrupted goes on where it was. */
export class KnownVerdicts {
  readonly #path: string;
  readonly #sources: string;
  readonly #verdicts: z.infer<typeof known>["verdicts"];

  private constructor(path: string, sources: string, verdicts: z.infer<typeof known>["verdicts"]) {
    this.#path = path;
    this.#sources = sources;
    this.#verdicts = verdicts;
  }

  /** Those of `path`, where they are of the same sources and are wanted. */
  static read(path: string, sources: string, isWanted: boolean): KnownVerdicts {
    const kept = isWanted && existsSync(path) ? known.safeParse(JSON.parse(readFileSync(path, "utf8"))) : undefined;
    const isSame = kept?.success === true && kept.data.sources === sources;
    return new KnownVerdicts(path, sources, isSame ? kept.data.verdicts : {});
  }

  /** The verdict that is known of `question`, or else the one that `ask` gives, which is known from then on. */
  async of(question: object, ask: () => Promise<z.infer<typeof verdict>>): Promise<z.infer<typeof verdict>> {
    const key = createHash("sha256").update(JSON.stringify(question)).digest("hex");
    const before = this.#verdicts[key];
    if (before !== undefined) return before;
    const found = await ask();
    // A run that did not come to a verdict may do so the next time.
    if (found.is === "none") return found;
    this.#verdicts[key] = found;
    const content = { sources: this.#sources, verdicts: this.#verdicts };
    writeAtomically(this.#path, JSON.stringify(content), { mode: 0o644 });
    return found;
  }
}
