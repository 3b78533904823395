import * as z from "zod";
import { LIMITS } from "./limits.ts";

export const taskId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{2,63}$/, "an id is 3 to 64 of a-z, 0-9 and '-', and starts with a letter or digit")
  .meta({ title: "task id", description: "Id of a task, made by the host." });

export const requestId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "a request id is 1 to 64 of A-Z, a-z, 0-9, '_' and '-'")
  .meta({ title: "request id", description: "Id of a request, chosen by the sender; taskd only compares it." });

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;
/** Characters that nobody sees, or that turn around what stands beside them. */
const INVISIBLE = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u;

/** Restricted, so that no shell, person or host tool mistakes the name for something else. */
export const uploadName = z
  .string()
  .min(1, "a file needs a name")
  .refine((name) => Buffer.byteLength(name) <= 200, "a file name has at most 200 bytes")
  .refine(
    (name) => !CONTROL.test(name) && !name.includes("/"),
    "a file name is one part of a path, without control characters",
  )
  .refine(
    (name) => !INVISIBLE.test(name),
    "a file name has no invisible characters, and none that change the direction",
  )
  .refine((name) => !/^[.-]/.test(name), "a file name starts neither with a dot nor with '-'")
  .meta({ title: "upload name", description: "Name of a file in a task's uploads." });

export const title = z
  .string()
  .refine((text) => text.trim() !== "", "a title needs at least one character that can be seen")
  .max(LIMITS.titleCharacters, `a title has at most ${LIMITS.titleCharacters} characters`)
  .refine((text) => !CONTROL.test(text), "a title is one line without control characters")
  .meta({ title: "title", description: "Title of a task." });

export const innerPath = z
  .string()
  .refine(
    (path) => Buffer.byteLength(path) <= LIMITS.innerPathBytes,
    `a path has at most ${LIMITS.innerPathBytes} bytes`,
  )
  .refine((path) => !path.includes("\0"), "a path has no NUL")
  .refine(
    (path) => path === "" || path.split("/").every((part) => part !== "" && part !== "." && part !== ".."),
    "a path is relative to the directory, without empty parts, '.' or '..'; an empty one is the directory itself",
  )
  .meta({ title: "inner path", description: "Path of a file or directory below one of a task's directories." });

export const relativeFolder = z
  .string()
  .min(1)
  .refine(
    (path) => Buffer.byteLength(path) <= LIMITS.folderBytes,
    `a folder path has at most ${LIMITS.folderBytes} bytes`,
  )
  .refine((path) => !path.includes("\0"), "a folder path has no NUL")
  .refine(
    (path) => path.split("/").every((part) => part !== "" && part !== "." && part !== ".."),
    "a folder is relative to the workspace root, without empty parts, '.' or '..'",
  )
  .meta({ title: "folder path", description: "Path of a folder, relative to the workspace root." });
