import { useEffect, useState } from "preact/hooks";
import type { Area } from "../../api/files.ts";
import { call } from "./api.ts";
import { Dialog } from "./dialog.tsx";
import { LongText } from "./long-text.tsx";
import { Refusal } from "./refusal.tsx";
import { ScrollArea } from "./scroll-area.tsx";
import { useAnswer } from "./use-answer.ts";
import { size, visible } from "./words.ts";

/** Pictures by how their bytes begin. No SVG: it is a document, and shown as its text. */
const PICTURES: readonly [type: string, begins: RegExp][] = [
  ["image/png", /^\x89PNG\r\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/gif", /^GIF8[79]a/],
  ["image/webp", /^RIFF.{4}WEBP/s],
];

/** The file that is shown. */
export interface Wanted {
  area: Area;
  path: string;
}

/** The beginning of a file: a picture, or text. */
export function Preview({ task, wanted, onClose }: { task: string; wanted: Wanted; onClose: () => void }) {
  const { answer, refusal } = useAnswer(async () => {
    const first = await call("task_preview", { task, ...wanted });
    const isWhole = !first.truncated || pictureType(bytesOf(first.content)) === undefined;
    return isWhole ? first : await call("task_preview", { task, ...wanted, large: true });
  }, [task, wanted.area, wanted.path]);
  const bytes = answer === undefined ? undefined : bytesOf(answer.content);
  const type = bytes === undefined ? undefined : pictureType(bytes);
  return (
    <Dialog title={visible(wanted.path)} kind="preview" onClose={onClose}>
      <Refusal says={refusal} />
      {answer === undefined && refusal === undefined && <p class="faint">reading …</p>}
      {answer !== undefined && bytes !== undefined && (
        <>
          <p class="faint">
            {size(answer.bytes)}
            {answer.truncated && `, of which this is the first ${size(bytes.length)}`}
            {type === undefined && isBinary(bytes) && ", not text: what cannot be read is shown as �"}
          </p>
          {type !== undefined ? (
            <Picture bytes={bytes} type={type} name={visible(wanted.path)} />
          ) : bytes.length === 0 ? (
            <p class="faint">The file is empty.</p>
          ) : (
            <ScrollArea kind="content" label="Content">
              <LongText text={new TextDecoder().decode(bytes)} />
            </ScrollArea>
          )}
        </>
      )}
    </Dialog>
  );
}

function Picture({ bytes, type, name }: { bytes: Uint8Array<ArrayBuffer>; type: string; name: string }) {
  const [address, setAddress] = useState("");
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, []);
  if (isBroken) return <Refusal says="This is called a picture, and cannot be shown as one." />;
  return address === "" ? null : <img src={address} alt={name} onError={() => setBroken(true)} />;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
}

function pictureType(bytes: Uint8Array): string | undefined {
  const beginning = String.fromCharCode(...bytes.subarray(0, 16));
  return PICTURES.find(([, begins]) => begins.test(beginning))?.[0];
}

function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8000).includes(0);
}
