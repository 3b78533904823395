import type { Command } from "commander";
import { allowing } from "../../api/network-rules.ts";
import { denying, describeRule, parseAllowed } from "../../network/policy.ts";
import type { NetworkPolicy, NetworkRequest } from "../../protocol/network.ts";
import { attach, plain, print, printJson } from "../attach.ts";
import { table } from "../table.ts";

interface Changing {
  task?: string;
  allowHost?: string[];
  denyHost?: string[];
  json?: boolean;
}

/** Requests that a person is shown; `--json` has all that are kept. */
const SHOWN = 20;

export function addNetwork(program: Command): void {
  program
    .command("network")
    .description("what a task may reach outside of its folder, and what it asked for last; or change that")
    .option("--task <ID>", "the task (default: the active one)")
    .option("--allow-host <HOST[:PORT]>", `${ALLOW_HOST}, repeatable`, gather)
    .option("--deny-host <HOST[:PORT]>", "allow it no more, repeatable; what is open ends", gather)
    .option("--json", "print it for programs")
    .action(async ({ task, allowHost = [], denyHost = [], json }: Changing, command: Command) => {
      const rules = allowHost.map(parseAllowed);
      const client = await attach(command);
      const before = await client.call("network", { task });
      const denied = denyHost.reduce(denying, before.policy);
      const policy = rules.reduce(allowing, denied);
      const isChanged = allowHost.length + denyHost.length > 0;
      if (isChanged) await client.call("network_set", { task, policy });
      const after = { ...before, policy };
      if (json) return printJson(after);
      const names = after.providers.map(({ name }) => name);
      print(describePolicy(policy, names.length > 0));
      print(`providers: ${names.join(", ") || "none; piwork provider add --help"}`);
      if (!isChanged) print(describeRequests(after.requests));
    });
}

export const ALLOW_HOST = "a host that it may reach: HOST, or '*.HOST' for all below it, at 80 and 443 or at PORT";

/** The words of an option that can be given more than once. */
export function gather(word: string, before: string[] = []): string[] {
  return [...before, word];
}

/** The hosts that were named on a command line; undefined where none was. */
export function policyOf(hosts: readonly string[] = []): NetworkPolicy | undefined {
  return hosts.length === 0 ? undefined : hosts.map(parseAllowed).reduce(allowing, { allow: [] });
}

function describePolicy({ allow }: NetworkPolicy, hasProviders: boolean): string {
  if (allow.length === 0)
    return `it may reach nothing${hasProviders ? " but the providers" : ""}; allow a host: piwork network --allow-host HOST`;
  return [
    hasProviders ? "it may reach the providers, and:" : "it may reach:",
    ...allow.map((rule) => `  ${describeRule(rule)}`),
  ].join("\n");
}

function describeRequests(requests: readonly NetworkRequest[]): string {
  if (requests.length === 0) return "it has asked for nothing yet";
  const rows = requests.slice(-SHOWN).map((request) => {
    const { time, verdict, kind, method = "", host, port, path = "", status, bytesUp, bytesDown, rule } = request;
    const what = kind === "connect" ? `${host}:${port}` : `${host}:${port}${path}`;
    const cells = [
      new Date(time).toISOString(),
      verdict,
      method,
      what,
      `${status ?? ""}`,
      `${bytesUp}/${bytesDown}`,
      rule,
    ];
    return cells.map((cell) => plain(cell).replaceAll(/[\n\t]/g, " "));
  });
  return [`its last requests (bytes up/down, and the rule):`, table(rows)].join("\n");
}
