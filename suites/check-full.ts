import { conclude } from "../harness/checks.ts";
import { bench } from "./bench.ts";
import { check } from "./check.ts";
import { lifecycle } from "./lifecycle.ts";
import { runParts } from "./test.ts";

// What `npm test` runs, and then what takes longer.
conclude(await runParts([check, lifecycle, bench]));
