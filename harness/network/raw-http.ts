/** The beginning of a request or an answer, read as carelessly as anybody might. */
export interface Head {
  first: string;
  headers: Map<string, string>;
  /** its lines after the first, as they came */
  rest: string;
  /** bytes up to its end */
  length: number;
}

/** The head that stands at the beginning of some bytes, once it is all there. A line may end as it likes. */
export function readHead(bytes: Buffer): Head | undefined {
  const text = bytes.toString("latin1");
  const end = /\r?\n\r?\n/.exec(text);
  if (end === null) return undefined;
  const [first = "", ...lines] = text.slice(0, end.index).split(/\r?\n/);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const length = end.index + end[0].length;
  return { first, headers, rest: text.slice(first.length, length), length };
}
