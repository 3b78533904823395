import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import type { OpenPanel } from "./open-panel.ts";

const FIRST = "First <b>task</b>";
/** Each would run where it is taken for markup. */
const SCRIPT = "<script>window.pwned=1</script>";
const IMAGE = '<img src=x onerror="window.pwned=1">';

/** What a task says and calls its files is never markup, and never a link into the page. */
export function hostileText(panel: OpenPanel): Check[] {
  const { page, sandbox } = panel;
  const demo = join(sandbox.workspace, "outer/demo");
  const isPwned = () => page.evaluate(() => "pwned" in window);
  const strange = () =>
    page.locator("script:not([src]), iframe, object, embed, form[action], .turns img, .side img, svg, style").count();

  return [
    {
      id: "panel.markup-control",
      claim: "the control: what is planted here runs where it is taken for markup",
      async run() {
        const other = await panel.browser.open("about:blank");
        await other.evaluate((markup) => {
          document.body.innerHTML = markup;
        }, IMAGE);
        await expect.poll(() => other.evaluate(() => "pwned" in window)).toBe(true);
        await other.context().close();
      },
    },
    {
      id: "panel.markup-in-output",
      standsOn: ["panel.create"],
      claim: "markup in prompts, answers, commands, output and errors is text",
      async run() {
        await panel.show(FIRST);
        await panel.sayAndWait(
          `${SCRIPT} ${IMAGE} <b>bold</b> <svg onload=window.pwned=1>\n\nand **strong** <i>in</i> a line`,
        );
        await expect(panel.lastTurn.locator(".markdown")).toContainText(SCRIPT);
        await expect(panel.lastTurn.locator(".markdown")).toContainText(IMAGE);
        await expect(panel.lastTurn.locator(".markdown strong")).toHaveText("strong");
        await expect(panel.lastTurn.locator(".markdown b, .markdown i")).toHaveCount(0);
        await panel.sayAndWait(`run: echo '${SCRIPT}${IMAGE}'; exit 3`);
        await expect(panel.lastTurn.locator(".output")).toContainText(SCRIPT);
        await panel.sayAndWait(`refuse: ${IMAGE}`);
        await expect(panel.lastTurn.locator(".failure")).toContainText(IMAGE);
        assert.deepEqual([await isPwned(), await strange()], [false, 0]);
      },
    },
    {
      id: "panel.links-in-output",
      standsOn: ["panel.markup-in-output"],
      claim: "links of an answer lead to the web in another tab, none runs a script, and no picture is fetched",
      async run() {
        await panel.sayAndWait(
          "[good](https://example.org/a) [bad](javascript:window.pwned=1) [data](data:text/html,<script>) ![pixel](http://127.0.0.1:1/pixel.png) <javascript:window.pwned=1>",
        );
        const links = await panel.lastTurn
          .locator(".markdown a")
          .evaluateAll((all) =>
            all.map((link) => [link.getAttribute("href"), link.getAttribute("target"), link.getAttribute("rel")]),
          );
        const usable = links.filter(([href]) => href !== null);
        assert.deepEqual(usable, [["https://example.org/a", "_blank", "noopener noreferrer nofollow"]]);
        await expect(panel.lastTurn).toContainText("pixel");
        assert.deepEqual(
          panel.browser.asked.filter((url) => url.includes("pixel")),
          [],
        );
        assert.deepEqual([await isPwned(), await strange()], [false, 0]);
      },
    },
    {
      id: "panel.markup-in-names",
      standsOn: ["panel.markup-in-output"],
      claim: "markup, control characters and turned-around text in names of files and tasks are shown as they are",
      async run() {
        const name = '<img src=x onerror="window.pwned=1">.txt';
        writeFileSync(join(demo, name), SCRIPT);
        writeFileSync(join(demo, "invoice\u202egpj.exe"), "");
        writeFileSync(join(demo, "two\nlines"), "");
        writeFileSync(Buffer.concat([Buffer.from(`${demo}/not-utf8-`), Buffer.from([0xff])]), "");
        const folder = page.locator(".section", { has: page.getByRole("heading", { name: "Working folder" }) });
        await folder.getByRole("button", { name: "Look again at folder" }).click();
        await expect(folder).toContainText("invoice\\u202egpj.exe");
        await expect(folder).toContainText("two\\nlines");
        await expect(folder.locator(".odd", { hasText: "not-utf8-\\xff" })).toBeVisible();
        await folder.getByRole("button", { name }).click();
        const dialog = page.getByRole("dialog");
        await expect(dialog.getByRole("heading", { name })).toBeVisible();
        await expect(dialog.locator(".content")).toHaveText(SCRIPT);
        await dialog.getByRole("button", { name: "Close" }).click();
        await page.getByRole("button", { name: "Look again at changes" }).click();
        await expect(page.locator(".changes")).toContainText(name);
        assert.deepEqual([await isPwned(), await strange()], [false, 0]);
      },
    },
    {
      id: "panel.markup-in-svg",
      standsOn: ["panel.markup-in-output"],
      claim: "an SVG is a text, whatever it is called",
      async run() {
        const svg = `<svg xmlns="http://www.w3.org/2000/svg">${SCRIPT}</svg>`;
        writeFileSync(join(demo, "drawing.png"), svg);
        const folder = page.locator(".section", { has: page.getByRole("heading", { name: "Working folder" }) });
        await folder.getByRole("button", { name: "Look again at folder" }).click();
        await folder.getByRole("button", { name: "drawing.png" }).click();
        await expect(page.getByRole("dialog").locator(".content")).toHaveText(svg);
        await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
        assert.deepEqual([await isPwned(), await strange()], [false, 0]);
      },
    },
    {
      id: "panel.report-apart",
      standsOn: ["panel.create"],
      claim: "a report opens from its signed link alone, as a page that cannot reach the panel",
      async run() {
        const run = "2026-01-02T03-04-05-678Z-planted";
        const directory = join(sandbox.logs, "runs", run);
        mkdirSync(directory, { recursive: true });
        writeFileSync(join(directory, "results.json"), JSON.stringify({ suite: "planted", passed: 3, failed: 1 }));
        writeFileSync(
          join(directory, "report.html"),
          "<title>report</title><script>try { document.title = 'got ' + sessionStorage.length } catch { document.title = 'apart' }</script>",
        );
        await page.getByRole("button", { name: "Runtime", exact: true }).click();
        await page.getByRole("button", { name: "Evidence" }).click();
        const row = page.locator(".drawer tr", { hasText: "planted" });
        await expect(row).toContainText("failed: 1 of 4");
        const [opened] = await Promise.all([page.context().waitForEvent("page"), row.getByRole("link").click()]);
        await expect(opened).toHaveTitle("apart");
        const url = opened.url();
        await opened.close();
        await page.getByRole("button", { name: "Close the runtime drawer" }).click();
        const status = async (address: string) => (await page.request.get(address)).status();
        assert.equal(await status(url), 200);
        assert.equal(await status(url.replace(/key=./, (key) => (key === "key=0" ? "key=1" : "key=0"))), 404);
        assert.equal(await status(url.replace("planted", "another")), 404);
      },
    },
  ];
}
