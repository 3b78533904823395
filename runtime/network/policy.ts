import { isIP } from "node:net";
import { parseHost } from "../api/network-rules.ts";
import { PiworkError } from "../protocol/errors.ts";
import { DEFAULT_PORTS, hostName, type NetworkPolicy, type NetworkRule, port } from "../protocol/network.ts";
import { specialPurpose } from "./addresses.ts";
import { ProxyRefusal } from "./refusal.ts";

export const NOTHING: NetworkPolicy = { allow: [] };

/** What a task wants of a host. */
export interface Wish {
  host: string;
  port: number;
  /** undefined where nobody sees it */
  method: string | undefined;
}

/** The rule that allows it, in words; throws where there is none. */
export function ruleFor({ allow }: NetworkPolicy, wish: Wish): string {
  const { host, port, method } = wish;
  const ofHost = allow.filter((rule) => isOfHost(rule.host, host));
  const ofPort = ofHost.filter(({ ports }) => ports.includes(port));
  const rule = ofPort.find(
    ({ methods }) => methods === undefined || (method !== undefined && methods.includes(method)),
  );
  if (rule !== undefined) return describeRule(rule);
  const asked = `piwork network --allow-host ${host}${DEFAULT_PORTS.includes(port) ? "" : `:${port}`}`;
  const [words, why] =
    ofHost.length === 0
      ? [`'${host}' is not among the hosts that this task may reach.`, "no rule names the host"]
      : ofPort.length === 0
        ? [`'${host}' may be reached, but not at port ${port}.`, "no rule of the host names the port"]
        : [`'${host}' may be reached, but not with ${method ?? "a tunnel"}.`, "no rule of the host names the method"];
  throw new ProxyRefusal(403, `${words} Whoever runs Piwork can allow it: ${asked}`, why);
}

function isOfHost(pattern: string, host: string): boolean {
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern;
}

export function describeRule({ host, ports, methods }: NetworkRule): string {
  return `allow ${host}:${ports.join(",")}${methods === undefined ? "" : ` ${methods.join(",")}`}`;
}

/** A host that a task is to reach, as a person writes it; refuses one where no task gets to, whatever its rules say. */
export function parseAllowed(written: string): NetworkRule {
  const rule = parseHost(written);
  const purpose = isIP(rule.host) === 0 ? undefined : specialPurpose(rule.host);
  if (purpose === undefined) return rule;
  throw new PiworkError(
    "INVALID_REQUEST",
    `No task gets to ${rule.host} (${purpose}), whatever its rules say. A server of models there is added as a provider: piwork provider add --help`,
  );
}

/** Without a host, or without these ports of it where they are named. */
export function denying({ allow }: NetworkPolicy, written: string): NetworkPolicy {
  const { host, ports } = parseHost(written);
  const isAll = !/:\d+$/.test(written);
  const rest = allow.flatMap((rule) => {
    if (rule.host !== host) return [rule];
    const left = isAll ? [] : rule.ports.filter((one) => !ports.includes(one));
    return left.length === 0 ? [] : [{ ...rule, ports: left }];
  });
  return { allow: rest };
}

/** A host and a port as they stand in a request; throws where they are written in a way that two readers could read differently. */
export function parseAuthority(authority: string, usualPort?: number): { host: string; port: number } {
  const [, written = "", digits] = /^([^:]*)(?::([0-9]{1,5}))?$/.exec(authority) ?? [];
  const host = hostName.safeParse(written.toLowerCase());
  const number = port.safeParse(digits === undefined ? usualPort : Number(digits));
  if (host.success && number.success && !digits?.startsWith("0")) return { host: host.data, port: number.data };
  throw new ProxyRefusal(
    400,
    "The host of the request is not a name or an IPv4 address, with a port from 1 to 65535 behind a colon.",
    "a host that is not understood",
  );
}
