import type { BrowserContextOptions, Page } from "@playwright/test";
import { expect } from "../../harness/browser/browser.ts";
import { fifty, morning, NOTES, nothing, question, type WorldBuilder, work } from "./worlds.ts";

/** A page to be looked at: what has to be there, how it is seen, and the way to it. */
export interface Scene {
  name: string;
  /** what is seen, for people */
  shows: string;
  world: WorldBuilder;
  seen?: BrowserContextOptions;
  /** goes there as a person would, and waits for what is to be seen */
  go(page: Page): Promise<void>;
  /** README.md or docs/panel.md shows its picture */
  inDocs?: true;
}

const DARK: BrowserContextOptions = { colorScheme: "dark" };
const NARROW: BrowserContextOptions = { viewport: { width: 400, height: 800 } };

/** The scenes, those of one world beside each other: it is built once for them. */
export const SCENES: readonly Scene[] = [
  {
    name: "empty",
    shows: "the first look, without any task",
    world: nothing,
    async go(page) {
      await expect(page.getByRole("heading", { name: "No task yet" })).toBeVisible();
    },
  },
  {
    name: "many-tasks",
    shows: "fifty tasks of earlier days",
    world: fifty,
    async go(page) {
      await expect(page.locator(".task")).toHaveCount(51);
      await page.locator(".task", { hasText: NOTES.title }).click();
      await expect(page.locator(".output")).toBeVisible();
      await seeSide(page);
    },
  },
  {
    name: "working",
    shows: "a step that failed, and a turn that goes on",
    world: work,
    async go(page) {
      await page.locator(".task", { hasText: NOTES.title }).click();
      await expect(page.locator(".output").last()).toContainText("trails: looked at");
      await expect(page.getByRole("button", { name: "Stop" })).toBeVisible();
      await seeSide(page);
    },
  },
  {
    name: "question",
    shows: "an agent that asks",
    world: question,
    async go(page) {
      await expect(page.getByRole("dialog")).toContainText("How are the notes to be published?");
      await seeSide(page);
    },
  },
  {
    name: "conversation",
    shows: "prompts, steps and Markdown; the boundary and the files beside them",
    world: morning,
    inDocs: true,
    go: showNotes,
  },
  {
    name: "dark",
    shows: "the same in dark colours",
    world: morning,
    seen: DARK,
    inDocs: true,
    go: showNotes,
  },
  {
    name: "boundary",
    shows: "what the task can reach, and each wall with the kernel's word for it",
    world: morning,
    // So high that every wall of the task is in it.
    seen: { viewport: { width: 1280, height: 1311 } },
    inDocs: true,
    async go(page) {
      await showNotes(page);
      await page.locator(".walls summary").first().click();
      await expect(page.getByRole("rowheader", { name: "seccomp", exact: true }).first()).toBeVisible();
    },
  },
  {
    name: "narrow",
    shows: "the conversation at 400 pixels",
    world: morning,
    seen: NARROW,
    async go(page) {
      await choose(page, "Tasks");
      await page.locator(".task", { hasText: NOTES.title }).click();
      await seeNotes(page);
    },
  },
  {
    name: "narrow-files",
    shows: "boundary and files at 400 pixels, in dark colours",
    world: morning,
    seen: { ...NARROW, ...DARK },
    async go(page) {
      await choose(page, "Tasks");
      await page.locator(".task", { hasText: NOTES.title }).click();
      await choose(page, "Files");
      await seeSide(page);
    },
  },
  {
    name: "changes",
    shows: "a file that the task made, over the list of what it changed",
    world: morning,
    async go(page) {
      await showNotes(page);
      await page.locator(".changes .file", { hasText: "notes.md" }).click();
      await expect(page.getByRole("dialog")).toContainText("the map shows springs");
    },
  },
  {
    name: "refused",
    shows: "a folder that another task has, and why it cannot be given",
    world: morning,
    async go(page) {
      await showNotes(page);
      await page.locator(".tasks").getByRole("button", { name: "New task" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Title").fill("Draw the map anew");
      await dialog.locator(".choices").getByRole("button", { name: "meadow" }).click();
      await dialog.getByRole("button", { name: "Make the task" }).click();
      await expect(dialog.getByRole("alert")).toBeVisible();
      await expect(dialog.locator(".path")).toContainText("meadow");
      await expect(dialog.getByRole("button", { name: "Make the task" })).toBeEnabled();
    },
  },
  {
    name: "evidence",
    shows: "the runtime's drawer with the last runs of the suites",
    world: morning,
    async go(page) {
      await showNotes(page);
      await page.getByRole("button", { name: "Runtime", exact: true }).click();
      await page.locator(".tabs").getByRole("button", { name: "Evidence" }).click();
      await expect(page.getByRole("rowheader", { name: "negative" })).toBeVisible();
    },
  },
];

async function choose(page: Page, view: string): Promise<void> {
  await page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: view }).click();
}

async function showNotes(page: Page): Promise<void> {
  await page.locator(".task", { hasText: NOTES.title }).click();
  await seeNotes(page);
  await seeSide(page);
}

async function seeNotes(page: Page): Promise<void> {
  await expect(page.locator(".turn").last()).toContainText("a picture of the map");
  await expect(page.getByRole("table").first()).toBeAttached();
}

async function seeSide(page: Page): Promise<void> {
  await expect(page.locator(".boundary .fact")).toContainText("wall");
  await expect(page.locator(".section", { hasText: "Changes" }).locator(".fact")).not.toHaveText("");
}
