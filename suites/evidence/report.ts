import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { expect, TestBrowser } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import { lookAround } from "../../harness/evidence/environment.ts";
import { renderReport } from "../../harness/evidence/report/page.ts";
import type { CheckResult } from "../../runtime/api/bundle.ts";

/** As many as a whole run of all suites has. */
const MANY = 1_200;

/** A report is read by a person: in a browser, from disk, with much in it, on any screen. */
export function reports(runs: string): Check[] {
  return [
    {
      id: "evidence.report",
      claim:
        "a report with 1200 checks opens from disk and asks for nothing else; what failed is open, and filters find the rest",
      async run() {
        const file = join(runs, "report.html");
        writeFileSync(file, largeReport(runs));
        await using browser = await TestBrowser.start();
        const page = await browser.open(pathToFileURL(file).href);
        await expect(page.locator(".banner")).toContainText("Failed");
        await expect(page.locator("details.check:visible")).toHaveCount(1);
        await expect(page.locator("details.check:visible")).toContainText("attack.7 ");
        await expect(page.locator(".sides:visible")).toContainText("got through: the secret <b>");
        const areBeside = async () => {
          const [target, control] = await page
            .locator(".sides:visible > div")
            .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
          return target === control;
        };
        assert.equal(await areBeside(), true, "target and control are not side by side");
        await page.getByRole("searchbox").fill("group-3.");
        await expect(page.locator("details.check:visible")).toHaveCount(MANY / 12);
        await page.getByRole("searchbox").fill("");
        await page.getByRole("button", { name: "Without control" }).click();
        await expect(page.locator("details.check:visible")).toHaveCount(1);
        // What is shown: a thousand closed rows are all alike, and take seconds.
        const scan = [".banner", ".facts", ".tiles", ".filters", "details.part[open]"];
        const found = await scan.reduce((axe, part) => axe.include(part), new AxeBuilder({ page })).analyze();
        assert.deepEqual(
          found.violations
            .filter(({ impact }) => impact === "serious" || impact === "critical")
            .map(({ id, nodes }) => [id, nodes[0]?.html]),
          [],
        );
        await page.setViewportSize({ width: 400, height: 800 });
        assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 400);
        await page.getByRole("button", { name: "Failed" }).click();
        assert.equal(await areBeside(), false, "there is no room for both");
        assert.deepEqual(browser.complaints, []);
        assert.deepEqual(
          browser.asked.filter((url) => !url.startsWith("data:")),
          [pathToFileURL(file).href],
        );
      },
    },
  ];
}

/** Of results that nobody had: one failed attack, one without a control, and many checks. */
function largeReport(directory: string): string {
  const held = { through: false, seen: "no canary" };
  const through = { through: true, seen: "the secret <b>" };
  const results = Array.from({ length: MANY }, (_, at): CheckResult => {
    const id = `group-${at % 12}.check-${at}`;
    return { id, claim: "a word that is long: ".repeat(6), verdict: "passed", milliseconds: at };
  });
  results[0] = {
    ...(results[0] as CheckResult),
    attack: { tried: "cat", oracle: "token", target: held, control: held, dead: "it may" },
  };
  const failed = { claim: "it is tried", verdict: "failed", milliseconds: 1, reason: "it got through" } as const;
  results.push({
    id: "attack.7",
    ...failed,
    attack: { tried: "cat ../secret", oracle: "token", target: through, control: through },
  });
  const ids = results.map(({ id }) => id);
  const startedAt = new Date().toISOString();
  return renderReport({
    directory,
    results,
    own: undefined,
    environment: lookAround(),
    claims: {
      run: "any",
      suite: "large",
      commit: null,
      clean: null,
      command: "none",
      startedAt,
      finishedAt: startedAt,
      expected: ids,
      attacks: [],
      executed: ids,
      passed: MANY,
      failed: 1,
    },
  });
}
