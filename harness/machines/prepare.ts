import { $ } from "zx";
import { haveTemplate, type TemplateWish } from "../../runtime/fleet/have-template.ts";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { findImage } from "../../runtime/state/image.ts";
import { findPlaces, REPOSITORY } from "../../runtime/state/places.ts";
import { atExit } from "../host/at-exit.ts";
import { AGENT, PIWORK } from "../runtimes/piwork.ts";

/**
 * Builds the guest image unless there is one of today's sources, as `npm start` does: with it, neither Debian's mirror nor the date
 * decides what is tested.
 */
async function haveImage(): Promise<void> {
  if (findImage(findPlaces().cache, REPOSITORY) === undefined) await run("image", "build");
}

/** What a suite's machines are: whole, or there to be attacked; and who waits in them. */
const KINDS = {
  safe: { unsafe: false, agent: "probe" },
  unsafe: { unsafe: true, agent: "probe" },
  pi: { unsafe: false, agent: "pi" },
  "unsafe-pi": { unsafe: true, agent: "pi" },
} as const satisfies Record<string, Pick<TemplateWish, "unsafe" | "agent">>;

export type MachineKind = keyof typeof KINDS;

/** The machines of suites that take their agent from the environment. */
export const SAFE = AGENT === "pi" ? "pi" : "safe";
export const UNSAFE = AGENT === "pi" ? "unsafe-pi" : "unsafe";

/**
 * The image, and what the machines of a suite are cloned from: a runtime would make it beside its first machines, and keep
 * every core busy while they are measured.
 */
export async function prepareMachines(...kinds: readonly MachineKind[]): Promise<void> {
  await haveImage();
  const left = [...new Set(kinds)];
  const prepareNext = async () => {
    for (let kind = left.shift(); kind !== undefined; kind = left.shift()) await prepare(kind);
  };
  // Two at a time: each keeps one core busy.
  await Promise.all([prepareNext(), prepareNext()]);
}

async function prepare(kind: MachineKind): Promise<void> {
  await haveTemplate({
    ...KINDS[kind],
    places: findPlaces(),
    acceleration: "auto",
    buildImage: () => Promise.reject(new PiworkError("TASK_BOOTSTRAP_FAILED", "The sources changed meanwhile.")),
    step: (words) => console.log(`${kind} machines: ${words}`),
    signal: new AbortController().signal,
  });
}

/** Runs a command of `piwork` that makes something, on this terminal. */
async function run(...words: string[]): Promise<void> {
  // In a process group of its own, which Ctrl-C does not reach.
  const running = $({ stdio: "inherit", nothrow: true })`exec ${process.execPath} ${PIWORK} ${words}`;
  const forget = atExit(() => running.child?.kill("SIGINT"));
  const { exitCode } = await running;
  forget();
  if (exitCode !== 0) throw new Error(`'piwork ${words.join(" ")}' ended with code ${exitCode}`);
}
