/** What docs/layout.md says of the sources. Paths are from the repository's root; those of folders end with `/`. */
export interface Layout {
  /** from above to below; `suites/*.ts` are the files of a folder that are in no folder below it */
  rooms: string[];
  /** what files import from outside of their prefix; the longest prefix counts */
  imports: { prefix: string; allowed: string[] }[];
  /** what files may lead to by a path */
  paths: { prefix: string; to: string }[];
}

/** A line of the tree. */
const LINE = /^(?<indent> *)(?<name>[\w.*-]+\/?)(?: |$)/;

export function parseLayout(page: string): Layout {
  const [, tree = "", rest = ""] = page.split("```");
  const [, imports = [], paths = []] = rest.split(/^\| files of .*$/m).map(rows);
  return {
    rooms: parseTree(tree),
    imports: imports.map(([prefix = "", allowed = ""]) => ({ prefix, allowed: allowed.split(" ").filter(Boolean) })),
    paths: paths.map(([prefix = "", to = ""]) => ({ prefix, to })),
  };
}

function parseTree(tree: string): string[] {
  const rooms: string[] = [];
  let area = "";
  for (const line of tree.split("\n")) {
    const { indent, name } = LINE.exec(line)?.groups ?? {};
    if (name === undefined) continue;
    if (indent === "") area = name;
    else rooms.push(area + name);
  }
  return rooms;
}

/** The cells of a table's rows, without the marks of code. */
function rows(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => /^\| `/.test(line))
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.replaceAll("`", "").trim()));
}
