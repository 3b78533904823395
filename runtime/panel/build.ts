import { join } from "node:path";
import { REPOSITORY } from "../state/places.ts";

export interface Asset {
  type: string;
  content: Buffer;
}

const PAGE = join(REPOSITORY, "runtime/panel/page");
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Builds the page, in memory: it takes a third of a second, and nothing that is left behind could be out of date. */
export async function buildPage(): Promise<ReadonlyMap<string, Asset>> {
  const { build, stop } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(PAGE, "main.tsx"), join(PAGE, "style.css"), join(PAGE, "index.html"), join(PAGE, "icon.svg")],
    bundle: true,
    minify: true,
    write: false,
    outdir: "/",
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".html": "copy", ".svg": "copy" },
    logLevel: "error",
  });
  // Its service would stay as a process of ours.
  await stop();
  const assets = new Map<string, Asset>();
  for (const { path, contents } of outputFiles) {
    const type = TYPES[path.split(".").at(-1) ?? ""];
    if (type !== undefined) assets.set(path === "/index.html" ? "/" : path, { type, content: Buffer.from(contents) });
  }
  return assets;
}
