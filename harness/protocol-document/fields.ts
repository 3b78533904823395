import * as z from "zod";
import { table } from "./markdown.ts";
import { inWords } from "./schema-words.ts";
import { meaningOf, titleOf, unwrapped } from "./schemas.ts";

interface Field {
  name: string;
  isOptional: boolean;
  types: string[];
  meanings: string[];
}

/** The fields of a schema as a table; those of objects inside have names like `port.mode` and `walls[].taskId`. */
export function fieldTable(schema: z.ZodType): string {
  const rows = fieldsOf(schema).map(({ name, isOptional, types, meanings }) => [
    `\`${name}${isOptional ? "?" : ""}\``,
    types.filter((type) => !types.includes(`${type}, or null`)).join(" or "),
    meanings.join(" "),
  ]);
  return table(["field", "type", "meaning"], rows);
}

/** The fields of a schema, where it has no section with them. */
function ownFieldsOf(schema: z.ZodType): Field[] {
  return titleOf(schema) === undefined ? fieldsOf(schema) : [];
}

export function fieldsOf(schema: z.ZodType): Field[] {
  if (schema instanceof z.ZodUnion) return mergedFields((schema.options as z.ZodType[]).map(ownFieldsOf));
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const inner = unwrapped(field as z.ZodType);
    const [path, content] =
      inner instanceof z.ZodArray ? [`${name}[]`, inner.element as z.ZodType] : ([name, inner] as const);
    return [
      {
        name,
        isOptional: field instanceof z.ZodOptional || field instanceof z.ZodDefault,
        types: [inWords(field as z.ZodType)],
        meanings: [meaningOf(field as z.ZodType) ?? ""],
      },
      ...ownFieldsOf(content).map((one) => ({ ...one, name: `${path}.${one.name}` })),
    ];
  });
}

/** The fields of several kinds of object in one list; a field that not all of them have is optional. */
function mergedFields(kinds: Field[][]): Field[] {
  const merged = new Map<string, Field>();
  for (const field of kinds.flat()) {
    const known = merged.get(field.name);
    const add = (list: keyof Pick<Field, "types" | "meanings">) => [
      ...new Set([...(known?.[list] ?? []), ...field[list]]),
    ];
    const isEverywhere = kinds.every((kind) => kind.some(({ name }) => name === field.name));
    merged.set(field.name, {
      name: field.name,
      isOptional: field.isOptional || !isEverywhere,
      types: add("types"),
      meanings: add("meanings"),
    });
  }
  return [...merged.values()];
}

/** A schema after its label: in words, or as a table of its fields. */
export function part(label: string, schema: z.ZodType): string {
  const [content, list] = schema instanceof z.ZodArray ? [schema.element as z.ZodType, ", a list of"] : [schema, ""];
  const isTable = ownFieldsOf(content).length > 0;
  return isTable ? `${label}${list}:\n\n${fieldTable(content)}` : `${label}: ${inWords(schema)}.`;
}
