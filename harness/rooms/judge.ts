import type { Layout } from "./layout.ts";
import type { Reference } from "./references.ts";

/** What is wrong with how the files of a repository refer to each other, a sentence each. */
export function judge(layout: Layout, files: readonly string[], references: readonly Reference[]): string[] {
  return [
    ...files.filter((file) => roomOf(layout, file) === -1).map((file) => `${file} is in no room of docs/layout.md`),
    ...references.flatMap((reference) => (reference.by === "import" ? wrongImport : wrongPath)(layout, reference)),
    ...rings(references.filter(({ by }) => by === "import")).map((ring) => `${ring.join(" -> ")} is a ring of imports`),
  ];
}

function wrongImport(layout: Layout, { from, to }: Reference): string[] {
  for (const { prefix, allowed } of layout.imports.filter((one) => isIn(one.prefix, from)).sort(longestFirst)) {
    if (isIn(prefix, to)) break;
    if (allowed.some((one) => isIn(one, to))) return [];
    return [`${from} imports ${to}; from elsewhere, ${prefix} imports ${allowed.join(" and ") || "nothing"}`];
  }
  const [own, other] = [roomOf(layout, from), roomOf(layout, to)];
  if (own >= other) return [];
  return [`${from} imports ${to}; ${layout.rooms[other]} stands below ${layout.rooms[own]} in docs/layout.md`];
}

function wrongPath(layout: Layout, { from, to }: Reference): string[] {
  // What tests say of sources is data.
  if (from.endsWith(".test.ts")) return [];
  if (areaOf(from) === areaOf(to) && [roomOf(layout, from), -1].includes(roomOf(layout, to))) return [];
  if (layout.paths.some((one) => isIn(one.prefix, from) && isIn(one.to, to))) return [];
  return [`${from} leads to ${to} by a path; export what is needed from there, and import that`];
}

/** The place of a file's room in the order of rooms; -1 where it has none. */
function roomOf({ rooms }: Layout, file: string): number {
  return rooms.findIndex((room) => isIn(room, file));
}

function isIn(place: string, file: string): boolean {
  if (place.endsWith("/")) return `${file}/`.startsWith(place);
  if (!place.endsWith("/*.ts")) return file === place;
  const folder = place.slice(0, -"*.ts".length);
  return file.startsWith(folder) && /^[^/]+\.ts$/.test(file.slice(folder.length));
}

function areaOf(file: string): string | undefined {
  return file.split("/")[0];
}

function longestFirst(a: { prefix: string }, b: { prefix: string }): number {
  return b.prefix.length - a.prefix.length;
}

/** Files that import each other in a ring. */
function rings(imports: readonly Reference[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file]);
    else if (!done.has(file)) {
      path.push(file);
      next.get(file)?.forEach(visit);
      path.pop();
      done.add(file);
    }
  };
  for (const file of next.keys()) visit(file);
  return found;
}
