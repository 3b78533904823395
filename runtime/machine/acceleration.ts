import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { PiworkError } from "../protocol/errors.ts";
import type { Image } from "../protocol/image.ts";
import { type Accelerator, qemuArguments } from "./arguments.ts";
import { explainEnd, QEMU, spawnHypervisor } from "./hypervisor.ts";
import { Qmp } from "./qmp.ts";

export const accelerationRequest = z.enum(["auto", "kvm", "tcg"]);
export type AccelerationRequest = z.infer<typeof accelerationRequest>;

export interface Acceleration {
  requested: AccelerationRequest;
  used: Accelerator;
  /** why this one, in words for a person */
  reason: string;
}

export interface ProbeOptions {
  image: Image;
  /** where the answer is remembered */
  cache: string;
  /** an existing private directory for the probe's socket */
  scratch: string;
  onProbe(): void;
  signal: AbortSignal;
}

/** A working KVM boots the probe in two seconds; one that hangs never will. */
const PROBE_DEADLINE_MS = 15_000;

const verdict = z.strictObject({ host: z.string(), works: z.boolean(), why: z.string() });
type Verdict = z.infer<typeof verdict>;

/**
 * Chooses what runs the machine. The device node proves nothing: a paravirtual host can offer one that never boots a stock kernel.
 * So a kernel is booted under KVM once, and the answer is remembered for this host.
 */
export async function chooseAcceleration(requested: AccelerationRequest, probe: ProbeOptions): Promise<Acceleration> {
  if (requested === "tcg") return { requested, used: "tcg", reason: "software emulation was asked for" };
  const { works, why } = await askKvm(probe);
  if (works) return { requested, used: "kvm", reason: why };
  if (requested === "kvm")
    throw new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      `KVM does not work here: ${why}. Use --accel auto for software emulation.`,
    );
  return { requested, used: "tcg", reason: why };
}

/** The remembered answer for this host, if there is one. */
export async function rememberedVerdict(cache: string): Promise<Verdict | undefined> {
  try {
    const found = verdict.parse(JSON.parse(readFileSync(verdictFile(cache), "utf8")));
    return found.host === (await describeHost()) ? found : undefined;
  } catch (error) {
    if (
      error instanceof z.ZodError ||
      error instanceof SyntaxError ||
      (error as NodeJS.ErrnoException).code === "ENOENT"
    )
      return undefined;
    throw error;
  }
}

async function askKvm(probe: ProbeOptions): Promise<Pick<Verdict, "works" | "why">> {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === "ENOENT";
    return {
      works: false,
      why: absent
        ? "/dev/kvm is not there"
        : "/dev/kvm may not be used by this user (it usually takes the group 'kvm')",
    };
  }
  const remembered = await rememberedVerdict(probe.cache);
  if (remembered !== undefined) return remembered;
  probe.onProbe();
  const answer = { host: await describeHost(), ...(await probeKvm(probe)) };
  probe.signal.throwIfAborted(); // an interrupted probe has no answer worth remembering
  remember(probe.cache, answer);
  return answer;
}

/** Boots the image's kernel under KVM as far as its first process, which resets the machine. */
async function probeKvm({ image, scratch, signal }: ProbeOptions): Promise<Pick<Verdict, "works" | "why">> {
  const sockets = join(scratch, "kvm-probe");
  rmSync(sockets, { recursive: true, force: true });
  mkdirSync(sockets, { mode: 0o700 });
  const words = qemuArguments({ accelerator: "kvm", memoryMb: 256, fileDevices: [], kernelWords: ["piwork.probe"] });
  const hypervisor = spawnHypervisor({ image: image.dir, sockets, exports: {} }, "kvm", words);
  hypervisor.console.resume();
  const over = new AbortController();
  const deadline = setTimeout(
    () =>
      over.abort(
        new Error(`/dev/kvm is there, but a kernel booted with it did not start within ${PROBE_DEADLINE_MS / 1000} s`),
      ),
    PROBE_DEADLINE_MS,
  );
  const interrupt = () => over.abort(new Error("the probe was interrupted"));
  signal.addEventListener("abort", interrupt);
  let reset = false;
  try {
    const outcome = new Promise<Pick<Verdict, "works" | "why">>((resolve) => {
      over.signal.addEventListener("abort", () =>
        resolve({ works: false, why: String((over.signal.reason as Error).message) }),
      );
      hypervisor.ended.then((end) =>
        resolve({
          works: reset,
          why: reset
            ? "a kernel booted with KVM on this host"
            : `/dev/kvm is there, but QEMU cannot use it: ${explainEnd(end).message}`,
        }),
      );
      Qmp.connect(join(sockets, "qmp.sock"), over.signal, (event, data) => {
        if (event === "SHUTDOWN" && data["reason"] === "guest-reset") reset = true;
        if (event === "STOP" || event === "GUEST_PANICKED")
          over.abort(new Error("/dev/kvm is there, but a kernel booted with it stops with an internal error"));
      }).catch(() => {}); // QEMU's end or the deadline says it better
    });
    return await outcome;
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener("abort", interrupt);
    over.abort(new Error("the probe is over"));
    hypervisor.kill();
    await hypervisor.ended;
    rmSync(sockets, { recursive: true, force: true });
  }
}

/** What the answer depends on. */
async function describeHost(): Promise<string> {
  const { stdout } = await execa(QEMU, ["--version"]);
  return [stdout.split("\n")[0], `Linux ${release()}`, cpus()[0]?.model ?? "unknown processor"].join("; ");
}

function verdictFile(cache: string): string {
  return join(cache, "acceleration.json");
}

function remember(cache: string, answer: Verdict): void {
  const file = verdictFile(cache);
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(answer, null, 2)}\n`);
  renameSync(`${file}.${process.pid}`, file);
}
