import assert from "node:assert/strict";
import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import type { OpenPanel } from "./open-panel.ts";

/** From an empty panel to tasks with folders. */
export function firstUse(panel: OpenPanel): Check[] {
  const { page, sandbox } = panel;
  const inWorkspace = (...parts: string[]) => join(sandbox.workspace, ...parts);
  const dialog = page.getByRole("dialog");

  return [
    {
      id: "panel.first-open",
      claim: "without a task the page says what to do, and offers it",
      async run() {
        await expect(page.getByRole("heading", { name: "No task yet" })).toBeVisible();
        await expect(page.locator(".welcome")).toContainText(sandbox.workspace);
        await expect(page.locator(".welcome").getByRole("button", { name: "New task" })).toBeEnabled();
      },
    },
    {
      id: "panel.create",
      claim: "a task is made with a title and a folder that was found by going there",
      async run() {
        mkdirSync(inWorkspace("outer", "demo"), { recursive: true });
        writeFileSync(inWorkspace("outer", "demo", "old.txt"), "before\n");
        writeFileSync(inWorkspace("outer", "demo", "gone.txt"), "before\n");
        symlinkSync("outer", inWorkspace("way-in"));
        writeFileSync(inWorkspace("no-folder"), "");
        await page.locator(".welcome").getByRole("button", { name: "New task" }).click();
        await dialog.getByLabel("Title").fill("First <b>task</b>");
        assert.deepEqual(
          await dialog.locator(".choices button").allInnerTexts(),
          ["outer"],
          "links and files are no folders",
        );
        await dialog.getByRole("button", { name: "outer" }).click();
        await dialog.locator(".choices").getByRole("button", { name: "demo" }).click();
        await expect(dialog.getByRole("status")).toContainText("outer/demo");
        await dialog.getByRole("button", { name: "Make the task" }).click();
        await expect(dialog).toBeHidden();
        await expect(page.getByRole("heading", { name: "First <b>task</b>", level: 2 })).toBeVisible();
        assert.equal((await panel.task("First <b>task</b>")).folder, "outer/demo");
        await expect(page.locator(".column-head .state")).toHaveText("ready");
        assert.equal((await panel.task("First <b>task</b>")).state, "active");
      },
    },
    {
      id: "panel.folder-refused",
      standsOn: ["panel.create"],
      claim: "a folder that another task has is refused with a reason, no task is made, and another folder works",
      async run() {
        const before = (await panel.tasks()).length;
        await page.getByRole("navigation", { name: "Tasks" }).getByRole("button", { name: "New task" }).click();
        await dialog.getByLabel("Title").fill("Second");
        await dialog.getByRole("button", { name: "outer" }).click();
        await dialog.getByRole("button", { name: "Make the task" }).click();
        await expect(dialog.getByRole("alert")).toContainText("holds or lies in");
        assert.equal((await panel.tasks()).length, before);
        await dialog.locator(".path").getByRole("button").first().click();
        await dialog.getByLabel("Name of a new folder").fill("second");
        await dialog.getByRole("button", { name: "Make it" }).click();
        await expect(dialog.getByRole("status")).toContainText("second");
        assert.equal(statSync(inWorkspace("second")).isDirectory(), true);
        await dialog.getByRole("button", { name: "Make the task" }).click();
        await expect(dialog).toBeHidden();
        assert.equal((await panel.task("Second")).folder, "second");
        await expect(page.locator(".column-head .state")).toHaveText("ready");
      },
    },
    {
      id: "panel.folder-paths",
      standsOn: ["panel.create"],
      claim: "the picker's calls leave the workspace by no path and no link",
      async run() {
        const { client } = panel.runtime;
        for (const path of ["way-in", "way-in/demo", "no-folder", "outer/../..", "/etc", ".."]) {
          await assert.rejects(client.call("folders", { path }), /WORKSPACE_POLICY|symlink|valid/, path);
          await assert.rejects(client.call("folder_make", { path: `${path}/made` }), /symlink|valid|exist/, path);
        }
        assert.deepEqual((await client.call("folders", { path: "outer" })).folders, [{ name: "demo", usable: true }]);
      },
    },
    {
      id: "panel.bind",
      standsOn: ["panel.folder-refused"],
      claim: "a task without a folder gets one in the page, for good, and keeps its conversation",
      async run() {
        await panel.runtime.client.call("task_stop", { task: (await panel.task("Second")).id });
        mkdirSync(inWorkspace("late"));
        await page.getByRole("navigation", { name: "Tasks" }).getByRole("button", { name: "New task" }).click();
        await dialog.getByLabel("Title").fill("Late");
        await dialog.getByRole("button", { name: "Make the task" }).click();
        await expect(dialog).toBeHidden();
        await panel.sayAndWait("said before");
        await page.getByRole("button", { name: "Give a folder" }).click();
        await dialog.locator(".choices").getByRole("button", { name: "late" }).click();
        await dialog.getByRole("button", { name: "Give it, for good" }).click();
        await expect(dialog).toBeHidden();
        assert.equal((await panel.task("Late")).folder, "late");
        await expect(page.getByRole("button", { name: "Give a folder" })).toBeHidden();
        await panel.sayAndWait("run: echo here > made");
        assert.equal(statSync(inWorkspace("late", "made")).size, 5);
        await panel.sayAndWait("recall");
        await expect(panel.lastTurn).toContainText("said before");
      },
    },
  ];
}
