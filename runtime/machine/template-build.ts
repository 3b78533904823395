import { createWriteStream, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { PiworkError } from "../protocol/errors.ts";
import { TEMPLATE_YEAR } from "../protocol/template-year.ts";
import { TemporaryDirectory } from "../state/temporary-directory.ts";
import { type BootOptions, Machine } from "./machine.ts";
import { MemoryFile } from "./memory-file.ts";
import { packMemory } from "./packed-memory.ts";
import { Rehearsal, SLOTS } from "./rehearsal.ts";
import {
  DRAFT,
  MACHINE_MEMORY_MB,
  pruneTemplates,
  sha256Of,
  TEMPLATE_SCHEMA,
  type TemplateKind,
  type TemplateManifest,
  templateDirectory,
  templateKey,
  templatesDirectory,
  writeManifest,
} from "./template.ts";

/** Time each step of the build has, in milliseconds. Together they take half a minute; with all cores busy, minutes. */
const WITHIN = { deadlineMs: 600_000 };

/** Rounds after which V8 has settled most of what it compiles and learns of the code that runs for a task. */
const ROUNDS = 2;
const AMOUNT = { prompts: 8, commands: 2, looks: 25 };

/** What a process does behind its first answer is over by then, in milliseconds. Each clone would do it otherwise. */
const REST_MS = 1_500;

export interface TemplateBuild extends TemplateKind, Pick<BootOptions, "walls" | "consoleLog" | "signal"> {
  cache: string;
  /** an existing private directory for the machine's sockets */
  scratch: string;
}

/** Boots a machine, lets it start an agent that has no task, and saves it for others to be cloned from. */
export async function buildTemplate(build: TemplateBuild): Promise<TemplateManifest> {
  const { cache, agent, accelerator } = build;
  const key = templateKey(build);
  const startedAt = performance.now();
  mkdirSync(templatesDirectory(cache), { recursive: true });
  using directory = new TemporaryDirectory(join(templatesDirectory(cache), DRAFT));
  const draft = directory.path;
  try {
    using memory = await MemoryFile.make(MACHINE_MEMORY_MB * 1024 * 1024);
    const lastSeq = await saveMachine(build, memory.fd, join(draft, "state"));
    const state = readFileSync(join(draft, "state"));
    const manifest: TemplateManifest = {
      schema: TEMPLATE_SCHEMA,
      key,
      agent,
      accelerator,
      lastSeq,
      createdAt: new Date().toISOString(),
      memory: await packMemory(memory.fd, MACHINE_MEMORY_MB * 1024 * 1024, join(draft, "memory")),
      state: { bytes: state.length, sha256: sha256Of(state) },
      buildMs: Math.round(performance.now() - startedAt),
    };
    writeManifest(draft, manifest);
    const target = templateDirectory(cache, key);
    rmSync(target, { recursive: true, force: true });
    renameSync(draft, target);
    pruneTemplates(cache);
    return manifest;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOSPC")
      throw new PiworkError("TASK_BOOTSTRAP_FAILED", `The disk of the cache directory ${cache} is full.`, { cause });
    throw cause;
  }
}

/** Boots the machine, has it do once what its clones will do, and saves it; gives the number of its last event. */
async function saveMachine(build: TemplateBuild, memory: number, target: string): Promise<number> {
  const { scratch, agent, signal } = build;
  const sockets = join(scratch, "template");
  const startedAt = Date.now();
  using rehearsal = new Rehearsal(scratch, "rehearsal");
  await using machine = await Machine.boot({
    ...build,
    id: "template",
    sockets,
    files: build.files.forTemplate(rehearsal.places),
    memory: { use: "template", fd: memory },
    observer: {
      event: (event) => rehearsal.hear(event),
      violation: () => {},
      changed: () => {},
      connection: (stream, task) => rehearsal.connect(stream, task),
    },
    // The years that pass until a clone wakes tell what was warmed that it is one.
    now: () => Date.UTC(TEMPLATE_YEAR, 0) + Date.now() - startedAt,
    ...WITHIN,
  }).up;
  const { bridge } = machine;
  // Whoever gives up need not wait for what it is at; what is asked of it then fails.
  const giveUp = () => void machine.stop();
  signal.addEventListener("abort", giveUp);
  void machine.ended.then(() => signal.removeEventListener("abort", giveUp));
  await bridge.request("runtime_prove", { agent }, WITHIN);
  for (let round = 0; round < ROUNDS; round++) {
    signal.throwIfAborted();
    await rehearsal.perform(machine, agent, AMOUNT);
  }
  await bridge.request("runtime_warm", { agent, slots: SLOTS }, WITHIN);
  await bridge.request("runtime_settle", {}, WITHIN);
  await bridge.request("runtime_unmount", {}, WITHIN);
  await delay(REST_MS, undefined, { signal });
  signal.throwIfAborted();
  const server = createServer();
  const saved = new Promise<void>((resolve, reject) => {
    server.once("connection", (socket) =>
      pipeline(socket, createWriteStream(target, { mode: 0o600 })).then(resolve, reject),
    );
    void machine.ended.then(reject);
  });
  saved.catch(() => {});
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(join(sockets, "save.sock"), resolve),
  );
  try {
    await machine.save("save.sock");
    await saved;
  } finally {
    server.close();
  }
  return bridge.lastSeq;
}
