import { PiworkError } from "../protocol/errors.ts";
import { DEFAULT_PORTS, type NetworkPolicy, type NetworkRule, networkPolicy } from "../protocol/network.ts";

/** A host as a person writes it, with a port where it has another one than usual. */
export function parseHost(written: string): NetworkRule {
  const [, host = "", digits] = /^(.*?)(?::(\d{1,5}))?$/.exec(written.toLowerCase()) ?? [];
  const ports = digits === undefined ? DEFAULT_PORTS : [Number(digits)];
  const parsed = networkPolicy.safeParse({ allow: [{ host, ports }] });
  const [rule] = parsed.success ? parsed.data.allow : [];
  if (rule !== undefined) return rule;
  throw new PiworkError(
    "INVALID_REQUEST",
    `'${written}' is no host: write HOST, '*.HOST' for all below it, or either with ':PORT', without 'https://' and without a path.`,
  );
}

/** With a rule more; one that says the same is there once, and ports of the same host come together. */
export function allowing({ allow }: NetworkPolicy, rule: NetworkRule): NetworkPolicy {
  const same = allow.find(({ host, methods }) => host === rule.host && `${methods}` === `${rule.methods}`);
  if (same === undefined) return { allow: [...allow, rule] };
  const ports = [...new Set([...same.ports, ...rule.ports])].sort((a, b) => a - b);
  return { allow: allow.map((one) => (one === same ? { ...one, ports } : one)) };
}
