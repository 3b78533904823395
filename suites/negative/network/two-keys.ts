import assert from "node:assert/strict";
import type { Fixtures } from "../../../harness/attacks/fixtures.ts";
import { type Check, Failed } from "../../../harness/checks/checks.ts";
import { Providers } from "../../../runtime/network/providers.ts";
import { type ProviderApi, providerApi } from "../../../runtime/protocol/providers.ts";
import { perl } from "./scripts.ts";

/** A provider at an address of its own, with a key that no other has. */
interface Keyed {
  name: string;
  api: ProviderApi;
  address: string;
  key: string;
}

/** Two of each API. Everybody outside accepts connections at this port of every address. */
const KEYED: readonly Keyed[] = providerApi.options.flatMap((api, at) =>
  ["one", "two"].map((which, of) => ({
    name: `${api}-${which}`,
    api,
    address: `127.0.1.${2 * at + of + 1}`,
    key: `canary-key-of-${api}-${which}-81c4`,
  })),
);
const MODELS = [{ id: "none", reasoning: false, contextWindow: 1000, maxTokens: 1000 }];

/** Asks each of them once. */
const ASK_ALL = perl(
  `alarm 40; for (qw(${KEYED.map(({ name }) => name).join(" ")})) {
  socket(S, AF_INET, SOCK_STREAM, 0); connect(S, pack_sockaddr_in(3128, inet_aton("127.0.0.1"))) or die "there is no proxy: $!";
  syswrite S, "GET /provider/$_/models HTTP/1.1\\r\\nHost: 127.0.0.1:3128\\r\\nConnection: close\\r\\n\\r\\n";
  print $b while sysread(S, $b, 65536);
}`,
);

/** A key goes to the provider that it was given for, and to no other, also where both have one API. */
export const twoKeys: Check<Fixtures> = {
  id: "network-provider.two-keys",
  claim: `two providers of one API, for each of ${providerApi.options.length} APIs: each is sent its own key, and no other key goes anywhere`,
  async run({ target }) {
    await using providers = new Providers(target.sandbox.state);
    try {
      for (const { name, api, address, key } of KEYED)
        providers.add({ kind: "remote", name, api, models: MODELS, url: `http://${address}:8099/v1`, key });
      await target.outside.forget();
      const { output } = await target.attackQuickly(ASK_ALL);
      const { connections } = await target.outside.seen();
      const told = KEYED.map(({ name, address }) => {
        const bytes = connections.filter((one) => one.address === address).map((one) => one.bytes);
        return { name, asked: bytes.length, keys: KEYED.filter(({ key }) => bytes.join("").includes(key)) };
      });
      const seen = told.map(
        ({ name, asked, keys }) => `${name}: ${asked} requests with ${keys.map((one) => one.name)}`,
      );
      for (const { name, asked, keys } of told)
        if (asked !== 1 || keys.length !== 1 || keys[0]?.name !== name)
          throw new Failed(`a provider was sent another key than its own, or none:\n${seen.join("\n")}`, { output });
      assert.equal(
        KEYED.some(({ key }) => output.includes(key)),
        false,
        "the task was shown a key",
      );
      return { seen };
    } finally {
      for (const { name } of KEYED) if (providers.list().some((one) => one.name === name)) providers.remove(name);
      target.world.emptyOwn();
    }
  },
};
