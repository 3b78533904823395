import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import type { Stage } from "../panel/stage.ts";
import type { Gallery } from "./gallery.ts";

const FOLDER = "garden";

/** One task with the real agent, from its making to the day after. */
export function work(stage: Stage, gallery: Gallery): Check[] {
  const { page, sandbox } = stage;
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
        await stage.sayAndWait("hello");
        await expect(stage.lastTurn).toContainText("I am the scripted model");
        assert.equal((await stage.task("Garden")).agent, "pi");
        await gallery.add(page, "hello");
      },
    },
    {
      id: "tour.bind",
      claim: "the task is given a folder, and the agent lists what is in it",
      async run() {
        mkdirSync(join(sandbox.workspace, FOLDER));
        await page.getByRole("button", { name: "Give a folder" }).click();
        await dialog.locator(".choices").getByRole("button", { name: FOLDER }).click();
        await dialog.getByRole("button", { name: "Give it, for good" }).click();
        await expect(dialog).toBeHidden();
        await stage.sayAndWait("run: touch here; pwd");
        await expect(stage.lastTurn.locator(".output")).toContainText("/work");
        assert.equal(existsSync(inFolder("here")), true);
      },
    },
    {
      id: "tour.create",
      claim: "the agent creates a file with its own tool, and the panel shows it among the changes",
      async run() {
        await stage.sayAndWait("write a haiku to haiku.txt");
        assert.match(readFileSync(inFolder("haiku.txt"), "utf8"), /^Walls of plain glass/);
        await expect(page.locator(".changes")).toContainText("haiku.txt");
        await gallery.add(page, "created");
      },
    },
    {
      id: "tour.edit",
      claim: "the agent edits it with its own tool, and the panel shows what it changed",
      async run() {
        await stage.sayAndWait("edit haiku.txt");
        assert.match(readFileSync(inFolder("haiku.txt"), "utf8"), /\(edited\)/);
        await expect(stage.lastTurn).toContainText("(edited)");
        await gallery.add(page, "edited");
      },
    },
    {
      id: "tour.answer",
      claim: "the agent asks before it renames a file; answered with yes, it does",
      async run() {
        await stage.say("rename haiku.txt to poem.txt");
        await expect(dialog).toContainText("Permission: ");
        await gallery.add(page, "asked");
        assert.equal(existsSync(inFolder("haiku.txt")), true, "it did not wait for the answer");
        await dialog.getByRole("button", { name: "Allow once" }).click();
        await expect(stage.lastTurn).toHaveAttribute("aria-busy", "false");
        assert.deepEqual([existsSync(inFolder("haiku.txt")), existsSync(inFolder("poem.txt"))], [false, true]);
      },
    },
    {
      id: "tour.deny",
      claim: "it asks before it deletes one; answered with no, the file stays as it is, and the agent knows",
      async run() {
        const before = readFileSync(inFolder("poem.txt"));
        await stage.say("delete poem.txt");
        await expect(dialog).toContainText("poem.txt");
        await dialog.getByRole("button", { name: "Deny" }).click();
        await expect(stage.lastTurn).toHaveAttribute("aria-busy", "false");
        assert.deepEqual(readFileSync(inFolder("poem.txt")), before);
        await gallery.add(page, "denied");
      },
    },
    {
      id: "tour.switch",
      claim: "another task has its own conversation and folder; back in the first, all is as it was",
      async run() {
        await make("Elsewhere");
        await stage.sayAndWait("recall");
        await expect(stage.lastTurn).toContainText("Nothing was said before");
        await stage.sayAndWait("run: ls -A /work");
        await expect(stage.lastTurn).not.toContainText("poem.txt");
        await stage.show("Garden");
        await stage.sayAndWait("recall");
        await expect(stage.lastTurn).toContainText("write a haiku to haiku.txt");
        await gallery.add(page, "switched");
      },
    },
    {
      id: "tour.requests",
      claim: "the panel shows what the task asked of the network: its provider, and nothing else",
      async run() {
        const { requests } = await stage.runtime.client.call("network", { task: (await stage.task("Garden")).id });
        assert.equal(requests.length > 0, true, "nothing was asked");
        assert.deepEqual([...new Set(requests.map(({ kind }) => kind))], ["provider"]);
        await page.locator(".section.network > summary").click();
        await expect(page.locator(".section.network")).toContainText("scripted");
        await gallery.add(page, "network");
      },
    },
    {
      id: "tour.resume",
      claim: "the runtime is started again: the page finds it, and the agent knows what was said and where it works",
      async run() {
        await stage.runtime[Symbol.asyncDispose]();
        await stage.startAgain();
        await expect(page.locator(".link")).toHaveText("connected");
        await stage.show("Garden");
        await stage.sayAndWait("recall");
        await expect(stage.lastTurn).toContainText("write a haiku to haiku.txt");
        await stage.sayAndWait("read poem.txt");
        await expect(stage.lastTurn).toContainText("Walls of plain glass");
        await gallery.add(page, "resumed");
        assert.deepEqual(stage.browser.complaints, []);
      },
    },
  ];
}
