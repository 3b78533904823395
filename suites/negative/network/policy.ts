import type { NetworkAttack } from "../../../harness/attacks/network.ts";
import type { NetworkRule } from "../../../runtime/protocol/network.ts";
import { BELOW, connected, elsewhere, ONE, READERS, SOME, told } from "./names.ts";
import { converse, follow, get, request, tell, tunnel } from "./scripts.ts";

const NONE: readonly NetworkRule[] = [];

type Row = [
  name: string,
  tries: string,
  allow: readonly NetworkRule[],
  script: string,
  reached: NetworkAttack["reached"],
];

// biome-ignore format: a table
const ROWS: readonly Row[] = [
  ["none-get", "asks for a page while nothing is allowed", NONE, tell(get("http://allowed.example/")), connected],
  ["none-tunnel", "wants a tunnel while nothing is allowed", NONE, tunnel("allowed.example:443"), connected],
  ["none-address", "asks for an address while nothing is allowed", NONE, tell(get("http://93.184.215.14/")), connected],
  ["none-origin", "asks as one asks a server", NONE, tell(get("/", "Host: allowed.example")), connected],
  ["other-get", "asks for a host that is not on the list", SOME, tell(get("http://other.example/")), connected],
  ["other-tunnel", "wants a tunnel to a host that is not on the list", SOME, tunnel("other.example:443"), connected],
  ["other-port", "asks for another port of an allowed host", SOME, tell(get("http://allowed.example:8080/")), connected],
  ["other-port-tunnel", "wants a tunnel to another port of an allowed host", SOME, tunnel("allowed.example:8080"), connected],
  ["address", "asks for the address of an allowed host", SOME, tell(get("http://93.184.215.14/")), connected],
  ["below", "asks for what is below an allowed host", ONE, tell(get("http://second.allowed.example/")), connected],
  ["above", "asks for the host of which only what is below is allowed", BELOW, tell(get("http://allowed.example/")), connected],
  ["beginning", "asks for a host that begins like an allowed one", SOME, tell(get("http://allowed.example.other.example/")), connected],
  ["ending", "asks for a host that ends like an allowed one", BELOW, tell(get("http://notallowed.example/")), connected],
  ["user", "writes an allowed host before an @", SOME, tell(get("http://allowed.example@other.example/", "Host: allowed.example")), connected],
  ["user-port", "writes an allowed host and port before an @", SOME, tell(get("http://allowed.example:80@other.example/", "Host: allowed.example")), connected],
  ["backslash", "writes a backslash before an allowed host", SOME, tell(get("http://other.example\\@allowed.example/", "Host: allowed.example")), elsewhere],
  ["fragment", "hides an allowed host behind a #", SOME, tell(get("http://other.example/#@allowed.example/", "Host: allowed.example")), connected],
  ["tunnel-path", "hides an allowed host in where a tunnel leads", SOME, tunnel("other.example:443/allowed.example:443"), connected],
  ["tunnel-user", "writes an allowed host before an @ in where a tunnel leads", SOME, tunnel("allowed.example:443@other.example:443"), connected],
  ["host-header", "asks for an allowed host and names another to it", SOME, tell(get("http://allowed.example/", "Host: other.example")), told(/host: *other\.example/i)],
  ["second-other", "asks for another host on a connection that has asked for an allowed one", SOME, converse("GET http://allowed.example/ HTTP/1.1\r\nHost: allowed.example\r\n\r\n", get("http://other.example/")), told(/other\.example/)],
  ["second-tunnel", "wants a tunnel on a connection that has asked for an allowed host", SOME, converse("GET http://allowed.example/ HTTP/1.1\r\nHost: allowed.example\r\n\r\n", "CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\nConnection: close\r\n\r\n"), told(/CONNECT/)],
  ["method", "uses a method that is not allowed", READERS, tell(request("DELETE", "http://allowed.example/")), connected],
  ["method-case", "writes such a method in small letters", READERS, tell(request("delete", "http://allowed.example/")), connected],
  ["method-tunnel", "goes by a tunnel where only some methods are allowed", READERS, tunnel("allowed.example:80"), connected],
  ["method-override", "says that it means another method", READERS, converse("GET http://allowed.example/ HTTP/1.1\r\nHost: allowed.example\r\n\r\n", request("DELETE", "http://allowed.example/")), told(/DELETE/)],
  ["scheme", "asks for another scheme", SOME, tell(get("ftp://allowed.example:8080/")), connected],
  ["redirect", "is led to a host that is not on the list", SOME, follow("http://allowed.example/to/http://other.example/"), elsewhere],
  ["redirect-private", "is led to a private address", SOME, follow("http://allowed.example/to/http://10.0.0.5/"), elsewhere],
  ["redirect-hops", "is led to the metadata service by three hops", SOME, follow("http://allowed.example/to/http://second.allowed.example/to/http://allowed.example/to/http://169.254.169.254/"), elsewhere],
  ["redirect-name", "is led to an allowed name with a private address", SOME, follow("http://allowed.example/to/http://private.allowed.example/"), elsewhere],
  ["redirect-port", "is led to another port", SOME, follow("http://allowed.example/to/http://allowed.example:8080/"), (seen) => connected({ ...seen, connections: seen.connections.filter(({ port }) => port !== 80) })],
];

/** What goes to the proxy, and wants to go where that does not lead. */
export const networkPolicy: readonly NetworkAttack[] = ROWS.map(([name, tries, allow, script, reached]) => ({
  id: `network-policy.${name}`,
  ...{ tries, allow, script, reached },
}));
