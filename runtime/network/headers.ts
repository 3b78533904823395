import type { ProviderApi } from "../protocol/providers.ts";

/** They are of one connection, and are made anew for the next. */
const OF_A_CONNECTION = new Set([
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "http2-settings",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "proxy-authentication-info",
  "host",
]);

/** They hold a key, or stand for one. */
const KEYS = new Set(["authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "x-auth-token"]);

type Headers = [name: string, value: string][];

/** The headers of a message that go on with it. */
export function passedOn(rawHeaders: readonly string[]): Headers {
  const headers: Headers = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  const named = headers
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.split(",").map((name) => name.trim().toLowerCase()))
    // Naming one of these would take away how long the message is.
    .filter((name) => name !== "content-length");
  return headers.filter(([name]) => !OF_A_CONNECTION.has(name.toLowerCase()) && !named.includes(name.toLowerCase()));
}

/** Without what the task may have put where a key belongs, and with the key. */
export function withKey(headers: Headers, api: ProviderApi, key: string | undefined): Headers {
  const own = headers.filter(([name]) => !KEYS.has(name.toLowerCase()));
  if (key === undefined) return own;
  if (api === "anthropic-messages") return [...own, ["x-api-key", key]];
  if (api === "google-generative-ai") return [...own, ["x-goog-api-key", key]];
  return [...own, ["authorization", `Bearer ${key}`]];
}

/** A query without the key that one of the APIs takes there. */
export function withoutKey(path: string): string {
  const [way = "", ...query] = path.split("?");
  const kept = query
    .join("?")
    .split("&")
    .filter((part) => part !== "" && !/^(?:key|api[-_]?key|access_token)(?:=|$)/i.test(decoded(part)));
  return kept.length === 0 ? way : `${way}?${kept.join("&")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
