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

/** Where a reload of the page finds its code. It opens once and for seconds: what a browser keeps of it on disk opens nothing. */
const KEPT = "piwork-reload";

let token: string | null = null;
let code = takeCode();
/** what opens the panel for the next page in this tab */
let reload: string | null = null;

addEventListener("pagehide", () => {
  const next = reload ?? code;
  if (next !== null) sessionStorage.setItem(KEPT, next);
});
addEventListener("pageshow", () => sessionStorage.removeItem(KEPT));

/** The code comes behind the '#' of the address, or from the page that was here before, and stays in neither place. */
function takeCode(): string | null {
  const found = location.hash.slice(1) || sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, "", "/");
  return found;
}

export const canEnter = () => token !== null || code !== null;
/** Tells of an address that was pasted into a page which is open. */
export function onNewAddress(listener: () => void): void {
  addEventListener("hashchange", () => {
    code = takeCode();
    listener();
  });
}

/** Uses up the code of the address. One that opens nothing takes nothing from a page that is in already. */
export async function enter(): Promise<void> {
  if (code === null) return;
  const response = await fetch("/token", { method: "POST", headers: { authorization: `Code ${code}` } });
  code = null;
  if (response.ok) token = ((await response.json()) as { token: string }).token;
  else if (token === null) throw new CallRefused(401, undefined, await response.text());
}

export async function call<C extends Call>(name: C, input: CallInput<C>, signal?: AbortSignal): Promise<CallOutput<C>> {
  const response = await send(`/v1/${name}`, "POST", JSON.stringify(input), signal);
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
  reload = response.headers.get("piwork-reload") ?? reload;
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
