import { network, type Reached } from "../../../harness/attacks/attack.ts";
import type { NetworkRule } from "../../../runtime/protocol/network.ts";
import { BELOW, connected, elsewhere, ONE, READERS, SOME, told } from "./reached.ts";
import { converse, follow, get, request, tell, tunnel } from "./scripts.ts";

const NONE: readonly NetworkRule[] = [];

const otherPort: Reached = (seen, output) =>
  connected({ ...seen, connections: seen.connections.filter(({ port }) => port !== 80) }, output);

/** Requests to the proxy that want to go where it does not lead. */
// biome-ignore format: a table
export const networkPolicy = network("network-policy", { reached: connected, allow: SOME }, [
  ["none-get", "asks for a page while nothing is allowed", tell(get("http://allowed.example/")), { essential: true, allow: NONE }],
  ["none-tunnel", "wants a tunnel while nothing is allowed", tunnel("allowed.example:443"), { allow: NONE }],
  ["none-address", "asks for an address while nothing is allowed", tell(get("http://93.184.215.14/")), { allow: NONE }],
  ["none-origin", "asks as one asks a server", tell(get("/", "Host: allowed.example")), { allow: NONE }],
  ["other-get", "asks for a host that is not on the list", tell(get("http://other.example/"))],
  ["other-tunnel", "wants a tunnel to a host that is not on the list", tunnel("other.example:443"), { essential: true }],
  ["other-port", "asks for another port of an allowed host", tell(get("http://allowed.example:8080/"))],
  ["other-port-tunnel", "wants a tunnel to another port of an allowed host", tunnel("allowed.example:8080")],
  ["address", "asks for the address of an allowed host", tell(get("http://93.184.215.14/"))],
  ["below", "asks for what is below an allowed host", tell(get("http://second.allowed.example/")), { allow: ONE }],
  ["above", "asks for the host of which only what is below is allowed", tell(get("http://allowed.example/")), { allow: BELOW }],
  ["beginning", "asks for a host that begins like an allowed one", tell(get("http://allowed.example.other.example/"))],
  ["ending", "asks for a host that ends like an allowed one", tell(get("http://notallowed.example/")), { allow: BELOW }],
  ["user", "writes an allowed host before an @", tell(get("http://allowed.example@other.example/", "Host: allowed.example"))],
  ["user-port", "writes an allowed host and port before an @", tell(get("http://allowed.example:80@other.example/", "Host: allowed.example"))],
  ["backslash", "writes a backslash before an allowed host", tell(get("http://other.example\\@allowed.example/", "Host: allowed.example")), { reached: elsewhere }],
  ["fragment", "hides an allowed host behind a #", tell(get("http://other.example/#@allowed.example/", "Host: allowed.example"))],
  ["tunnel-path", "hides an allowed host in where a tunnel leads", tunnel("other.example:443/allowed.example:443")],
  ["tunnel-user", "writes an allowed host before an @ in where a tunnel leads", tunnel("allowed.example:443@other.example:443")],
  ["host-header", "asks for an allowed host and names another to it", tell(get("http://allowed.example/", "Host: other.example")), { essential: true, reached: told(/host: *other\.example/i) }],
  ["second-other", "asks for another host on a connection that has asked for an allowed one", converse("GET http://allowed.example/ HTTP/1.1\r\nHost: allowed.example\r\n\r\n", get("http://other.example/")), { essential: true, reached: told(/other\.example/) }],
  ["second-tunnel", "wants a tunnel on a connection that has asked for an allowed host", converse("GET http://allowed.example/ HTTP/1.1\r\nHost: allowed.example\r\n\r\n", "CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\nConnection: close\r\n\r\n"), { reached: told(/CONNECT/) }],
  ["method", "uses a method that is not allowed", tell(request("DELETE", "http://allowed.example/")), { allow: READERS }],
  ["method-case", "writes such a method in small letters", tell(request("delete", "http://allowed.example/")), { allow: READERS }],
  ["method-tunnel", "goes by a tunnel where only some methods are allowed", tunnel("allowed.example:80"), { allow: READERS }],
  ["method-override", "says that it means another method", converse("GET http://allowed.example/ HTTP/1.1\r\nHost: allowed.example\r\n\r\n", request("DELETE", "http://allowed.example/")), { allow: READERS, reached: told(/DELETE/) }],
  ["scheme", "asks for another scheme", tell(get("ftp://allowed.example:8080/"))],
  ["redirect", "is led to a host that is not on the list", follow("http://allowed.example/to/http://other.example/"), { reached: elsewhere }],
  ["redirect-private", "is led to a private address", follow("http://allowed.example/to/http://10.0.0.5/"), { reached: elsewhere }],
  ["redirect-hops", "is led to the metadata service by three hops", follow("http://allowed.example/to/http://second.allowed.example/to/http://allowed.example/to/http://169.254.169.254/"), { essential: true, reached: elsewhere }],
  ["redirect-name", "is led to an allowed name with a private address", follow("http://allowed.example/to/http://private.allowed.example/"), { reached: elsewhere }],
  ["redirect-port", "is led to another port", follow("http://allowed.example/to/http://allowed.example:8080/"), { reached: otherPort }],
]);
