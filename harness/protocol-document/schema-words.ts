import * as z from "zod";
import { runtimeEvent } from "../../runtime/protocol/events.ts";
import { fieldsOf } from "./fields.ts";
import { anchor } from "./markdown.ts";
import { titleOf } from "./schemas.ts";

/** A type in words: by its name, where it has one. */
export function inWords(schema: z.ZodType): string {
  const title = titleOf(schema);
  if (title === undefined) return structure(schema);
  if (schema === runtimeEvent) return "[event](#events)";
  return fieldsOf(schema).length > 0 ? `[${title}](#${anchor(title)})` : title;
}

/** The same without its name. */
export function structure(schema: z.ZodType): string {
  if (schema instanceof z.ZodOptional) return inWords(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodDefault)
    return `${inWords(schema.unwrap() as z.ZodType)} (default: \`${JSON.stringify(schema.def.defaultValue)}\`)`;
  if (schema instanceof z.ZodNullable) return `${inWords(schema.unwrap() as z.ZodType)}, or null`;
  if (schema instanceof z.ZodEnum) return oneOf(schema.options.map((value) => `\`${value}\``));
  if (schema instanceof z.ZodLiteral) return `\`${JSON.stringify(schema.value)}\``;
  if (schema instanceof z.ZodBoolean) return "true or false";
  if (schema instanceof z.ZodUnknown) return "anything";
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape).length === 0 ? "`{}`" : "object";
  if (schema instanceof z.ZodUnion)
    return oneOf([...new Set(schema.options.map((option) => inWords(option as z.ZodType)))]);
  if (schema instanceof z.ZodRecord)
    return schema.valueType instanceof z.ZodUnknown
      ? "object"
      : `object: by ${inWords(schema.keyType as z.ZodType)}, ${inWords(schema.valueType as z.ZodType)}`;
  const facts = z.toJSONSchema(schema);
  if (schema instanceof z.ZodArray) {
    const element = inWords(schema.element as z.ZodType);
    const limits = bounds(facts.minItems, facts.maxItems).replace(/^, (.+)/, " ($1)");
    return `list${limits} of ${element === "object" ? "objects" : element}`;
  }
  if (facts.type === "integer" || facts.type === "number") return numberInWords(facts);
  if (facts.type === "string") return textInWords(schema, facts);
  throw new Error(`harness/protocol-document/schema-words.ts has no words for a ${schema.type}`);
}

function oneOf(values: string[]): string {
  return values.length < 2 ? values.join("") : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

function numberInWords(facts: z.core.JSONSchema.BaseSchema): string {
  const least = typeof facts.exclusiveMinimum === "number" ? facts.exclusiveMinimum + 1 : facts.minimum;
  const kind = facts.type === "integer" ? "whole number" : "number";
  const isOpen = (bound: number | undefined) => Math.abs(bound ?? Number.MAX_SAFE_INTEGER) === Number.MAX_SAFE_INTEGER;
  return kind + bounds(isOpen(least) ? undefined : least, isOpen(facts.maximum) ? undefined : facts.maximum);
}

function textInWords(schema: z.ZodType, facts: z.core.JSONSchema.BaseSchema): string {
  if (facts.format === "date-time") return "time (ISO 8601, UTC)";
  if (facts.pattern !== undefined) return `text like \`${facts.pattern}\``;
  const isOnlyNotEmpty = facts.minLength === 1 && facts.maxLength === undefined;
  const length = bounds(facts.minLength, facts.maxLength);
  return `text${isOnlyNotEmpty ? ", not empty" : length && `${length} characters`}${sentences(schema)}`;
}

function bounds(least: number | undefined, most: number | undefined): string {
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}`;
  if (least !== undefined) return `, at least ${least}`;
  return most === undefined ? "" : `, at most ${most}`;
}

/** The messages of rules that are code: JSON Schema cannot express them. */
function sentences(schema: z.ZodType): string {
  const words = (schema.def.checks ?? []).flatMap((check) => {
    const { def } = check._zod;
    const say = def.error as ((issue: object) => unknown) | undefined;
    return def.check === "custom" ? [say?.({ path: [] })] : [];
  });
  return words.length === 0 ? "" : ` (${words.join("; ")})`;
}
