#!/usr/bin/env node
// The sources are TypeScript; tsx lets Node run them as they are.
import { register } from "tsx/esm/api";

register();
const { runPiwork } = await import("./main.ts");
await runPiwork(process.argv.slice(2));
