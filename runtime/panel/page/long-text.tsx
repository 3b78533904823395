import { memo } from "preact/compat";
import { useRef } from "preact/hooks";

/** Characters of one piece. A browser lays out the pieces that are seen, and no others. */
const PIECE = 32 * 1024;
/** A piece ends with a line, where one ends within so many characters before its end. */
const LINE = 4 * 1024;

/** A text as it is, however long it gets. */
export function LongText({ text }: { text: string }) {
  const ends = useRef<number[]>([]);
  // The same text, grown, has its pieces where they were; only the last one changes.
  if ((ends.current.at(-1) ?? 0) > text.length) ends.current = [];
  for (let from = ends.current.at(-1) ?? 0; text.length - from > PIECE; from = ends.current.at(-1) ?? 0)
    ends.current.push(endOfPiece(text, from));
  const starts = [0, ...ends.current];
  return (
    <div class="long-text">
      {starts.map((start, index) => (
        <Piece key={start} text={text.slice(start, starts[index + 1])} />
      ))}
    </div>
  );
}

const Piece = memo(function Piece({ text }: { text: string }) {
  return <div class="piece">{text}</div>;
});

function endOfPiece(text: string, from: number): number {
  const end = from + PIECE;
  const line = text.lastIndexOf("\n", end - 1) + 1;
  if (line > end - LINE) return line;
  // Not between the two halves of one character.
  const code = text.charCodeAt(end - 1);
  return code >= 0xd800 && code < 0xdc00 ? end - 1 : end;
}
