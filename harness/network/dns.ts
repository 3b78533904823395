import { isIPv4 } from "node:net";

/** Addresses that a name has: at the first question for it, at the second, and so on; the last ones from then on. */
export type Addresses = readonly (readonly string[])[];

const A = 1;
const AAAA = 28;
const INTERNET = 1;
/** It is an answer, and says so with authority. */
const ANSWER_FLAGS = 0x8480;
const NO_SUCH_NAME = 3;

/** What a datagram asks for; undefined where it is no question. */
export function readQuestion(datagram: Buffer): { name: string; type: number; end: number } | undefined {
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = datagram[at];
    if (length === undefined || length > 63) return undefined;
    at += 1 + length;
    if (length === 0) break;
    labels.push(datagram.toString("latin1", at - length, at).toLowerCase());
  }
  if (datagram.length < at + 4) return undefined;
  return { name: labels.join("."), type: datagram.readUInt16BE(at), end: at + 4 };
}

/** An answer that nobody is to remember. Without addresses there is no such name. */
export function writeAnswer(datagram: Buffer, addresses: readonly string[] | undefined): Buffer | undefined {
  const question = readQuestion(datagram);
  if (question === undefined) return undefined;
  const { type, end } = question;
  const wanted = (addresses ?? []).filter((address) => (isIPv4(address) ? A : AAAA) === type);
  const head = Buffer.from(datagram.subarray(0, 12));
  head.writeUInt16BE(ANSWER_FLAGS | (addresses === undefined ? NO_SUCH_NAME : 0), 2);
  head.writeUInt16BE(wanted.length, 6);
  head.writeUInt32BE(0, 8);
  const records = wanted.map((address) => {
    const data = isIPv4(address) ? Buffer.from(address.split(".").map(Number)) : bytesOf(address);
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0); // the name that was asked for
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(INTERNET, 4);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, datagram.subarray(12, end), ...records]);
}

/** The sixteen bytes of an IPv6 address, an IPv4 one at its end included. */
function bytesOf(address: string): Buffer {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [before = "", after] = plain.split("::");
  const words = (text: string) => (text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16)));
  const [first, last] = [words(before), words(after ?? "")];
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  const bytes = Buffer.alloc(16);
  for (const [at, word] of all.entries()) bytes.writeUInt16BE(word, at * 2);
  return bytes;
}
