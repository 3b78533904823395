import { accessSync, constants, mkdirSync, rmSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { writeAtomically } from "../linux/atomic-file.ts";
import { PiworkError } from "../protocol/errors.ts";
import { isAbsent } from "../state/absent.ts";
import type { Image } from "../state/image.ts";
import { readCached } from "../state/whole-file.ts";
import { type Accelerator, qemuArguments } from "./arguments.ts";
import { Console } from "./console.ts";
import { explainEnd, QEMU, spawnHypervisor, wallsFailed } from "./hypervisor.ts";
import { Qmp } from "./qmp.ts";
import { seenByQemu, type Walls } from "./walls.ts";

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
  walls: Walls;
  /** where the answer is remembered */
  cache: string;
  /** an existing private directory for the probe's socket */
  scratch: string;
  onProbe(): void;
  signal: AbortSignal;
  /** time to boot, in milliseconds */
  deadlineMs?: number;
}

/** A working KVM boots the probe in two seconds; one that hangs never will. */
const PROBE_DEADLINE_MS = 15_000;

const verdict = z.strictObject({ host: z.string(), works: z.boolean(), why: z.string() });
type Verdict = z.infer<typeof verdict>;
type Answer = Omit<Verdict, "host">;

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
  const found = readCached(verdictFile(cache), verdict);
  return found !== undefined && found.host === (await describeHost()) ? found : undefined;
}

async function askKvm(probe: ProbeOptions): Promise<Answer> {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch (error) {
    const why = isAbsent(error)
      ? "/dev/kvm is not there"
      : "/dev/kvm may not be used by this user (it usually takes the group 'kvm')";
    return { works: false, why };
  }
  const remembered = await rememberedVerdict(probe.cache);
  if (remembered !== undefined) return remembered;
  probe.onProbe();
  const answer: Verdict = { host: await describeHost(), ...(await probeAccelerator("kvm", probe)) };
  probe.signal.throwIfAborted(); // an interrupted probe has no answer worth remembering
  writeAtomically(verdictFile(probe.cache), `${JSON.stringify(answer, null, 2)}\n`);
  return answer;
}

/** Boots the image's kernel as far as its first process, which resets the machine; QEMU's control channel reports that. */
export async function probeAccelerator(
  accelerator: Accelerator,
  { image, walls, scratch, signal, deadlineMs = PROBE_DEADLINE_MS }: ProbeOptions,
): Promise<Answer> {
  const sockets = join(scratch, `probe-${accelerator}`);
  rmSync(sockets, { recursive: true, force: true });
  mkdirSync(sockets, { mode: 0o700 });
  const paths = { image: image.dir, sockets, exports: [] };
  const shape = { accelerator, memoryMb: 256, fileDevices: [], kernelWords: ["piwork.probe"], fixedAddresses: false };
  const command = [QEMU, ...qemuArguments(shape, seenByQemu(paths, walls))];
  const hypervisor = spawnHypervisor(paths, accelerator, command, walls);
  const console = new Console();
  hypervisor.console.on("data", (chunk: Buffer) => console.write(chunk));
  const [name, what] =
    accelerator === "kvm"
      ? ["KVM", "/dev/kvm is there, but a kernel booted with it"]
      : ["software emulation", "a kernel booted in software emulation"];
  const over = new AbortController();
  const fail = (how: string) => over.abort(`${what} ${how}`);
  const deadline = setTimeout(() => fail(`did not start within ${deadlineMs / 1000} s`), deadlineMs);
  const interrupt = () => fail("was interrupted");
  signal.addEventListener("abort", interrupt);
  try {
    return await new Promise((resolve, reject) => {
      over.signal.addEventListener("abort", () => resolve({ works: false, why: String(over.signal.reason) }));
      hypervisor.ended.then((end) => {
        const why = explainEnd(end, console.lastLine);
        // That says nothing about the accelerator, and must not be remembered as if it did.
        if (wallsFailed(end)) reject(new PiworkError("TASK_BOOTSTRAP_FAILED", why));
        resolve({ works: false, why: `QEMU could not use ${name}: ${why}` });
      });
      Qmp.connect(join(sockets, "qmp.sock"), over.signal, (event, data) => {
        if (event === "SHUTDOWN" && data["reason"] === "guest-reset")
          resolve({ works: true, why: `a kernel booted with ${accelerator} on this host` });
        if (event === "STOP" || event === "GUEST_PANICKED") fail("stopped with an internal error");
      }).catch(() => {}); // QEMU's end or the deadline says it better
    });
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener("abort", interrupt);
    fail("is over");
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
