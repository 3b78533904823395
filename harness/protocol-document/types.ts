import { fieldsOf, fieldTable } from "./fields.ts";
import { table } from "./markdown.ts";
import { structure } from "./schema-words.ts";
import { namedTypes } from "./schemas.ts";

export function typeChapter(): string {
  const types = namedTypes();
  const small = types
    .filter(([, schema]) => fieldsOf(schema).length === 0)
    .map(([title, schema]) => [title, schema.description ?? "", structure(schema)]);
  const sections = types
    .filter(([, schema]) => fieldsOf(schema).length > 0)
    .map(([title, schema]) => `### ${capitalised(title)}\n${schema.description}\n\n${fieldTable(schema)}`);
  return `${table(["type", "meaning", "values"], small)}\n\n${sections.join("\n\n")}`;
}

function capitalised(title: string): string {
  return title.slice(0, 1).toUpperCase() + title.slice(1);
}
