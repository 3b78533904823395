import type { Call, CallInput, CallOutput, Stream, StreamFailure, StreamInput, StreamItem } from "../../api/calls.ts";
import type { ErrorBody } from "../../protocol/errors.ts";

/** A call that the runtime refused, with the sentence that says what to do. */
export class CallRefused extends Error {
  readonly status: number;
  readonly body: ErrorBody | undefined;

  constructor(status: number, body: ErrorBody | undefined, words: string) {
    super(body?.message ?? words);
    this.status = status;
    this.body = body;
  }
}

/** Where a reload of the page finds its token. It is gone with the tab. */
const KEPT = "piwork-token";

/** The token comes behind the '#' of the address, and does not stay where people copy from. */
function takeToken(): string | null {
  const token = location.hash.slice(1);
  if (token !== "") {
    sessionStorage.setItem(KEPT, token);
    history.replaceState(null, "", "/");
  }
  return sessionStorage.getItem(KEPT);
}

let token = takeToken();
export const hasToken = () => token !== null;
/** Tells of an address that was pasted into a page which is open. */
export function onNewToken(listener: () => void): void {
  addEventListener("hashchange", () => {
    token = takeToken();
    listener();
  });
}

export async function call<C extends Call>(name: C, input: CallInput<C>): Promise<CallOutput<C>> {
  const response = await send(`/v1/${name}`, "POST", JSON.stringify(input));
  return (await response.json()) as CallOutput<C>;
}

/** A call with many answers; leaving the loop ends it. */
export async function* stream<S extends Stream>(
  name: S,
  input: StreamInput<S>,
  signal?: AbortSignal,
): AsyncGenerator<StreamItem<S>> {
  const response = await send(`/v1/${name}`, "POST", JSON.stringify(input), signal);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  try {
    let pieces: string[] = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const [end = "", ...begun] = value.split("\n");
      pieces.push(end);
      for (const next of begun) {
        const item = JSON.parse(pieces.join("")) as StreamItem<S> | StreamFailure;
        pieces = [next];
        if (item.type === "error") throw new CallRefused(200, item.error, "");
        yield item;
      }
    }
  } finally {
    await reader.cancel().catch(() => {}); // it is broken already
  }
}

export async function upload(task: string, file: File): Promise<void> {
  await send(`/v1/uploads/${encodeURIComponent(task)}/${encodeURIComponent(file.name)}`, "PUT", file);
}

async function send(path: string, method: string, body: BodyInit, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(path, {
    method,
    body,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.ok) return response;
  const words = await response.text();
  throw new CallRefused(response.status, errorIn(words), words);
}

function errorIn(words: string): ErrorBody | undefined {
  try {
    return (JSON.parse(words) as { error: ErrorBody }).error;
  } catch {
    return undefined;
  }
}
