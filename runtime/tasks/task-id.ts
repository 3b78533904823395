import { randomInt } from "node:crypto";
import { taskId } from "../protocol/ids.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** An id a person can recognise and no two tasks share: `fix-the-login-7k2m9x`. */
export function mintTaskId(title: string): string {
  const words = title
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  const random = Array.from({ length: 6 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  return taskId.parse(`${words || "task"}-${random}`);
}
