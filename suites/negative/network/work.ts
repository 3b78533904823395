import type { NetworkWork } from "../../../harness/attacks/network.ts";
import { connected, ONE, READERS, SOME, told } from "./reached.ts";
import { converse, follow, get, request, tell, tunnel } from "./scripts.ts";

/** What is allowed goes on, so that it is not silence that holds the attacks. */
export const allowedNetwork: readonly NetworkWork[] = [
  {
    id: "network-work.get",
    claim: "a host that is allowed is asked for a page",
    essential: true,
    allow: ONE,
    script: tell(get("http://allowed.example/page?with=query")),
    reached: told(/^GET \/page\?with=query HTTP\/1\.1\r\n/),
  },
  {
    id: "network-work.tunnel",
    claim: "there is a tunnel to it",
    essential: true,
    allow: ONE,
    script: tunnel("allowed.example:443"),
    reached: (seen, output) =>
      connected({ ...seen, connections: seen.connections.filter(({ port }) => port === 443) }, output),
  },
  {
    id: "network-work.post",
    claim: "it is told what is in chunks",
    allow: READERS,
    script: tell(`${request("POST", "http://allowed.example/", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`),
    reached: told("hello"),
  },
  {
    id: "network-work.below",
    claim: "a host below an allowed one is asked twice on one connection",
    allow: SOME,
    script: converse(
      "GET http://second.allowed.example/first HTTP/1.1\r\nHost: second.allowed.example\r\n\r\n",
      get("http://second.allowed.example/second"),
    ),
    reached: told("GET /second"),
  },
  {
    id: "network-work.redirect",
    claim: "one is led from an allowed host to another",
    allow: SOME,
    script: follow("http://allowed.example/to/http://second.allowed.example/there"),
    reached: told("GET /there"),
  },
];
