import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import type { OpenPanel } from "./open-panel.ts";

const MANY = 50;

/** A page that is open while the runtime ends, and finds the next one. */
export function survival(panel: OpenPanel): Check[] {
  const { page, sandbox } = panel;

  return [
    {
      id: "panel.no-complaints",
      standsOn: ["panel.create"],
      claim: "so far no page failed, and none did what its policy forbids",
      run() {
        assert.deepEqual(panel.browser.complaints, []);
      },
    },
    {
      id: "panel.lost",
      standsOn: ["panel.bind"],
      claim: "a runtime that dies in the middle of a turn is said to be gone, and the page keeps what it shows",
      async run() {
        await page.evaluate(() => Object.assign(window, { sameDocument: true }));
        await panel.show("Late");
        await panel.say("run: echo before the end; sleep 600");
        await expect(panel.lastTurn.locator(".output")).toContainText("before the end");
        await panel.page.getByLabel("Prompt").fill("written meanwhile");
        panel.runtime.process.kill("SIGKILL");
        await panel.runtime.exited;
        await expect(page.locator(".link")).toContainText("does not answer");
        await expect(panel.lastTurn.locator(".output")).toContainText("before the end");
      },
    },
    {
      id: "panel.returns",
      standsOn: ["panel.lost"],
      claim: "the next runtime is found without a reload, the lost turn is said, and the conversation goes on",
      async run() {
        const before = panel.origin;
        plantRecords(sandbox.state, MANY);
        await panel.startAgain();
        assert.equal(panel.origin, before, "the page could not find it");
        await expect(page.locator(".link")).toHaveText("connected");
        assert.equal(await page.evaluate(() => "sameDocument" in window), true, "it was loaded again");
        await expect(page.getByText("The last turn was lost")).toBeVisible();
        await expect(page.locator(".turn").first()).toContainText("said before");
        await expect(page.getByLabel("Prompt")).toHaveValue("written meanwhile");
        await page.getByRole("button", { name: "Send" }).click();
        await expect(panel.lastTurn.locator(".markdown")).toHaveText("written meanwhile");
        await panel.sayAndWait("recall");
        await expect(panel.lastTurn).toContainText("said before");
      },
    },
    {
      id: "panel.many-tasks",
      standsOn: ["panel.returns"],
      claim: `${MANY} more tasks are listed, one stop for Tab, and reached by arrows and End`,
      async run() {
        const tasks = page.locator(".task");
        await expect(tasks).toHaveCount((await panel.tasks()).length);
        assert.equal((await panel.tasks()).length > MANY, true);
        assert.equal(await page.locator(".task[tabindex='0']").count(), 1);
        await page.locator(".task[tabindex='0']").focus();
        await page.keyboard.press("End");
        await expect(tasks.last()).toBeFocused();
        await expect(tasks.last()).toBeInViewport();
        await page.keyboard.press("Home");
        await expect(tasks.first()).toBeFocused();
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        await expect(tasks.nth(1)).toHaveAttribute("aria-current", "true");
      },
    },
  ];
}

/** Tasks of earlier days, as their records say. */
function plantRecords(state: string, count: number): void {
  const directory = join(state, "records");
  const [model = ""] = readdirSync(directory).filter((name) => name.endsWith(".json"));
  const record = JSON.parse(readFileSync(join(directory, model), "utf8"));
  for (let number = 1; number <= count; number++) {
    const id = `planted-${number}`;
    const createdAt = new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString();
    const planted = {
      ...record,
      id,
      title: `Task of long ago, number ${number}`,
      folder: null,
      createdAt,
      state: "stopped",
      turn: null,
      lostTurn: null,
      growth: null,
    };
    writeFileSync(join(directory, `${id}.json`), `${JSON.stringify(planted)}\n`, { mode: 0o600 });
  }
}
