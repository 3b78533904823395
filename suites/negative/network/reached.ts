import type { Reached } from "../../../harness/attacks/attack.ts";
import { PUBLIC } from "../../../harness/network/names.ts";
import type { NetworkRule } from "../../../runtime/protocol/network.ts";

const rule = (host: string, more: Partial<NetworkRule> = {}): NetworkRule => ({ host, ports: [80, 443], ...more });
/** One host, and what is below it. */
export const SOME: readonly NetworkRule[] = [rule("allowed.example"), rule("*.allowed.example")];
/** One host, and nothing below it. */
export const ONE: readonly NetworkRule[] = [rule("allowed.example")];
/** Only what is below it. */
export const BELOW: readonly NetworkRule[] = [rule("*.allowed.example")];
/** One host, for readers. */
export const READERS: readonly NetworkRule[] = [rule("allowed.example", { methods: ["GET", "POST"] })];

/** Any address, port or name at all. */
export const anybody: Reached = ({ connections, datagrams, questions, echoes }) => [
  ...connections.map(({ address, port }) => `a connection to ${address} port ${port}`),
  ...datagrams.map(({ port }) => `a datagram to port ${port}`),
  ...questions.map((name) => `a question for ${name}`),
  ...(echoes > 0 ? [`${echoes} echoes`] : []),
];

/** Any connection. */
export const connected: Reached = ({ connections }) =>
  connections.map(({ address, port }) => `a connection to ${address} port ${port}`);

/** A connection to another address than the one that is allowed. */
export const elsewhere: Reached = (seen, output) =>
  connected({ ...seen, connections: seen.connections.filter(({ address }) => address !== PUBLIC) }, output);

/** A connection on which this was sent. */
export const told =
  (words: string | RegExp): Reached =>
  ({ connections }) =>
    connections
      .filter(({ bytes }) => (typeof words === "string" ? bytes.includes(words) : words.test(bytes)))
      .map(({ address, bytes }) => `${address} was told ${JSON.stringify(bytes.slice(-80))}`);
