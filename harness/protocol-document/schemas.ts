import * as z from "zod";
import { calls, streamFailure, streams, uploaded } from "../../runtime/api/calls.ts";
import { runtimeEvent } from "../../runtime/protocol/events.ts";
import { uploadName } from "../../runtime/protocol/ids.ts";
import { ackFrame, answerFrame, commands, requestFrame } from "../../runtime/protocol/rpc.ts";
import { sessionHead } from "../../runtime/protocol/session.ts";

/** Every schema of the document, by its name in the sources. */
const DOCUMENTED = {
  commands,
  runtimeEvent,
  requestFrame,
  answerFrame,
  ackFrame,
  calls,
  streams,
  streamFailure,
  uploaded,
  uploadName,
  sessionHead,
};

interface Found {
  /** for example `commands.steer.payload.when` */
  place: string;
  schema: z.ZodType;
  isField: boolean;
}

/** A schema, or a table of schemas, with all schemas inside. */
function* schemasIn(value: unknown, place: string, isField = false): Generator<Found> {
  if (value instanceof z.ZodType) {
    yield { place, schema: value, isField };
    for (const inner of partsOf(value)) yield* schemasIn(inner, place);
  }
  const members = value instanceof z.ZodObject ? value.shape : value instanceof z.ZodType ? {} : value;
  if (typeof members !== "object" || members === null) return;
  for (const [name, member] of Object.entries(members))
    yield* schemasIn(member, `${place}.${name}`, value instanceof z.ZodObject);
}

const allSchemas = () => Object.entries(DOCUMENTED).flatMap(([name, value]) => [...schemasIn(value, name)]);

/** What a list, a union, a record or a wrapper is made of. */
function partsOf(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodArray) return [schema.element as z.ZodType];
  if (schema instanceof z.ZodUnion) return schema.options as z.ZodType[];
  if (schema instanceof z.ZodRecord) return [schema.keyType, schema.valueType] as z.ZodType[];
  const inner = unwrapped(schema);
  return inner === schema ? [] : [inner];
}

/** The schema inside of `optional`, `default` and `nullable`. */
export function unwrapped(schema: z.ZodType): z.ZodType {
  const isWrapper =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable;
  return isWrapper ? unwrapped(schema.unwrap() as z.ZodType) : schema;
}

/** Description of a field: its own, or that of its type. */
export function meaningOf(field: z.ZodType): string | undefined {
  return field.description ?? unwrapped(field).description;
}

/** Name of a type that has one; a field with a description of its own keeps its type's name. */
export function titleOf(schema: z.ZodType): string | undefined {
  return schema === runtimeEvent ? "event" : schema.meta()?.title;
}

/** The types that have a name, in alphabetical order. */
export function namedTypes(): [title: string, schema: z.ZodType][] {
  const byTitle = new Map<string, z.ZodType>();
  for (const { schema } of allSchemas()) {
    const title = titleOf(schema);
    // Events have a chapter of their own.
    if (title !== undefined && schema !== runtimeEvent) byTitle.set(title, declarationOf(schema));
  }
  return [...byTitle].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The type as it was declared, where a field has given it another description. */
function declarationOf(schema: z.ZodType): z.ZodType {
  const { parent } = schema._zod;
  return parent instanceof z.ZodType && titleOf(parent) === titleOf(schema) ? declarationOf(parent) : schema;
}

/** Fields that have no description, by their places. */
export function undescribedFields(): string[] {
  return allSchemas()
    .filter(({ schema, isField }) => isField && meaningOf(schema) === undefined)
    .map(({ place }) => place);
}

/** The values of an enum with their meanings, which the schema has as `values`. */
export function valuesOf(schema: z.ZodEnum): [value: string, meaning: string][] {
  const meanings = z.record(z.enum(schema.options.map(String)), z.string()).parse(schema.meta()?.["values"]);
  return Object.entries(meanings);
}

/** Whether a schema has fields for a table. */
export function hasFields(schema: z.ZodType): boolean {
  if (schema instanceof z.ZodUnion)
    return schema.options.some((one) => titleOf(one as z.ZodType) === undefined && hasFields(one as z.ZodType));
  return schema instanceof z.ZodObject && Object.keys(schema.shape).length > 0;
}
