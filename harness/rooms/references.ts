import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Expression, parseSync, type SpreadElement, Visitor } from "oxc-parser";

/** A place where a source refers to another file of the repository. */
export interface Reference {
  from: string;
  to: string;
  /** an import, of types as well; or a string that leads there */
  by: "import" | "path";
}

/** Top folders with sources. */
export const AREAS = ["runtime", "guest", "harness", "suites"] as const;

const BELOW_AREA = new RegExp(`^/?((?:${AREAS.join("|")})/.*[^/])`);
const RELATIVE = /^\.\.?\//;

/** What sources call the root of the repository. */
const ROOT = /^(REPOSITORY|REPO|repository|repo|root)$/;

/** What a source refers to, as far as its text shows: a path that is put together from variables is not seen. */
export function referencesOf(repository: string, from: string): Reference[] {
  const { program, errors } = parseSync(from, readFileSync(join(repository, from), "utf8"));
  if (errors[0] !== undefined) throw new Error(`${from} cannot be parsed: ${errors[0].message}`);
  const imports: string[] = [];
  const strings: string[] = [];
  const joined: string[] = [];
  const here = dirname(from);

  new Visitor({
    ImportDeclaration: ({ source }) => void imports.push(source.value),
    ExportAllDeclaration: ({ source }) => void imports.push(source.value),
    ExportNamedDeclaration: ({ source }) => {
      if (source !== null) imports.push(source.value);
    },
    ImportExpression: ({ source }) => void imports.push(...textOf(source)),
    TSImportType: ({ source }) => void imports.push(source.value),
    Literal: ({ value }) => {
      if (typeof value === "string") strings.push(value);
    },
    TemplateElement: ({ value }) => void strings.push(value.cooked ?? ""),
    CallExpression: ({ callee, arguments: words }) => {
      const [first, ...parts] = words;
      if (first === undefined) return;
      if (callee.type === "Identifier" && callee.name === "tsImport") imports.push(...textOf(first));
      // join(REPOSITORY, "guest", "image"), join(import.meta.dirname, "..", "image")
      const base = isRoot(first) ? "" : isHere(first) ? here : undefined;
      if (base !== undefined) joined.push(join(base, ...parts.flatMap(textOf)));
    },
  }).visit(program);

  const paths = strings.flatMap((text) => {
    if (imports.includes(text)) return [];
    if (RELATIVE.test(text)) return [join(here, text)];
    return BELOW_AREA.exec(text)?.[1] ?? [];
  });
  const leading = [...paths, ...joined].filter((to) => AREAS.some((area) => to === area || to.startsWith(`${area}/`)));
  return [
    ...imports
      .filter((text) => RELATIVE.test(text))
      .map((text) => ({ from, to: join(here, text), by: "import" as const })),
    ...[...new Set(leading)]
      .filter((to) => existsSync(join(repository, to)))
      .map((to) => ({ from, to, by: "path" as const })),
  ];
}

function textOf(word: Expression | SpreadElement): string[] {
  return word.type === "Literal" && typeof word.value === "string" ? [word.value] : [];
}

function isRoot(word: Expression | SpreadElement): boolean {
  return word.type === "Identifier" && ROOT.test(word.name);
}

/** `import.meta.dirname`. */
function isHere(word: Expression | SpreadElement): boolean {
  return word.type === "MemberExpression" && word.object.type === "MetaProperty";
}
