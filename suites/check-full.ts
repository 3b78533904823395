import { conclude } from "../harness/checks.ts";
import { bench } from "./bench.ts";
import { check } from "./check.ts";
import { flood } from "./flood.ts";
import { fuzz } from "./fuzz.ts";
import { lifecycle } from "./lifecycle.ts";
import { negative } from "./negative.ts";
import { panel } from "./panel.ts";
import { screenshot } from "./screenshot.ts";
import { runParts } from "./test.ts";
import { walk } from "./walk.ts";

const longWalk = () => walk(100, Date.now() % 1_000_000);
const everyAttack = () => negative("", true);
const wholeLifecycle = () => lifecycle(true);
const screenshots = () => screenshot();

// What `npm test` runs, and then what takes longer: about an hour on two cores.
conclude(
  await runParts([
    check,
    everyAttack,
    wholeLifecycle,
    panel,
    screenshots,
    longWalk,
    () => fuzz(),
    () => flood(),
    bench,
  ]),
);
