import { NETWORK_PORT } from "../../runtime/protocol/providers.ts";

/** Where somebody outside accepts connections, at every address. */
export const PORTS = [80, 443, 8080, 8099] as const;
/** Where they accept them at this private address alone: whoever tries a public one first is refused there. */
export const PRIVATE_ONLY = { host: "10.0.0.5", port: 8081 } as const;
/** Where they take datagrams. */
export const DATAGRAM_PORTS = [4041] as const;
/** Where they are asked for names. */
export const NAME_PORT = 53;
/** Where a task has its proxy, somebody outside has a naive one. */
export const NAIVE_PORT = NETWORK_PORT;
