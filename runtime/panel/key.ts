import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import * as z from "zod";
import { writeAtomically } from "../linux/atomic-file.ts";
import { conceal } from "../log/redaction.ts";

const kept = z.strictObject({ port: z.int().min(1).max(65_535), token: z.string().regex(/^[0-9a-f]{64}$/) });

/** The panel's port and token. They outlast a runtime, so that a page which is open finds the next one. */
export class PanelKey {
  readonly #path: string;
  /** what each call needs; a page has it in its memory alone */
  readonly token: string;
  /** the port of the last panel; undefined before the first */
  readonly lastPort: number | undefined;

  constructor(path: string) {
    this.#path = path;
    const found = read(path);
    this.lastPort = found?.port;
    this.token = found?.token ?? randomBytes(32).toString("hex");
    conceal(this.token);
  }

  /** Keeps the token, and the port to take next time. */
  keep(port: number): void {
    writeAtomically(this.#path, `${JSON.stringify({ port, token: this.token })}\n`);
  }

  opens(authorization: string | undefined): boolean {
    return isSame(authorization ?? "", `Bearer ${this.token}`);
  }

  /** A link has no header: this stands for the token, for one path alone. */
  sign(path: string): string {
    return `${path}?key=${this.#signature(path)}`;
  }

  hasSigned(path: string, signature: string): boolean {
    return isSame(signature, this.#signature(path));
  }

  #signature(path: string): string {
    return createHmac("sha256", this.token).update(path).digest("hex");
  }
}

function isSame(one: string, other: string): boolean {
  // Of equal length, and without a hint of where they differ.
  const [a, b] = [one, other].map((text) => createHmac("sha256", "compare").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

/** A file that is not there, or not whole, is made anew. */
function read(path: string): z.infer<typeof kept> | undefined {
  try {
    return kept.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}
