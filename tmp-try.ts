import { findWrongReferences } from "./harness/rooms/check.ts";

const t = performance.now();
const w = findWrongReferences(process.cwd());
console.log(w.join("\n"));
console.log(w.length, Math.round(performance.now() - t), "ms");
