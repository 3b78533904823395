import type { NetworkAttack, Reached } from "../../../harness/attacks/network.ts";
import { TESTED_PROVIDER } from "../../../harness/network/tested-provider.ts";
import { connected, SOME, told } from "./names.ts";
import { get, request, tell, tunnel } from "./scripts.ts";

const OWN = "Host: 127.0.0.1:3128";
/** The provider is there, below this path and nowhere else. */
const below = told(/^\S+ (?!\/v1\/)/);
const elsewhere: Reached = (seen) =>
  connected({
    ...seen,
    connections: seen.connections.filter(({ address, port }) => `${address}:${port}` !== "127.0.0.1:8099"),
  });
const keyShown: Reached = (_, output) => (output.includes(TESTED_PROVIDER.key) ? ["the task has the key"] : []);
/** Where it is at a path that is not its own, or anybody else is asked. */
const beside: Reached = (seen, output) => [...below(seen), ...elsewhere(seen, output)];

type Row = [name: string, tries: string, script: string, reached: Reached];
const route = (path: string) => tell(get(`/provider/tested${path}`, OWN));

// biome-ignore format: a table
const ROWS: readonly Row[] = [
  ["address", "asks for a provider's address past its route", tell(get("http://127.0.0.1:8099/v1/")), connected],
  ["address-name", "asks for it by a name that is allowed", tell(get("http://loopback.allowed.example:8099/v1/")), connected],
  ["address-tunnel", "wants a tunnel to it", tunnel("127.0.0.1:8099"), connected],
  ["parent", "goes up from a provider's path", route("/../admin"), beside],
  ["parent-encoded", "goes up with encoded dots", route("/%2e%2e/admin"), beside],
  ["parent-slash", "goes up with an encoded slash", route("/..%2fadmin"), beside],
  ["parent-twice", "goes up with what is encoded twice", route("/%252e%252e/admin"), beside],
  ["parent-deep", "goes down and up again", route("/a/../../admin"), beside],
  ["backslash", "goes up with backslashes", route("/..\\admin"), beside],
  ["host-path", "writes another host where the path begins", route("//93.184.215.14/x"), beside],
  ["host-url", "writes a whole address as the path", route("/http://93.184.215.14/x"), beside],
  ["key-trace", "has a provider say again what it was sent", tell(request("TRACE", "/provider/tested/x", OWN)), keyShown],
];

/** A route leads to one provider below its address, with a key that nobody sees. */
export const networkProvider: readonly NetworkAttack[] = ROWS.map(([name, tries, script, reached]) => ({
  id: `network-provider.${name}`,
  ...{ tries, script, reached },
  allow: [...SOME, { host: "*.allowed.example", ports: [8099] }],
}));
