import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Fixtures } from "../../../harness/attacks/fixtures.ts";
import type { Target } from "../../../harness/attacks/target.ts";
import type { Check } from "../../../harness/checks/checks.ts";
import { LIMITS } from "../../../runtime/protocol/limits.ts";
import { controlSocket, findPlaces } from "../../../runtime/state/places.ts";

interface Sent {
  method?: string;
  path: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Readable;
}

/** A request that is refused, and one that differs little and is not. */
interface ApiRefusal {
  id: string;
  claim: string;
  send: Sent | ((task: string) => Sent);
  /** the status, or `cut` where the connection ends without one */
  refused: readonly (number | "cut")[];
  twin: Sent | ((task: string) => Sent);
}

const STATUS: Sent = { path: "/v1/status", body: "{}" };
const show = (task: unknown): Sent => ({ path: "/v1/task_show", body: JSON.stringify({ task }) });
const upload = (path: string): Sent => ({ method: "PUT", path, body: "content" });
const uploaded = (task: string): Sent => upload(`/v1/uploads/${task}/file-${randomUUID()}`);

/** Bytes that never were anywhere at once. */
function* bytes(amount: number): Generator<Buffer> {
  const piece = Buffer.alloc(64 * 1024, "x");
  for (let sent = 0; sent < amount; sent += piece.length) yield piece;
}

const BAD = [400] as const;
const REFUSALS: readonly ApiRefusal[] = [
  ...["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"].map((method) => ({
    id: `method.${method}`,
    claim: `${method} is no way to call`,
    refused: BAD,
    twin: STATUS,
    send: { method, path: "/v1/status", ...(method === "TRACE" ? {} : { body: "{}" }) },
  })),
  ...[
    "/v1/../v1/status",
    "/v1/%73tatus",
    "/v1//status",
    "//v1/status",
    "/v1/status/",
    "/v1/status?token=x",
    "/V1/STATUS",
    "/v2/status",
    "/",
    "/v1/__proto__",
    "/v1/constructor",
    "/v1/toString",
    "/v1/no_such_call",
    `/v1/${"a".repeat(4000)}`,
  ].map((path) => ({
    id: `path.${path.slice(0, 24)}`,
    claim: `${path.slice(0, 24)} is no call`,
    refused: BAD,
    twin: STATUS,
    send: { path, body: "{}" },
  })),
  ...(
    [
      ["json", "no JSON", "{"],
      ["empty", "no body", ""],
      ["list", "a list", "[]"],
      ["null", "null", "null"],
      ["extra", "a field too many", '{"extra":1}'],
      ["proto", "__proto__", '{"__proto__":{"admin":true}}'],
      ["deep", "ten thousand levels", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`],
      ["bytes", "bytes that are no text", "\ud800"],
    ] as const
  ).map(([id, what, body]) => ({
    id: `body.${id}`,
    claim: `a body that is ${what} is refused`,
    refused: BAD,
    twin: STATUS,
    send: { path: "/v1/status", body },
  })),
  {
    id: "body.large",
    claim: "a body of 100 MiB is refused before it is all there",
    refused: [413, "cut"],
    twin: STATUS,
    send: () => ({ path: "/v1/status", body: Readable.from(bytes(100 * 1024 * 1024)) }),
  },
  {
    id: "body.over",
    claim: "so is one just over the limit, and one at it is read",
    refused: [413, "cut"],
    send: { path: "/v1/status", body: `{}${" ".repeat(LIMITS.controlBodyBytes)}` },
    twin: { path: "/v1/status", body: `{}${" ".repeat(LIMITS.controlBodyBytes - 2)}` },
  },
  {
    id: "header.huge",
    claim: "a header of 64 KiB is refused",
    refused: [431, "cut"],
    send: { ...STATUS, headers: { "x-huge": "h".repeat(64 * 1024) } },
    twin: { ...STATUS, headers: { "x-small": "h".repeat(1024) } },
  },
  ...["..", "__proto__", "-rf", "", "a\nb", "a\0b", "../../etc", "t".repeat(4096), null, 7, {}, []].map((task, at) => ({
    id: `id.${at}`,
    claim: `${JSON.stringify(task).slice(0, 20)} is no task`,
    refused: BAD,
    send: show(task),
    twin: show,
  })),
  ...["%2e%2e", "__proto__", "-rf", "a%2fb", "%00", "%"].map((id) => ({
    id: `upload-id.${id}`,
    claim: `an upload to the task ${id} is refused`,
    refused: BAD,
    twin: uploaded,
    send: upload(`/v1/uploads/${id}/file`),
  })),
  ...["..%2f..%2fx", "%2e%2e", ".", "%2fetc%2fx", "a%00b", "a%0ab", "%", "%c3%28", ".hidden", "n".repeat(201)].map(
    (name) => ({
      id: `upload-name.${name.slice(0, 12)}`,
      claim: `an upload named ${name.slice(0, 12)} is refused`,
      refused: BAD,
      send: (task: string) => upload(`/v1/uploads/${task}/${name}`),
      twin: uploaded,
    }),
  ),
  ...["", "/a/b", "/../file"].map((rest) => ({
    id: `upload-path.${rest}`,
    claim: `an upload to ${rest || "no name"} is refused`,
    refused: BAD,
    twin: uploaded,
    send: (task: string) => upload(`/v1/uploads/${task}/x${rest}`.replace(/x$/, "")),
  })),
];

/** The status, or `cut`, that a request on this socket ends with. */
async function send(socketPath: string, { method = "POST", path, headers = {}, body }: Sent): Promise<number | "cut"> {
  return new Promise((resolve) => {
    const outgoing = request({ socketPath, method, path, headers, agent: false }, (response: IncomingMessage) => {
      void text(response).catch(() => {}); // it may be cut
      resolve(response.statusCode ?? "cut");
    });
    outgoing.on("error", () => resolve("cut"));
    if (body instanceof Readable) body.on("error", () => {}).pipe(outgoing);
    else outgoing.end(body);
  });
}

const socketOf = ({ sandbox }: Target) => controlSocket(findPlaces({ state: sandbox.state }));

const modes: Check<Fixtures> = {
  id: "control-api.modes",
  claim: "the socket is for its user alone, and so is its directory",
  run({ target }) {
    const socket = socketOf(target);
    const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);
    assert.deepEqual([mode(socket), mode(dirname(socket))], ["600", "700"]);
    assert.equal(statSync(dirname(socket)).uid, process.getuid?.());
  },
};

/** The control API as a program meets it that does not use its client. */
export const controlApi: readonly Check<Fixtures>[] = [
  modes,
  ...REFUSALS.map(
    ({ id, claim, refused, ...pair }): Check<Fixtures> => ({
      id: `control-api.${id}`,
      claim,
      async run({ target }) {
        const status = await send(socketOf(target), sentFor(target.attacker, pair.send));
        const twin = await send(socketOf(target), sentFor(target.attacker, pair.twin));
        assert.equal(refused.includes(status), true, `answered ${status}`);
        assert.equal(twin, 200, "the twin is refused as well");
        return { status };
      },
    }),
  ),
];

function sentFor(task: string, sent: ApiRefusal["send"]): Sent {
  return typeof sent === "function" ? sent(task) : sent;
}
