import { LIMITS } from "../../runtime/protocol/limits.ts";
import { remarks } from "./comments.ts";
import { size, table } from "./markdown.ts";

export function limitChapter(): string {
  const known = remarks("limits", "LIMITS");
  const rows = Object.entries(LIMITS).map(([name, value]) => {
    const words = known.get(name);
    if (words === undefined)
      throw new Error(`${name}: not described; add a comment above it in runtime/protocol/limits.ts`);
    const rounded = name.endsWith("Bytes") && value % 1024 === 0 ? ` (${size(value)})` : "";
    return [`\`${name}\``, `${value}${rounded}`, words];
  });
  return table(["limit", "value", "meaning"], rows);
}
