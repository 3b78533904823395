import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** What every canary begins with, so that one of another process is found as well. */
const MARK = ["sk", "piwork", "canary", ""].join("-");

/** A key as a provider's would be, for this process; it must come out nowhere. */
export const CANARY = `${MARK}${randomBytes(24).toString("hex")}`;

/** In the environment of every runtime that a suite starts. */
export const CANARY_ENVIRONMENT = { PIWORK_PROVIDER_KEY: CANARY };

/** Files below a directory that have a canary in them, as it is or as base64. */
export function filesWithCanary(directory: string): string[] {
  return filesWith(directory, FORMS);
}

/** Files below a directory that have any of these bytes in them. */
export function filesWith(directory: string, forms: readonly (Buffer | string)[]): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const content = readFileSync(path);
      return forms.some((form) => content.includes(form));
    })
    .map((path) => relative(directory, path));
}

/** The mark as it is, and as it stands in base64, which depends on where it begins: only whole characters of it count. */
const FORMS: readonly Buffer[] = [
  Buffer.from(MARK),
  ...[0, 1, 2].map((before) => {
    const encoded = Buffer.from(`${"x".repeat(before)}${MARK}`).toString("base64");
    return Buffer.from(encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + MARK.length) * 8) / 6)));
  }),
];
