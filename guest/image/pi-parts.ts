import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Plugin } from "esbuild";

const PACKAGE = "@mariozechner/pi-coding-agent";

/** What of pi and its packages is never used behind a task's walls. Loaded, it would be in the memory of each task. */
const UNUSED = [
  // the terminal's user interface, and what draws for it
  /\/pi-tui\//,
  /\/pi-coding-agent\/dist\/modes\/interactive\//,
  /\/pi-coding-agent\/dist\/core\/export-html\//,
  /\/pi-coding-agent\/dist\/utils\/clipboard[^/]*$/,
  // extensions, skills and packages that are looked for and fetched
  /\/pi-coding-agent\/dist\/index\.js$/,
  /\/pi-coding-agent\/dist\/core\/(resource-loader|package-manager)\.js$/,
  /\/pi-coding-agent\/dist\/utils\/tools-manager\.js$/,
  /\/node_modules\/(jiti|yaml|proper-lockfile)\//,
  // interfaces of models that no provider of ours has
  /\/pi-ai\/dist\/providers\/(mistral|google-vertex|azure-openai-responses|openai-codex-responses|amazon-bedrock)\.js$/,
];

/** What is taken in place of a part that is used, and larger than it needs to be. */
export const INSTEAD: [part: RegExp, ours: string][] = [
  [/\/node_modules\/file-type\//, "guest/pi/instead/file-type.ts"],
  [/\/pi-ai\/dist\/models\.generated\.js$/, "guest/pi/instead/models.ts"],
];

/** Whatever is asked of it is there, and does nothing. */
const NOTHING = "module.exports = Object.create(new Proxy({}, { get: () => class {} }));";

/** Where pi is found by `pi/…`, its own files, and what is left out of it. */
export function piParts(repo: string, modules: string): Plugin {
  return {
    name: "pi",
    setup(build) {
      build.onResolve({ filter: /^pi\// }, ({ path }) => ({ path: join(modules, PACKAGE, "dist", path.slice(3)) }));
      build.onResolve({ filter: /^[^p]|^p[^i]|^pi[^/]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (pluginData === "found" || kind === "entry-point") return undefined;
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: "found" });
        const instead = INSTEAD.find(([part]) => part.test(found.path))?.[1];
        if (instead !== undefined) return { path: instead, namespace: "instead" };
        if (!UNUSED.some((part) => part.test(found.path))) return undefined;
        // By another ending, lest it be taken for a module whose exports are known.
        return { path: `${relative(modules, found.path)}.cjs`, namespace: "unused" };
      });
      // Not as files: where they and the packages are is another place for each who builds, and would be in the names of chunks.
      build.onLoad({ filter: /.*/, namespace: "instead" }, async ({ path }) => ({
        contents: await readFile(join(repo, path)),
        loader: "ts",
      }));
      build.onLoad({ filter: /.*/, namespace: "unused" }, () => ({ contents: NOTHING, loader: "js" }));
    },
  };
}
