import type { Mutant } from "../../harness/mutants/mutant.ts";
import { unit } from "./unit.ts";

/** Where tasks may go, and with whose keys. */
export const network: readonly Mutant[] = [
  {
    id: "private-range",
    file: "runtime/network/addresses.ts",
    find: `["172.16.0.0", 12, "private"]`,
    replace: `["172.16.0.0", 16, "private"]`,
    loses:
      "A task gets to servers of the user's own network from 172.17 to 172.31 (containers, company), once a host that it may reach leads there.",
    ...unit("runtime/network/addresses.test.ts"),
  },
  {
    id: "half-of-link-local",
    file: "runtime/network/addresses.ts",
    find: `["169.254.0.0", 16, "link-local"]`,
    replace: `["169.254.0.0", 17, "link-local"]`,
    loses: "A task gets the keys that a cloud gives to whoever asks at its own address.",
    ...unit("runtime/network/addresses.test.ts"),
  },
  {
    id: "first-address-only",
    file: "runtime/network/reach.ts",
    find: "for (const address of addresses) {",
    replace: "for (const address of addresses.slice(0, 1)) {",
    loses:
      "A host that answers with a public address first and a private one behind it leads a task into the user's own network.",
    ...unit("runtime/network/proxy.test.ts"),
  },
  {
    id: "found-anew",
    file: "runtime/network/reach.ts",
    find: `lookup(_host, _options, done) {
      done(null, found);`,
    replace: `lookup(host, options, done) {
      if (found.length > 0) void import("node:dns").then((dns) => dns.lookup(host, options, done));`,
    loses: "A name that is asked for again leads to another address than the one that was judged.",
    ...unit("runtime/network/proxy.test.ts"),
  },
  {
    id: "wildcard-suffix",
    file: "runtime/network/policy.ts",
    find: "host.endsWith(pattern.slice(1))",
    replace: "host.endsWith(pattern.slice(2))",
    loses:
      "With *.example.com allowed, a task can send everything it reads to evilexample.com, and to example.com itself.",
    ...unit("runtime/network/proxy.test.ts"),
  },
  {
    id: "tunnel-past-methods",
    file: "runtime/network/policy.ts",
    find: "methods === undefined || (method !== undefined && methods.includes(method))",
    replace: "methods === undefined || method === undefined || methods.includes(method)",
    loses: "A host that was allowed for GET alone takes whole tunnels: a task can send data where it was only to read.",
    ...unit("runtime/network/proxy.test.ts"),
  },
  {
    id: "forbidden-goes-on",
    file: "runtime/network/network.ts",
    find: `this.#policies.write(task, policy);
    this.#proxy.drop(task);`,
    replace: "this.#policies.write(task, policy);",
    loses: "A connection that is open goes on to a host that the user has just forbidden, for hours.",
    ...unit("runtime/network/network.test.ts"),
  },
  {
    id: "tunnel-judged-as-443",
    file: "runtime/network/proxy.ts",
    find: "{ host, port, method: undefined }",
    replace: "{ host, port: 443, method: undefined }",
    loses: "A task gets to every port of a host that it may reach at one.",
    ...unit("runtime/network/proxy.test.ts"),
  },
  {
    id: "cookie-goes-on",
    file: "runtime/network/headers.ts",
    find: `"cookie", "x-auth-token"]`,
    replace: `"x-auth-token"]`,
    loses: "A task says to a provider in a cookie who it is, beside the user's key.",
    ...unit("runtime/network/providers.test.ts"),
  },
  {
    id: "rules-of-another-task",
    file: "runtime/network/policies.ts",
    find: "if (parsed.task !== task) throw",
    replace: `if (parsed.task === "") throw`,
    loses: "A task has the rules of another one, where a file of these was copied.",
    ...unit("runtime/network/policy.test.ts"),
  },
  {
    id: "keys-for-the-group",
    file: "runtime/network/providers.ts",
    find: "if (stats.mode & 0o077)",
    replace: "if (stats.mode & 0o007)",
    loses: "The users of a group read the user's keys, and nobody says so.",
    ...unit("runtime/network/providers.test.ts"),
  },
  {
    id: "key-of-another-provider",
    file: "runtime/network/providers.ts",
    find: "key: this.#hide(keyOf(found)) };",
    replace: `key: this.#hide(keyOf(this.list().find((one): one is RemoteProvider => one.kind === "remote" && one.api === found.api) ?? found)) };`,
    loses: "A provider gets the key that the user has for another one of the same API.",
    ...unit("runtime/network/providers.test.ts"),
  },
  {
    id: "port-adds-usual-ones",
    file: "runtime/api/network-rules.ts",
    find: "[Number(digits)]",
    replace: "[...DEFAULT_PORTS, Number(digits)]",
    loses: "Who allows example.com:8443 has allowed its ports 80 and 443 as well.",
    ...unit("runtime/network/policy.test.ts"),
  },
];
