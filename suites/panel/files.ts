import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import { ISOLATION } from "../../harness/runtimes/piwork.ts";
import type { OpenPanel } from "./open-panel.ts";

const FIRST = "First <b>task</b>";
/** One point. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);
/** Its signature and its header. */
const PNG_BEGINNING = 33;

/** The side: files of a task, what changed, what is imported, and what it can reach. */
export function files(panel: OpenPanel): Check[] {
  const { page, sandbox } = panel;
  const demo = join(sandbox.workspace, "outer/demo");
  const section = (title: string) => page.locator(".section", { has: page.getByRole("heading", { name: title }) });
  const dialog = page.getByRole("dialog");
  const uploads = async () => join(sandbox.state, "tasks", (await panel.task(FIRST)).id, "guest/uploads");

  return [
    {
      id: "panel.changes",
      standsOn: ["panel.create"],
      claim:
        "what the task created, modified and deleted in its folder is told apart, and links that leave it are named",
      async run() {
        await panel.show(FIRST);
        await panel.sayAndWait(
          "run: echo more >> old.txt; rm gone.txt; mkdir -p new/deep; echo x > new/deep/file; ln -s /etc/passwd planted; mkfifo pipe; true",
        );
        const list = section("Changes").locator(".changes");
        const rows = () =>
          list
            .locator("li")
            .evaluateAll((items) => items.map((item) => [item.className, item.querySelector(".name")?.textContent]));
        await expect(list).toContainText("planted");
        const seen = new Map((await rows()).map(([kind, name]) => [name, kind]));
        assert.deepEqual(
          ["old.txt", "gone.txt", "new/", "new/deep/file", "planted"].map((name) => seen.get(name)),
          ["modified", "deleted", "created", "created", "created"],
        );
        await expect(section("Changes").locator(".planted")).toContainText("planted the link has an absolute target");
        // A file that stays as it is, in a folder that another hand changes.
        writeFileSync(join(demo, "by-hand"), "");
        await page.getByRole("button", { name: "Look again at changes" }).click();
        await expect(list).toContainText("by-hand");
        unlinkSync(join(demo, "by-hand"));
      },
    },
    {
      id: "panel.listing",
      standsOn: ["panel.changes"],
      claim: "the folder is listed, directories are entered, and a link is shown and leads nowhere",
      async run() {
        const folder = section("Working folder");
        await folder.getByRole("button", { name: "Look again at folder" }).click();
        await folder.getByRole("button", { name: "new/" }).click();
        await folder.getByRole("button", { name: "deep/" }).click();
        await expect(folder.getByRole("button", { name: /^file/ })).toBeVisible();
        await folder.getByRole("button", { name: "↑" }).click();
        await folder.getByRole("button", { name: "↑" }).click();
        await expect(folder.locator(".odd", { hasText: "planted → /etc/passwd" })).toBeVisible();
        assert.equal(await folder.getByRole("button", { name: "planted" }).count(), 0);
      },
    },
    {
      id: "panel.import",
      standsOn: ["panel.changes"],
      claim: "files are imported by a button and by dropping them, whole, and the task can read and not change them",
      async run() {
        const side = section("Uploads");
        const chosen = page.waitForEvent("filechooser");
        await side.getByRole("button", { name: "Import files" }).click();
        await (await chosen).setFiles([
          { name: "by button.txt", mimeType: "text/plain", buffer: Buffer.from("button") },
        ]);
        await expect(side.getByRole("button", { name: "by button.txt" })).toBeVisible();
        const transfer = await page.evaluateHandle(() => {
          const data = new DataTransfer();
          data.items.add(new File(["dropped bytes"], "dropped.txt"));
          return data;
        });
        await side.locator(".drop").dispatchEvent("drop", { dataTransfer: transfer });
        await expect(side.getByRole("button", { name: "dropped.txt" })).toBeVisible();
        const directory = await uploads();
        assert.deepEqual(readdirSync(directory).sort(), ["by button.txt", "dropped.txt"]);
        assert.equal(readFileSync(join(directory, "dropped.txt"), "utf8"), "dropped bytes");
        assert.equal((statSync(join(directory, "dropped.txt")).mode & 0o777).toString(8), "444");
        await panel.sayAndWait(
          "run: cat /uploads/dropped.txt; echo worse > /uploads/dropped.txt || rm -f /uploads/dropped.txt",
        );
        await expect(panel.lastTurn.locator(".output")).toContainText("dropped bytes");
        assert.equal(readFileSync(join(directory, "dropped.txt"), "utf8"), "dropped bytes");
      },
    },
    {
      id: "panel.import-refused",
      standsOn: ["panel.import"],
      claim:
        "a file of a name that is there already, or that no file may have, is refused with a reason; nothing is replaced",
      async run() {
        const input = page.getByLabel("Files to import");
        for (const [name, reason] of [
          ["dropped.txt", "already"],
          [".hidden", "starts neither with a dot"],
        ] as const) {
          await input.setInputFiles([{ name, mimeType: "text/plain", buffer: Buffer.from("other") }]);
          const notice = page.locator(".notice", { hasText: reason });
          await expect(notice).toBeVisible();
          await notice.getByRole("button", { name: "Dismiss" }).click();
        }
        const directory = await uploads();
        assert.deepEqual(readdirSync(directory).sort(), ["by button.txt", "dropped.txt"]);
        assert.equal(readFileSync(join(directory, "dropped.txt"), "utf8"), "dropped bytes");
      },
    },
    {
      id: "panel.preview",
      standsOn: ["panel.changes"],
      claim: "text and pictures are shown, of a long file the beginning, and a picture that is none says so",
      async run() {
        writeFileSync(join(demo, "point.png"), PNG);
        writeFileSync(join(demo, "large.png"), longPicture(400 * 1024));
        writeFileSync(join(demo, "fake.png"), PNG.subarray(0, 20));
        writeFileSync(join(demo, "words.txt"), "some words\n");
        writeFileSync(join(demo, "long.txt"), "x".repeat(300 * 1024));
        const folder = section("Working folder");
        await folder.getByRole("button", { name: "Look again at folder" }).click();
        const open = async (name: string) => {
          await folder.getByRole("button", { name }).click();
          await expect(dialog.getByRole("heading", { name })).toBeVisible();
        };
        const close = () => dialog.getByRole("button", { name: "Close" }).click();
        await open("words.txt");
        await expect(dialog.locator(".content")).toHaveText("some words");
        await close();
        await open("long.txt");
        await expect(dialog).toContainText("of which this is the first 262 kB");
        await close();
        for (const name of ["point.png", "large.png"]) {
          await open(name);
          await expect(dialog.getByRole("img", { name })).toBeVisible();
          const width = () => dialog.getByRole("img").evaluate((image) => (image as HTMLImageElement).naturalWidth);
          await expect.poll(width).toBe(1);
          await close();
        }
        await open("fake.png");
        await expect(dialog).toContainText("cannot be shown as one");
        await close();
      },
    },
    {
      id: "panel.boundary",
      standsOn: ["panel.changes"],
      claim: "the boundary says what the kernels say: every wall by name, and one that does not hold in so many words",
      async run() {
        const card = section("Boundary");
        const { id } = await panel.task(FIRST);
        const said = await panel.runtime.client.call("task_boundary", { task: id });
        assert.deepEqual([said.task.length, said.qemu.length], [18, 9]);
        assert.equal(
          [...said.task, ...said.qemu].every(({ holds }) => holds),
          true,
          JSON.stringify(said),
        );
        await card.getByRole("button", { name: "Read the walls again" }).click();
        await expect(card.locator(".fact")).toHaveText("27 walls hold");
        await card.locator(".walls summary").first().click();
        for (const { layer } of said.task)
          await expect(card.getByRole("rowheader", { name: layer, exact: true }).first()).toBeVisible();
        await expect(card).toContainText(ISOLATION === "vm" ? "a machine of its own" : "shares a machine");
        await expect(card.locator(".reach")).toContainText("outer/demo");
        const { acceleration } = await panel.runtime.client.call("status", {});
        await expect(card.locator(".warning")).toHaveCount(acceleration?.used === "tcg" ? 1 : 0);
        // The same answer with one wall that is not there: the page has to be able to say so.
        await page.route("**/v1/task_boundary", async (route) => {
          const task = said.task.map((wall) =>
            wall.layer === "net" ? { ...wall, holds: false, seen: "the same network" } : wall,
          );
          await route.fulfill({ json: { ...said, task } });
        });
        await card.getByRole("button", { name: "Read the walls again" }).click();
        await expect(card.locator(".fact")).toHaveText("1 wall NOT holding");
        await expect(card.locator(".gap")).toContainText("does NOT hold: the same network");
        await page.unroute("**/v1/task_boundary");
        await card.getByRole("button", { name: "Read the walls again" }).click();
        await expect(card.locator(".fact")).toHaveText("27 walls hold");
      },
    },
  ];
}

/** The same point behind so many bytes that mean nothing: whoever has only the beginning of it has no picture. */
function longPicture(bytes: number): Buffer {
  const chunk = Buffer.concat([Buffer.from("teSt"), Buffer.alloc(bytes)]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(bytes);
  sum.writeUInt32BE(crc32(chunk));
  return Buffer.concat([PNG.subarray(0, PNG_BEGINNING), length, chunk, sum, PNG.subarray(PNG_BEGINNING)]);
}
