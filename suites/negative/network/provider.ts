import { network, type Reached } from "../../../harness/attacks/attack.ts";
import { TESTED_PROVIDER } from "../../../harness/network/tested-provider.ts";
import { connected, SOME, told } from "./reached.ts";
import { get, request, tell, tunnel } from "./scripts.ts";

const OWN = "Host: 127.0.0.1:3128";
/** The provider is there, below this path and nowhere else. */
const below = told(/^\S+ (?!\/v1\/)/);
const elsewhere: Reached = (seen, output) => {
  const connections = seen.connections.filter(({ address, port }) => `${address}:${port}` !== "127.0.0.1:8099");
  return connected({ ...seen, connections }, output);
};
const keyShown: Reached = (_, output) => (output.includes(TESTED_PROVIDER.key) ? ["the task has the key"] : []);
/** Where it is at a path that is not its own, or anybody else is asked. */
const beside: Reached = (seen, output) => [...below(seen, output), ...elsewhere(seen, output)];

const route = (path: string) => tell(get(`/provider/tested${path}`, OWN));

const ALLOW = [...SOME, { host: "*.allowed.example", ports: [8099] }];

/** A route leads to one provider below its address, with a key that no task sees. */
// biome-ignore format: a table
export const networkProvider = network("network-provider", { reached: beside, allow: ALLOW }, [
  ["address", "asks for a provider's address past its route", tell(get("http://127.0.0.1:8099/v1/")), { reached: connected }],
  ["address-name", "asks for it by a name that is allowed", tell(get("http://loopback.allowed.example:8099/v1/")), { reached: connected }],
  ["address-tunnel", "wants a tunnel to it", tunnel("127.0.0.1:8099"), { reached: connected }],
  ["parent", "goes up from a provider's path", route("/../admin")],
  ["parent-encoded", "goes up with encoded dots", route("/%2e%2e/admin"), { essential: true }],
  ["parent-slash", "goes up with an encoded slash", route("/..%2fadmin")],
  ["parent-twice", "goes up with what is encoded twice", route("/%252e%252e/admin")],
  ["parent-deep", "goes down and up again", route("/a/../../admin")],
  ["backslash", "goes up with backslashes", route("/..\\admin")],
  ["host-path", "writes another host where the path begins", route("//93.184.215.14/x")],
  ["host-url", "writes a whole address as the path", route("/http://93.184.215.14/x")],
  ["key-trace", "has a provider say again what it was sent", tell(request("TRACE", "/provider/tested/x", OWN)), { essential: true, reached: keyShown }],
]);
