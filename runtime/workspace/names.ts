/**
 * A name as text. Names are bytes: one that is not UTF-8 is shown with each byte above 7f as `\xNN` and each backslash
 * doubled, so that no two names look the same; `isText` says which of the two it is.
 */
export function showName(name: Buffer): { text: string; isText: boolean } {
  const text = name.toString("utf8");
  if (Buffer.from(text, "utf8").equals(name)) return { text, isText: true };
  const escaped = name
    .toString("latin1")
    .replace(/\\/g, "\\\\")
    .replace(/[\u0080-\u00ff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
  return { text: escaped, isText: false };
}

/** A path as text, of which each name is shown like that. */
export function showPath(parts: readonly Buffer[]): string {
  return parts.map((part) => showName(part).text).join("/");
}

/** Sorts by a text, not as a language would, but so that the order is the same everywhere. */
export function sortBy<T>(items: T[], text: (item: T) => string): T[] {
  return items.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}
