import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

const STRING = String.raw`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|${"`"}(?:[^${"`"}\\]|\\.)*${"`"}`;
const METADATA = new RegExp(
  String.raw`\s*\.(?:describe|meta)\((?:[^()"'${"`"}]|${STRING})*\)|^ *does:\s*(?:${STRING}),\n`,
  "gm",
);

/** Leaves the descriptions of schemas out: nobody reads them in the guest, and each one copies its schema at every start. */
export const withoutDescriptions: Plugin = {
  name: "without-descriptions",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
      contents: stripDescriptions(await readFile(path, "utf8")),
      loader: "ts",
    }));
  },
};

export function stripDescriptions(source: string): string {
  const stripped = source.replaceAll(METADATA, "");
  const left = /\.(?:describe|meta)\(.*/.exec(stripped)?.[0];
  if (left !== undefined) throw new Error(`a description is not made of plain strings: ${left}`);
  return stripped;
}
