import { spawn } from "node:child_process";
import { haveTemplate } from "../runtime/fleet/have-template.ts";
import { findPlaces } from "../runtime/places.ts";
import { PiworkError } from "../runtime/protocol/errors.ts";
import { PIWORK } from "./piwork.ts";

/** Brings the guest image up to date, with the builder's own progress on the terminal. */
function buildImage(): Promise<void> {
  return run("image", "build");
}

/**
 * The image, and what the machines of a suite are cloned from: a runtime would make it beside its first machines, and keep
 * every core busy while they are measured. Unsafe ones are there to be attacked.
 */
export async function prepareMachines(...kinds: readonly ("safe" | "unsafe")[]): Promise<void> {
  await buildImage();
  const unsafe = () =>
    haveTemplate({
      places: findPlaces(),
      acceleration: "auto",
      unsafe: true,
      buildImage: () => Promise.reject(new PiworkError("TASK_BOOTSTRAP_FAILED", "The sources changed meanwhile.")),
      step: (words) => console.log(`unsafe machines: ${words}`),
      signal: new AbortController().signal,
    });
  // Each keeps one core busy.
  await Promise.all([kinds.includes("safe") && run("template", "build"), kinds.includes("unsafe") && unsafe()]);
}

/** Runs a command of `piwork` that makes something, on this terminal. */
async function run(...words: string[]): Promise<void> {
  const child = spawn(process.execPath, [PIWORK, ...words], { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("close", resolve).once("error", reject),
  );
  if (code !== 0) throw new Error(`'piwork ${words.join(" ")}' ended with code ${code}`);
}
