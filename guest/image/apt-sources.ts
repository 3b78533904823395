import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** One way in which a machine's apt is told to fetch packages. */
export interface AptSource {
  uris: string[];
  suites: string[];
  components: string[];
  /** Empty where the entry does not limit them. */
  architectures: string[];
  /** Path of a keyring, fingerprints, or a key itself; undefined where the machine's trusted keys decide. */
  signedBy: string | undefined;
}

/** The entries for binary packages that are in use in `etc`, usually /etc/apt, in the order in which apt reads them. */
export async function readAptSources(etc: string): Promise<AptSource[]> {
  const parts = await readdir(join(etc, "sources.list.d")).catch(nothingThere);
  const files = ["sources.list", ...parts.sort().map((name) => join("sources.list.d", name))];
  const sources: AptSource[] = [];
  for (const file of files) {
    const parse = file.endsWith(".list") ? parseOneLine : file.endsWith(".sources") ? parseDeb822 : undefined;
    if (parse) sources.push(...parse(await readFile(join(etc, file), "utf8").catch(noText)));
  }
  return sources;
}

/** The format of `*.list`: `deb [option=value …] uri suite component …`. */
function parseOneLine(text: string): AptSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(.+)$/.exec(line.replace(/#.*/, ""));
    if (match === null) return [];
    const [uri = "", suite = "", ...components] = words(match[2]);
    const options = new Map(words(match[1]).map((option) => option.split(/=(.*)/s, 2) as [string, string]));
    return {
      uris: [uri],
      suites: [suite],
      components,
      architectures: options.get("arch")?.split(",") ?? [],
      signedBy: options.get("signed-by"),
    };
  });
}

/** The format of `*.sources`: paragraphs of fields, of which each may go on in lines that begin with a blank. */
function parseDeb822(text: string): AptSource[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  return lines
    .join("\n")
    .split(/\n[ \t]*\n/)
    .flatMap((paragraph) => {
      const fields = new Map<string, string>();
      for (const [, name = "", value = ""] of paragraph.matchAll(/^([^\s:]+):((?:.*)(?:\n[ \t].*)*)/gm))
        fields.set(name.toLowerCase(), value.trim());
      const field = (name: string) => words(fields.get(name));
      if (!field("types").includes("deb") || /^(no|false|without|off|disable|0)$/i.test(fields.get("enabled") ?? ""))
        return [];
      return {
        uris: field("uris"),
        suites: field("suites"),
        components: field("components"),
        architectures: field("architectures"),
        signedBy: fields.get("signed-by"),
      };
    });
}

const words = (text = "") => text.split(/\s+/).filter((word) => word !== "");

const nothingThere = (error: NodeJS.ErrnoException): string[] => {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
  throw error;
};
const noText = (error: NodeJS.ErrnoException) => nothingThere(error).join("");
