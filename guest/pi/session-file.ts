import { existsSync, readFileSync } from "node:fs";

/**
 * Throws where a saved session is not whole: pi passes over lines that it cannot read, and begins a new session where the first is one of
 * them, which would then be saved in place of what could have been mended. Where there is none, it begins one rightly.
 */
export function assertWhole(path: string): void {
  if (!existsSync(path)) return;
  const lines = readFileSync(path, "utf8").split("\n");
  if (lines.pop() !== "") throw new Error("its last line is not complete");
  for (const [at, line] of lines.entries())
    if (!isEntry(line, at === 0)) throw new Error(`its line ${at + 1} is not one of a session`);
}

function isEntry(line: string, isFirst: boolean): boolean {
  try {
    const entry = JSON.parse(line) as { type?: unknown; id?: unknown } | null;
    return isFirst ? entry?.type === "session" && typeof entry.id === "string" : typeof entry?.type === "string";
  } catch {
    return false;
  }
}
