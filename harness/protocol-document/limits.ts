import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { REPOSITORY } from "../../runtime/state/places.ts";
import { size, table } from "./markdown.ts";

/** Numbers have no metadata of their own: their meanings are the comments above them. */
const SOURCE = join(REPOSITORY, "runtime/protocol/limits.ts");

export function limitChapter(): string {
  const source = readFileSync(SOURCE, "utf8");
  const rows = Object.entries(LIMITS).map(([name, value]) => {
    const meaning = new RegExp(`/\\*\\* (.+) \\*/\\n *${name}:`).exec(source)?.[1];
    if (meaning === undefined) throw new Error(`${name} has no comment above it in ${SOURCE}`);
    const rounded = name.endsWith("Bytes") && value % 1024 === 0 ? ` (${size(value)})` : "";
    return [`\`${name}\``, `${value}${rounded}`, meaning];
  });
  return table(["limit", "value", "meaning"], rows);
}
