import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import type { OpenPanel } from "../panel/open-panel.ts";
import type { Gallery } from "./gallery.ts";

const FOLDER = "garden";

/** One task with the real agent, from its making to the day after. */
export function work(panel: OpenPanel, gallery: Gallery): Check[] {
  const { page, sandbox } = panel;
  const inFolder = (name: string) => join(sandbox.workspace, FOLDER, name);
  const dialog = page.getByRole("dialog");
  const make = async (title: string) => {
    await page.getByRole("button", { name: "New task" }).first().click();
    await dialog.getByLabel("Title").fill(title);
    await dialog.getByRole("button", { name: "Make the task" }).click();
    await expect(dialog).toBeHidden();
    await expect(page.locator(".column-head .state")).toHaveText("ready");
  };

  return [
    {
      id: "tour.make",
      claim: "a task is made without a folder, and pi answers in it",
      async run() {
        await make("Garden");
        await panel.sayAndWait("hello");
        await expect(panel.lastTurn).toContainText("I am the scripted model");
        assert.equal((await panel.task("Garden")).agent, "pi");
        await gallery.add(page, "hello");
      },
    },
    {
      id: "tour.bind",
      standsOn: ["tour.make"],
      claim: "the task is given a folder, and the agent lists what is in it",
      async run() {
        mkdirSync(join(sandbox.workspace, FOLDER));
        await page.getByRole("button", { name: "Give a folder" }).click();
        await dialog.locator(".choices").getByRole("button", { name: FOLDER }).click();
        await dialog.getByRole("button", { name: "Give it, for good" }).click();
        await expect(dialog).toBeHidden();
        await panel.sayAndWait("run: touch here; pwd");
        await expect(panel.lastTurn.locator(".output")).toContainText("/work");
        assert.equal(existsSync(inFolder("here")), true);
      },
    },
    {
      id: "tour.create",
      standsOn: ["tour.bind"],
      claim: "the agent creates a file with its own tool, and the panel shows it among the changes",
      async run() {
        await panel.sayAndWait("write a haiku to haiku.txt");
        assert.match(readFileSync(inFolder("haiku.txt"), "utf8"), /^Walls of plain glass/);
        await expect(page.locator(".changes")).toContainText("haiku.txt");
        await gallery.add(page, "created");
      },
    },
    {
      id: "tour.edit",
      standsOn: ["tour.create"],
      claim: "the agent edits it with its own tool, and the panel shows what it changed",
      async run() {
        await panel.sayAndWait("edit haiku.txt");
        assert.match(readFileSync(inFolder("haiku.txt"), "utf8"), /\(edited\)/);
        await expect(panel.lastTurn).toContainText("(edited)");
        await gallery.add(page, "edited");
      },
    },
    {
      id: "tour.answer",
      standsOn: ["tour.create"],
      claim: "the agent asks before it renames a file; answered with yes, it does",
      async run() {
        await panel.say("rename haiku.txt to poem.txt");
        await expect(dialog).toContainText("Permission: ");
        await gallery.add(page, "asked");
        assert.equal(existsSync(inFolder("haiku.txt")), true, "it did not wait for the answer");
        await dialog.getByRole("button", { name: "Allow once" }).click();
        await expect(panel.lastTurn).toHaveAttribute("aria-busy", "false");
        assert.deepEqual([existsSync(inFolder("haiku.txt")), existsSync(inFolder("poem.txt"))], [false, true]);
      },
    },
    {
      id: "tour.deny",
      standsOn: ["tour.answer"],
      claim: "it asks before it deletes one; answered with no, the file stays as it is, and the agent knows",
      async run() {
        const before = readFileSync(inFolder("poem.txt"));
        await panel.say("delete poem.txt");
        await expect(dialog).toContainText("poem.txt");
        await dialog.getByRole("button", { name: "Deny" }).click();
        await expect(panel.lastTurn).toHaveAttribute("aria-busy", "false");
        assert.deepEqual(readFileSync(inFolder("poem.txt")), before);
        await gallery.add(page, "denied");
      },
    },
    {
      id: "tour.switch",
      standsOn: ["tour.answer"],
      claim: "another task has its own conversation and folder; back in the first, all is as it was",
      async run() {
        await make("Elsewhere");
        await panel.sayAndWait("recall");
        await expect(panel.lastTurn).toContainText("Nothing was said before");
        await panel.sayAndWait("run: ls -A /work");
        await expect(panel.lastTurn).not.toContainText("poem.txt");
        await panel.show("Garden");
        await panel.sayAndWait("recall");
        await expect(panel.lastTurn).toContainText("write a haiku to haiku.txt");
        await gallery.add(page, "switched");
      },
    },
    {
      id: "tour.requests",
      standsOn: ["tour.make"],
      claim: "the panel shows what the task asked of the network: its provider, and nothing else",
      async run() {
        const { requests } = await panel.runtime.client.call("network", { task: (await panel.task("Garden")).id });
        assert.equal(requests.length > 0, true, "nothing was asked");
        assert.deepEqual([...new Set(requests.map(({ kind }) => kind))], ["provider"]);
        await page.locator(".section.network > summary").click();
        await expect(page.locator(".section.network")).toContainText("scripted");
        await gallery.add(page, "network");
      },
    },
    {
      id: "tour.resume",
      standsOn: ["tour.answer"],
      claim: "the runtime is started again: the page finds it, and the agent knows what was said and where it works",
      async run() {
        await panel.runtime[Symbol.asyncDispose]();
        await panel.startAgain();
        await expect(page.locator(".link")).toHaveText("connected");
        await panel.show("Garden");
        await panel.sayAndWait("recall");
        await expect(panel.lastTurn).toContainText("write a haiku to haiku.txt");
        await panel.sayAndWait("read poem.txt");
        await expect(panel.lastTurn).toContainText("Walls of plain glass");
        await gallery.add(page, "resumed");
        assert.deepEqual(panel.browser.complaints, []);
      },
    },
  ];
}
