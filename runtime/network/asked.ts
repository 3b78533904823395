import type { IncomingMessage } from "node:http";
import { NETWORK_PORT, providerName } from "../protocol/providers.ts";
import { parseAuthority } from "./policy.ts";
import { ProxyRefusal } from "./refusal.ts";

/** What a task asks its proxy for. */
export type ProxyRequest =
  | { kind: "http"; host: string; port: number; path: string }
  | { kind: "provider"; name: string; path: string };

/** How a task names its own proxy. */
const OWN_HOSTS = new Set(["127.0.0.1", "localhost"].map((host) => `${host}:${NETWORK_PORT}`));

/** Understands a request, or refuses what somebody behind this proxy could understand in another way. */
export function understand(request: IncomingMessage): ProxyRequest {
  const { url = "", method = "" } = request;
  assertPlain(request);
  if (url.startsWith("/")) return { kind: "provider", ...providerPath(url, hostOf(request), method) };
  const [, authority = "", path = ""] = /^http:\/\/([^/?#]*)([^#]*)$/i.exec(url) ?? [];
  if (authority === "")
    throw new ProxyRefusal(
      400,
      /^https:/i.test(url)
        ? "What is encrypted goes through a tunnel: ask this proxy with CONNECT, as every client does for https."
        : `This is a proxy: ask for http://HOST/PATH, or CONNECT HOST:PORT; not '${method}' of something else.`,
      "a target that is not understood",
    );
  const { host, port } = parseAuthority(authority, 80);
  const named = parseAuthority(hostOf(request), 80);
  if (named.host !== host || named.port !== port)
    throw new ProxyRefusal(400, "The request names one host in its first line and another in 'Host'.", "two hosts");
  return { kind: "http", host, port, path: path.startsWith("/") ? path : `/${path}` };
}

/** The strict parser has refused most of this already, and what it lets pass is written anew; this keeps it so. */
function assertPlain(request: IncomingMessage): void {
  if (request.headers.upgrade !== undefined)
    throw new ProxyRefusal(501, "This proxy switches to no other protocol; use a tunnel (CONNECT).", "an upgrade");
  const lengths = valuesOf(request, "content-length");
  const codings = valuesOf(request, "transfer-encoding");
  const isClear =
    lengths.length + codings.length <= 1 &&
    lengths.every((length) => /^\d{1,15}$/.test(length)) &&
    codings.every((coding) => coding.toLowerCase() === "chunked");
  if (!isClear) throw new ProxyRefusal(400, "The request does not say clearly how long it is.", "an unclear length");
}

function hostOf(request: IncomingMessage): string {
  const [host = "", ...others] = valuesOf(request, "host");
  if (host === "") throw new ProxyRefusal(400, "The request has no 'Host'.", "no host");
  if (others.length > 0) throw new ProxyRefusal(400, "The request has more than one 'Host'.", "two hosts");
  return host;
}

function valuesOf({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.flatMap((word, at) =>
    at % 2 === 0 && word.toLowerCase() === name ? [rawHeaders[at + 1] ?? ""] : [],
  );
}

/** The provider of a route, and what is wanted below its address. */
function providerPath(url: string, host: string, method: string): { name: string; path: string } {
  if (!OWN_HOSTS.has(host.toLowerCase()))
    throw new ProxyRefusal(400, "A request to this proxy itself names another host.", "two hosts");
  if (method === "TRACE")
    throw new ProxyRefusal(405, "A provider is not asked to say a request again: the key would be in it.", "TRACE");
  const [, name, path = ""] = /^\/provider\/([^/?#]*)([^#]*)$/.exec(url) ?? [];
  if (name === undefined || !providerName.safeParse(name).success)
    throw new ProxyRefusal(404, "This proxy has routes below /provider/NAME/ and nothing else.", "no route");
  const [way = ""] = path.split("?");
  // As whoever reads it there may decode it, more than once, in ways that are none, or take for parameters what is behind a ';'.
  const isStraight = !/\/\/|\\|%(?:2[ef5]|3b|5c|7f|[01]|c[01]|(?![0-9a-f]{2}))|(?:^|\/)\.{1,2}(?:[/;]|$)|[^!-~]/i.test(
    way,
  );
  if (isStraight && (way === "" || way.startsWith("/"))) return { name, path };
  throw new ProxyRefusal(
    400,
    "The path of a route has no '..', no empty part, and none of it encoded.",
    "a crooked path",
  );
}
