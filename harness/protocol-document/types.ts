import { remarks } from "./comments.ts";
import { fields } from "./field-table.ts";
import { table } from "./markdown.ts";
import { OBJECTS, SMALL_TYPES } from "./named-types.ts";
import { inWords } from "./schema-words.ts";

export function typeChapter(): string {
  const small = SMALL_TYPES.map(([name, schema, meaning]) => [name, meaning, inWords(schema, { byName: false })]);
  const sections = OBJECTS.map(
    ([name, schema, meaning, file, ...path]) => `### ${name}\n${meaning}\n\n${fields(schema, remarks(file, ...path))}`,
  );
  return `${table(["type", "for", "is"], small)}\n\n${sections.join("\n\n")}`;
}
