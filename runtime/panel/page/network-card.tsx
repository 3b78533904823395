import { useState } from "preact/hooks";
import { allowing, parseHost } from "../../api/network-rules.ts";
import type { TaskRecord } from "../../api/record.ts";
import type { NetworkPolicy, NetworkRequest, NetworkRule } from "../../protocol/network.ts";
import { DEFAULT_PORTS } from "../../protocol/network.ts";
import { call } from "./api.ts";
import { Figure } from "./figure.tsx";
import { Refusal } from "./refusal.tsx";
import { Section } from "./section.tsx";
import { useAnswer } from "./use-answer.ts";
import { useStore } from "./use-store.ts";
import { count, size, timeOfDay, visible } from "./words.ts";

/** Requests that are shown, the last ones. */
const SHOWN = 30;

/** Where a task may go, which the host decides for each request, and where it went. */
export function NetworkCard({ task }: { task: TaskRecord }) {
  const { networkVersion, connection } = useStore();
  const [refused, setRefused] = useState("");
  const { answer, refusal, again } = useAnswer(
    () => call("network", { task: task.id }),
    [task.id, networkVersion, connection],
  );
  const set = async (change: () => NetworkPolicy) => {
    try {
      await call("network_set", { task: task.id, policy: change() });
      setRefused("");
      return true;
    } catch (error) {
      setRefused((error as Error).message);
      return false;
    } finally {
      again();
    }
  };
  if (answer === undefined)
    return (
      <Section title="Network" kind="network" fact="">
        <Refusal says={refusal} />
      </Section>
    );
  const { policy, providers, requests } = answer;
  const open = [...providers.map(({ name }) => name), ...policy.allow.map(ruleWords)];
  const refusals = requests.filter(({ verdict }) => verdict === "refused").length;
  const fact = (
    <>
      {open.length === 0 ? "closed" : summary(open)}
      {refusals > 0 && <span class="refusals"> · {refusals} refused</span>}
    </>
  );
  return (
    <Section title="Network" kind="network" fact={fact}>
      <Refusal says={refusal} />
      <p class="faint">
        The machine has no network card. What is asked for goes through this host, which refuses everything but this:
      </p>
      <ul class="allowed">
        {providers.map(({ name }) => (
          <li key={name}>
            <span>
              <code>{name}</code> <span class="faint">model provider; its key stays on this host</span>
            </span>
          </li>
        ))}
        {policy.allow.map((rule, index) => (
          <li key={ruleWords(rule)}>
            <code>{ruleWords(rule)}</code>
            <button
              type="button"
              class="quiet"
              aria-label={`Forbid ${ruleWords(rule)}`}
              onClick={() => void set(() => ({ allow: policy.allow.filter((_, at) => at !== index) }))}
            >
              ✕
            </button>
          </li>
        ))}
        {open.length === 0 && <li class="faint">Nothing.</li>}
      </ul>
      <Allow onAllow={(written) => set(() => allowing(policy, parseHost(written)))} />
      <Refusal says={refused} isAlert />
      <Requests requests={requests} />
    </Section>
  );
}

/** A host to allow, as a person writes it: with a port behind it or without. */
function Allow({ onAllow }: { onAllow: (written: string) => Promise<boolean> }) {
  const [text, setText] = useState("");
  return (
    <form
      class="row allow"
      onSubmit={async (event) => {
        event.preventDefault();
        if (await onAllow(text.trim())) setText("");
      }}
    >
      <input
        aria-label="Host to allow"
        placeholder="example.com, *.example.com"
        title="A host, or '*.' and what stands behind it; with ':8443' for another port than 80 and 443"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" disabled={text.trim() === ""}>
        Allow
      </button>
    </form>
  );
}

function Requests({ requests }: { requests: readonly NetworkRequest[] }) {
  if (requests.length === 0) return <p class="faint">Nothing was asked for yet.</p>;
  return (
    <details class="requests" open={requests.some(({ verdict }) => verdict === "refused")}>
      <summary>{count(requests.length, "request")}</summary>
      <ul>
        {requests
          .slice(-SHOWN)
          .reverse()
          .map((request, index) => (
            <li key={index} class={request.verdict}>
              <Figure kind="time">{timeOfDay(request.time)}</Figure>
              <span class="what">
                {visible(whatWords(request))}
                <span class="faint"> {visible(request.rule)}</span>
              </span>
              <span class="faint amount">{amountWords(request)}</span>
            </li>
          ))}
      </ul>
    </details>
  );
}

function whatWords({ kind, method, host, port, path = "" }: NetworkRequest): string {
  const what = kind === "connect" ? "CONNECT" : (method ?? "");
  return `${what} ${host}${port === 0 ? "" : `:${port}`}${path}`.trim();
}

function amountWords({ verdict, status, bytesUp, bytesDown }: NetworkRequest): string {
  if (verdict !== "allowed") return verdict;
  return `${status === undefined ? "" : `${status}, `}↑${size(bytesUp)} ↓${size(bytesDown)}`;
}

function ruleWords({ host, ports, methods }: NetworkRule): string {
  const isUsual = ports.length === DEFAULT_PORTS.length && ports.every((port) => DEFAULT_PORTS.includes(port));
  return `${host}${isUsual ? "" : `:${ports.join(",")}`}${methods === undefined ? "" : ` ${methods.join(" ")}`}`;
}

function summary([first = "", ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
