import type * as z from "zod";
import { table } from "./markdown.ts";
import { fieldName, inWords } from "./schema-words.ts";

/** The fields of an object, one a row; without meanings there is no column for them. */
export function fields(schema: z.ZodObject, meanings: ReadonlyMap<string, string>): string {
  const rows = fieldRows(schema, meanings);
  const isExplained = rows.some(([, , meaning]) => meaning !== "");
  return table(
    isExplained ? ["field", "type", "meaning"] : ["field", "type"],
    rows.map((row) => (isExplained ? row : row.slice(0, 2))),
  );
}

export function fieldRows(schema: z.ZodObject, meanings: ReadonlyMap<string, string>): string[][] {
  return Object.entries(schema.shape).map(([name, field]) => [
    fieldName(name, field as z.ZodType),
    inWords(field as z.ZodType),
    meanings.get(name) ?? "",
  ]);
}
