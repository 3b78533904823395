import assert from "node:assert/strict";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import type { OpenPanel } from "./open-panel.ts";

const FIRST = "First <b>task</b>";
const LONG = 10_000_000;

/** How the page is used without a mouse, on small screens, in the dark, and with much to show. */
export function looks(panel: OpenPanel): Check[] {
  const { page } = panel;

  return [
    {
      id: "panel.keyboard",
      standsOn: ["panel.create"],
      claim: "a task is made, prompted, stopped and left by the keyboard alone",
      async run() {
        const own = await panel.browser.open(await panel.newAddress());
        await expect(own.locator(".task").first()).toBeVisible();
        const tabTo = async (what: string, key = "Tab") => {
          for (let steps = 0; steps < 60; steps++) {
            await own.keyboard.press(key);
            const label = await own.evaluate(
              () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "",
            );
            if (label.startsWith(what)) return;
          }
          throw new Error(`Tab does not lead to '${what}'`);
        };
        await tabTo("New task");
        await own.keyboard.press("Enter");
        await expect(own.getByRole("dialog")).toBeVisible();
        await own.getByRole("dialog").getByLabel("Title").waitFor();
        for (
          let steps = 0;
          steps < 10 && !(await own.getByLabel("Title").evaluate((field) => field === document.activeElement));
          steps++
        )
          await own.keyboard.press("Tab");
        await own.keyboard.type("By keys");
        await own.keyboard.press("Enter");
        await expect(own.getByRole("heading", { name: "By keys", level: 2 })).toBeVisible();
        await tabTo("Prompt");
        await own.keyboard.type("run: echo typed; sleep 600");
        await own.keyboard.press("Enter");
        await expect(own.locator(".output")).toContainText("typed");
        await tabTo("Stop");
        await own.keyboard.press("Enter");
        await expect(own.getByRole("button", { name: "Send" })).toBeVisible();
        assert.equal((await panel.task("By keys")).turn, null);
        await tabTo("By keys", "Shift+Tab");
        await own.keyboard.press("ArrowDown");
        await own.keyboard.press("Enter");
        await expect(own.getByRole("heading", { name: "By keys", level: 2 })).toBeHidden();
        await own.context().close();
      },
    },
    {
      id: "panel.long-answer",
      standsOn: ["panel.create", "panel.bind"],
      claim: "an answer of 10 MB is shown whole, in few elements, and the page goes on answering",
      deadlineMs: 300_000,
      async run() {
        await panel.show(FIRST);
        await panel.say(`flood: ${LONG} 20000`);
        await waitFor(
          "the end of the flood",
          240_000,
          async () => (await panel.task(FIRST)).turn === null || undefined,
        );
        const shown = () =>
          panel.lastTurn
            .locator(".long-text")
            .last()
            .evaluate((text) => text.textContent?.length ?? 0);
        await expect.poll(shown, { timeout: 30_000 }).toBe(LONG);
        const started = performance.now();
        await panel.show("Late");
        await panel.show(FIRST);
        const milliseconds = Math.round(performance.now() - started);
        // What makes a page slow is their number, whatever else this host does.
        const elements = await panel.lastTurn.evaluate((turn) => turn.querySelectorAll("*").length);
        assert.equal(elements < 1_000, true, `${elements} elements for one answer`);
        await page.reload();
        await expect.poll(shown, { timeout: 30_000 }).toBe(LONG);
        await panel.sayAndWait("and on");
        await expect(panel.lastTurn.locator(".markdown")).toHaveText("and on");
        return { milliseconds, elements };
      },
    },
    ...(["light", "dark"] as const).map((colorScheme) => ({
      id: `panel.accessible-${colorScheme}`,
      standsOn: ["panel.bind"],
      claim: `in ${colorScheme} colours a scan for accessibility finds nothing serious, with a task, a dialog and the drawer`,
      async run() {
        const own = await panel.browser.open(await panel.newAddress(), { colorScheme });
        await own.locator(".task", { hasText: "Late" }).click();
        await expect(own.locator(".step").first()).toBeVisible();
        await assertAccessible(own);
        await own.getByRole("button", { name: "Runtime", exact: true }).click();
        // The other parts have the same colours.
        for (const part of colorScheme === "dark" ? ["Facts"] : ["Facts", "Machines", "Events", "Log", "Evidence"]) {
          await own.locator(".tabs").getByRole("button", { name: part }).click();
          await assertAccessible(own);
        }
        await own.getByRole("navigation", { name: "Tasks" }).getByRole("button", { name: "New task" }).click();
        await expect(own.getByRole("dialog")).toBeVisible();
        await assertAccessible(own);
        await own.context().close();
      },
    })),
    {
      id: "panel.narrow",
      standsOn: ["panel.create"],
      claim: "at 400 pixels each part has the whole width, and nothing is wider",
      async run() {
        const own = await panel.browser.open(await panel.newAddress(), { viewport: { width: 400, height: 800 } });
        for (const [view, what] of [
          ["Tasks", ".tasks"],
          ["Conversation", ".middle"],
          ["Files", ".side"],
        ] as const) {
          await own.getByRole("navigation", { name: "Views" }).getByRole("button", { name: view }).click();
          await expect(own.locator(what)).toBeVisible();
          const widths = await own.evaluate(() => [document.documentElement.scrollWidth, document.body.scrollWidth]);
          assert.deepEqual(widths, [400, 400], view);
          assert.equal((await own.locator(what).boundingBox())?.width, 400, view);
        }
        await own.getByRole("button", { name: "Runtime", exact: true }).click();
        await expect(own.locator(".drawer")).toBeVisible();
        assert.equal(await own.evaluate(() => document.documentElement.scrollWidth), 400);
        await own.context().close();
      },
    },
    {
      id: "panel.drawer",
      standsOn: ["panel.streams"],
      claim:
        "the drawer shows the machines with their processes, what accelerates them and why, the template, events and the log",
      async run() {
        const status = await panel.runtime.client.call("status", {});
        await page.getByRole("button", { name: "Runtime", exact: true }).click();
        const drawer = page.locator(".drawer");
        await expect(drawer).toContainText(status.acceleration?.reason ?? "?");
        if (status.template !== null) await expect(drawer).toContainText(status.template.key);
        await drawer.getByRole("button", { name: "Machines" }).click();
        for (const { id, pid } of (await panel.runtime.client.call("status", {})).machines)
          await expect(
            drawer.locator("tr", { has: page.getByRole("rowheader", { name: id, exact: true }) }),
          ).toContainText(String(pid));
        await drawer.getByRole("button", { name: "Events" }).click();
        await expect(drawer.getByRole("rowheader", { name: "agent_end" }).first()).toBeVisible();
        await drawer.getByRole("button", { name: "Log" }).click();
        await expect(drawer.locator(".log")).toContainText('"message":"event"');
        await page.getByRole("button", { name: "Close the runtime drawer" }).click();
        await expect(drawer).toBeHidden();
      },
    },
  ];
}

async function assertAccessible(page: Page): Promise<void> {
  const { violations, passes } = await new AxeBuilder({ page }).analyze();
  assert.equal(passes.length > 10, true, "nothing was looked at");
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(
    serious.map(({ id, nodes }) => [
      id,
      nodes.slice(0, 3).map(({ html, failureSummary }) => [html.slice(0, 200), failureSummary]),
    ]),
    [],
  );
}
