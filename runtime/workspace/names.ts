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
