import { BUNDLE_LIMITS, type CheckResult, type Results } from "../api/bundle.ts";
import { BundleRefused } from "./refusal.ts";

/** Exactly the checks that were to run have run, each once. */
export function assertExecuted(expected: readonly string[], executed: readonly string[]): void {
  const ran = new Set(executed);
  const wanted = new Set(expected);
  const missing = expected.find((id) => !ran.has(id));
  if (missing !== undefined) throw new BundleRefused("checks", `'${missing}' was to run and did not`);
  const surplus = executed.find((id) => !wanted.has(id));
  if (surplus !== undefined) throw new BundleRefused("checks", `'${surplus}' ran and was not to`);
  if (ran.size !== executed.length || wanted.size !== expected.length)
    throw new BundleRefused("checks", "a check stands for itself twice");
  if (executed.length === 0) throw new BundleRefused("checks", "nothing was checked");
}

/** Each verdict follows from what was seen, and the counts from the verdicts. */
export function assertVerdicts({ results, passed, failed }: Results): void {
  for (const { id, verdict, reason } of results)
    if ((verdict === "failed") !== (reason !== undefined))
      throw new BundleRefused(
        "verdicts",
        `'${id}' is called ${verdict} ${reason === undefined ? "without" : "with"} a reason`,
      );
  for (const { id, verdict, attack } of results)
    if (verdict === "passed" && attack?.target?.through === true)
      throw new BundleRefused(
        "verdicts",
        `'${id}' is called passed, and the attack got through: ${attack.target.seen}`,
      );
  const count = (of: CheckResult["verdict"]) => results.filter(({ verdict }) => verdict === of).length;
  if (count("passed") !== passed || count("failed") !== failed)
    throw new BundleRefused(
      "verdicts",
      `it counts ${passed} passed and ${failed} failed; its results are ${count("passed")} and ${count("failed")}`,
    );
}

/** Each attack that counts as held was seen on both sides, and got through where there is no wall; or it says why not. */
export function assertControls(results: readonly CheckResult[], attacks: readonly string[]): void {
  const meant = new Set(attacks);
  const ran = new Set(results.map(({ id }) => id));
  const missing = attacks.find((id) => !ran.has(id));
  if (missing !== undefined) throw new BundleRefused("control", `'${missing}' is to be an attack, and was not tried`);
  const unmarked = results.find(({ id, verdict, attack }) =>
    meant.has(id) ? verdict === "passed" && !attack : attack,
  );
  if (unmarked !== undefined)
    throw new BundleRefused(
      "control",
      `'${unmarked.id}' is ${meant.has(unmarked.id) ? "" : "not "}to be an attack, and its result is otherwise`,
    );
  const held = results.filter(({ attack, verdict }) => attack !== undefined && verdict === "passed");
  for (const { id, attack } of held) {
    if (!attack?.target || !attack.control) throw new BundleRefused("control", `nobody saw what became of '${id}'`);
    if (!attack.control.through && attack.dead === undefined)
      throw new BundleRefused("control", `'${id}' does not get through on its control either: ${attack.control.seen}`);
  }
  const dead = held.filter(({ attack }) => attack?.control?.through === false);
  if (dead.length > BUNDLE_LIMITS.dead)
    throw new BundleRefused("control", `the controls of ${dead.length} attacks are dead; ${BUNDLE_LIMITS.dead} may be`);
}
