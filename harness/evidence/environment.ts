import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { dirname, join } from "node:path";
import { $ } from "zx";
import { type Environment, runtimeFacts } from "../../runtime/api/bundle.ts";
import { QEMU } from "../../runtime/machine/hypervisor.ts";
import { listTemplates } from "../../runtime/machine/template.ts";
import { findImage } from "../../runtime/state/image.ts";
import { findPlaces, REPOSITORY } from "../../runtime/state/places.ts";
import { FACTS_FILE } from "./facts.ts";

const { devDependencies } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
  devDependencies: Record<string, string>;
};

/** Where a run is, and with what. */
export function lookAround(): Environment {
  const { cache } = findPlaces();
  const image = findImage(cache, REPOSITORY)?.manifest;
  return {
    schema: 1,
    system: `${type()} ${release()}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 2 ** 20),
    load: loadavg(),
    node: process.version,
    ...programs(),
    image: image === undefined ? null : { inputs: image.inputs, files: image.files },
    templates: listTemplates(cache).flatMap(({ directory, manifest }) =>
      manifest === null ? [] : describeTemplate(directory, manifest),
    ),
    runtimes: {},
  };
}

function describeTemplate(
  directory: string,
  { key, state, memory }: NonNullable<ReturnType<typeof listTemplates>[number]["manifest"]>,
): Environment["templates"] {
  const file = join(directory, "manifest.json");
  if (!existsSync(file)) return []; // another runtime has removed it meanwhile
  const manifest = createHash("sha256").update(readFileSync(file)).digest("hex");
  return [{ key, manifest, state: state.sha256, memoryCrc32: memory.crc32 }];
}

let known: Pick<Environment, "qemu" | "browser" | "fonts"> | undefined;

/** What is installed does not change while the suites run. */
function programs(): NonNullable<typeof known> {
  known ??= {
    qemu: ask(QEMU, "--version")?.split("\n")[0] ?? null,
    browser: pinned("@sparticuz/chromium"),
    fonts: [pinned("@expo-google-fonts/arimo"), pinned("dejavu-fonts-ttf")],
  };
  return known;
}

/** An npm package with the version that package.json pins. */
function pinned(name: string): string {
  return `${name} ${devDependencies[name]}`;
}

/** What the runtimes of a run have left of themselves, by the directory of their logs. */
export function factsBelow(directory: string): Environment["runtimes"] {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" });
  return Object.fromEntries(
    files
      .filter((path) => path === FACTS_FILE || path.endsWith(`/${FACTS_FILE}`))
      .map((path) => [dirname(path), runtimeFacts.parse(JSON.parse(readFileSync(join(directory, path), "utf8")))]),
  );
}

/** The commit that is tested, and whether nothing was changed since; null where this is no checkout, or there is no git. */
export function lookAtSources(): { commit: string | null; clean: boolean | null } {
  const status = ask("git", "-C", REPOSITORY, "status", "--porcelain");
  return {
    commit: ask("git", "-C", REPOSITORY, "rev-parse", "HEAD")?.trim() ?? null,
    clean: status === undefined ? null : status === "",
  };
}

/** What a program prints; undefined where it is not there, or fails. */
function ask(program: string, ...words: string[]): string | undefined {
  const { ok, stdout } = $.sync({ stdio: ["ignore", "pipe", "ignore"], nothrow: true })`${program} ${words}`;
  return ok ? stdout : undefined;
}
