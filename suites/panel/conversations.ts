import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import { heartbeat, heartbeatCommand } from "../../harness/host/processes.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { piwork } from "../../harness/runtimes/piwork.ts";
import type { OpenPanel } from "./open-panel.ts";

const FIRST = "First <b>task</b>";

/** Prompts, what is seen of them while they go on, and what ends them. */
export function conversations(panel: OpenPanel): Check[] {
  const { page, sandbox } = panel;
  const demo = join(sandbox.workspace, "outer/demo");
  const step = () => panel.lastTurn.locator(".step");

  return [
    {
      id: "panel.streams",
      standsOn: ["panel.create"],
      claim: "output is shown while the command runs, as a step with its command, and its exit code at the end",
      async run() {
        await panel.show(FIRST);
        await panel.say("run: echo one; until test -e go-on; do sleep 0.1; done; echo two");
        await expect(step().locator(".output")).toHaveText(/^one\s*$/);
        await expect(step().locator(".ending")).toHaveText("running");
        await expect(page.locator(".task", { hasText: FIRST })).toContainText("working");
        assert.equal(existsSync(join(demo, "go-on")), false);
        await panel.talk.exec(["touch", "go-on"], { task: (await panel.task(FIRST)).id });
        await expect(step().locator(".output")).toHaveText(/^one\s+two\s*$/);
        await expect(step().locator(".ending")).toHaveText("exit 0");
        await expect(step().locator(".command")).toContainText("echo one; until test");
        await expect(page.getByRole("button", { name: "Send" })).toBeVisible();
      },
    },
    {
      id: "panel.steps",
      standsOn: ["panel.streams"],
      claim: "a failed step says its exit code, and a step can be closed and opened",
      async run() {
        await panel.sayAndWait("run: echo seen; exit 7");
        await expect(step().locator(".ending")).toHaveText("exit 7");
        await expect(step().locator(".output")).toBeVisible();
        await step().locator("summary").click();
        await expect(step().locator(".output")).toBeHidden();
        await step().locator("summary").click();
        await expect(step().locator(".output")).toBeVisible();
      },
    },
    {
      id: "panel.same-from-elsewhere",
      standsOn: ["panel.streams"],
      claim: "a prompt from a terminal appears in the page, and one of the page in the saved session",
      async run() {
        const { id } = await panel.task(FIRST);
        const { code } = await piwork([...sandbox.words, "prompt", "--task", id, "from a terminal"]);
        assert.equal(code, 0);
        await expect(panel.lastTurn.locator(".prompt")).toHaveText("from a terminal");
        await expect(panel.lastTurn.locator(".markdown")).toHaveText("from a terminal");
        await panel.sayAndWait("from the page");
        const session = readFileSync(join(sandbox.state, "tasks", id, "guest/session/session.jsonl"), "utf8");
        assert.match(session, /"from the page"/);
      },
    },
    {
      id: "panel.stop",
      standsOn: ["panel.streams"],
      claim: "the stop button ends the turn and the command it runs",
      async run() {
        const beat = heartbeat(join(demo, "beat"));
        await panel.say("run: while :; do printf x >> beat; sleep 0.1; done");
        await beat.beats();
        await page.getByRole("button", { name: "Stop", exact: true }).click();
        await expect(page.getByRole("button", { name: "Send" })).toBeVisible();
        await beat.hasStopped();
        assert.equal((await panel.task(FIRST)).turn, null);
        await expect(step().locator(".ending")).not.toHaveText("running");
      },
    },
    {
      id: "panel.switch",
      standsOn: ["panel.bind", "panel.streams"],
      claim: "another task can be looked at and prompted during a prompt, and both end as they should",
      async run() {
        await panel.say("run: until test -e switch; do sleep 0.1; done; echo ended");
        await expect(step().locator(".ending")).toHaveText("running");
        await panel.show("Late");
        await expect(page.getByRole("button", { name: "Stop", exact: true })).toBeHidden();
        await panel.sayAndWait("run: pwd; cat made");
        await expect(step().locator(".output")).toContainText("here");
        assert.notEqual((await panel.task(FIRST)).turn, null, "the first prompt has ended");
        await panel.show(FIRST);
        await expect(step().locator(".ending")).toHaveText("running");
        await panel.talk.exec(["touch", "switch"], { task: (await panel.task(FIRST)).id });
        await expect(step().locator(".output")).toHaveText(/ended/);
        await expect(panel.lastTurn).not.toContainText("here");
      },
    },
    {
      id: "panel.questions",
      standsOn: ["panel.streams"],
      claim: "an agent's question is a dialog, can be put off, and each kind of answer reaches the agent",
      async run() {
        const dialog = page.getByRole("dialog");
        await panel.say("ask: confirm Really?");
        await expect(dialog.getByRole("heading", { name: "Really?" })).toBeVisible();
        await page.keyboard.press("Escape");
        await expect(dialog).toBeHidden();
        await page.getByRole("button", { name: "Answer", exact: true }).click();
        await dialog.getByRole("button", { name: "Yes" }).click();
        await expect(panel.lastTurn).toContainText('answer: {"confirmed":true}');
        await expect(dialog).toBeHidden();
        await panel.say("ask: select Which? | red | green");
        await dialog.getByRole("button", { name: "green" }).click();
        await expect(panel.lastTurn).toContainText('answer: {"value":"green"}');
        await panel.say("ask: input Your name?");
        await dialog.getByLabel("Answer").fill("nobody");
        await page.keyboard.press("Enter");
        await expect(panel.lastTurn).toContainText('answer: {"value":"nobody"}');
        await panel.say("ask: editor Words?");
        await dialog.getByRole("button", { name: "No answer" }).click();
        await expect(panel.lastTurn).toContainText('answer: {"cancelled":true}');
        await panel.say("ask: confirm Still there?");
        await expect(dialog).toBeVisible();
        await page.reload();
        await dialog.getByRole("button", { name: "No", exact: true }).click();
        await expect(panel.lastTurn).toContainText('answer: {"confirmed":false}');
      },
    },
    {
      id: "panel.prompt-refused",
      standsOn: ["panel.streams"],
      claim: "a prompt that the agent refuses is shown with its reason, and the next one is taken",
      async run() {
        await panel.sayAndWait("refuse: not today");
        await expect(panel.lastTurn.locator(".failure")).toContainText("not today");
        await panel.sayAndWait("and now");
        await expect(panel.lastTurn.locator(".markdown")).toHaveText("and now");
      },
    },
    {
      id: "panel.agent-dies",
      standsOn: ["panel.streams"],
      claim: "a turn whose agent died says so, and the next prompt works",
      async run() {
        await panel.sayAndWait("die: during");
        await expect(panel.lastTurn.locator(".failure")).toContainText("PI_PROCESS_DEAD");
        await panel.sayAndWait("back again");
        await expect(panel.lastTurn.locator(".markdown")).toHaveText("back again");
      },
    },
    {
      id: "panel.close-open",
      standsOn: ["panel.streams"],
      claim: "a task is closed with all that runs in it, and opened again",
      async run() {
        const beat = heartbeat(join(demo, "left"));
        await panel.sayAndWait(`run: ${heartbeatCommand("left")}`);
        await beat.beats();
        await page.getByRole("button", { name: "Close task" }).click();
        await waitFor("a stopped task", 60_000, async () => (await panel.task(FIRST)).state === "stopped" || undefined);
        await beat.hasStopped();
        await page.getByRole("button", { name: "Open task" }).click();
        await waitFor("an open task", 60_000, async () => (await panel.task(FIRST)).state === "active" || undefined);
      },
    },
    {
      id: "panel.delete",
      standsOn: ["panel.folder-refused"],
      claim: "a task is deleted after a question, and its folder stays",
      async run() {
        const dialog = page.getByRole("dialog");
        await panel.show("Second");
        const { id } = await panel.task("Second");
        await page.getByRole("button", { name: "Delete" }).click();
        await dialog.getByRole("button", { name: "Keep it" }).click();
        assert.equal((await panel.task("Second")).id, id);
        await page.getByRole("button", { name: "Delete" }).click();
        await dialog.getByRole("button", { name: "Delete" }).click();
        await expect(page.locator(".task", { hasText: "Second" })).toHaveCount(0);
        assert.equal(existsSync(join(sandbox.state, "tasks", id)), false);
        assert.equal(existsSync(join(sandbox.workspace, "second")), true);
      },
    },
  ];
}
