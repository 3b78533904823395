import { conclude } from "../harness/checks.ts";
import { buildImage } from "../harness/image.ts";
import { check } from "./check.ts";
import { lifecycle } from "./lifecycle.ts";

// `npm test`: everything that proves this version, in the order in which a failure is cheapest.
const tally = { passed: 0, failed: 0 };
for (const part of [check, lifecycle]) {
  if (part !== check) await buildImage();
  console.log(`\n--- ${part.name}`);
  const { passed, failed } = await part();
  tally.passed += passed;
  tally.failed += failed;
}
conclude(tally);
