import { join } from "node:path";

/** The program that serves the scripted model by every API. */
export const EVERY_API = join(import.meta.dirname, "main.ts");
