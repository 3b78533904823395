import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "@playwright/test";
import { $ } from "zx";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import { type Capture, captureCovered } from "../../harness/screenshots/capture.ts";
import { type Comparison, compare } from "../../harness/screenshots/compare.ts";
import { PINNED_FAMILIES } from "../../harness/screenshots/fonts.ts";
import { MASKED_AT_MOST } from "../../harness/screenshots/masks.ts";
import { REPOSITORY } from "../../runtime/state/places.ts";
import { SCENES } from "./scenes.ts";
import type { Studio } from "./studio.ts";
import { morning, type WorldBuilder } from "./worlds.ts";

type Change = (page: Page) => Promise<unknown>;

/** What has to be caught: pages that are not as they were, beside one that is. */
export function controls(studio: Studio, build: (world: WorldBuilder) => Promise<void>): Check[] {
  const boundary = SCENES.find(({ name }) => name === "boundary");
  if (boundary === undefined) throw new Error("there is no scene of the boundary");
  /** The boundary with something done to it. */
  const look = async (change: Change = async () => {}, seen: BrowserContextOptions = {}): Promise<Capture> => {
    const page = await studio.view({ ...boundary.seen, ...seen });
    try {
      await boundary.go(page);
      await change(page);
      return await captureCovered(page);
    } finally {
      await page.context().close();
    }
  };
  let whole: Buffer | undefined;
  const asItIs = async () => (whole ??= (await look()).png);
  const compareChanged = async (change: Change, seen?: BrowserContextOptions): Promise<Comparison> => {
    await build(morning);
    const before = await asItIs();
    return compare((await look(change, seen)).png, before);
  };
  const draw = (style: string) => (page: Page) =>
    page.evaluate((css) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets.push(sheet);
    }, style);

  return [
    {
      id: "screenshot.again",
      claim: "the same page in another window is the same, pixel by pixel",
      async run() {
        assert.deepEqual(await compareChanged(async () => {}), { verdict: "same", differing: 0 });
      },
    },
    {
      id: "screenshot.thin-line",
      claim: "a line one pixel thin, in the palest colour of the page, is a difference of so many pixels",
      async run() {
        const line =
          "body::after { content: ''; position: fixed; inset: 700px 0 auto; height: 1px; background: var(--sunken); }";
        const found = await compareChanged(draw(line));
        assert.equal(found.verdict, "different");
        // Where the line runs along something of its own colour, it is not seen.
        const differing = found.differing ?? 0;
        assert.equal(differing > 900 && differing <= 1280, true, `${differing} pixels differ`);
        return { differing };
      },
    },
    {
      id: "screenshot.wall-said-off",
      claim: "an answer that says of one wall that it is off is a difference, whatever is covered",
      async run() {
        const found = await compareChanged(async (page) => {
          await page.route("**/v1/task_boundary", async (route) => {
            const said = await (await route.fetch()).json();
            for (const wall of said.task) if (wall.layer === "net") wall.holds = false;
            await route.fulfill({ json: said });
          });
          await page.getByRole("button", { name: "Read the walls again" }).click();
          await expect(page.locator(".boundary .fact")).toHaveText("1 wall NOT holding");
        });
        assert.equal(found.verdict, "different");
      },
    },
    ...(
      [
        ["black", "html, body { background: #000 !important } #panel { display: none }", /^black/],
        ["blank", "#panel { display: none }", /^blank/],
      ] as const
    ).map(([id, style, words]) => ({
      id: `screenshot.${id}`,
      claim: `a ${id} page is a failure of its own`,
      async run() {
        const found = await compareChanged(draw(style));
        assert.equal(found.verdict, "blank");
        assert.match(found.verdict === "blank" ? found.words : "", words);
      },
    })),
    {
      id: "screenshot.size",
      claim: "another size is a failure of its own",
      async run() {
        const found = await compareChanged(async () => {}, { viewport: { width: 1281, height: 1311 } });
        assert.equal(found.verdict, "size");
      },
    },
    {
      id: "screenshot.covered-too-much",
      claim: `a page of which more than ${MASKED_AT_MOST * 100} % is covered is not captured`,
      async run() {
        await build(morning);
        const cover = draw("[data-figure] { width: 400px !important; height: 100px !important; }");
        await assert.rejects(look(cover), /of the picture is covered, of 3\.00 % at most/);
      },
    },
    {
      id: "screenshot.fonts",
      claim: "every letter of a page is of a font that is pinned, and each of those is seen",
      async run() {
        await build(morning);
        const page = await studio.view(boundary.seen ?? {});
        await boundary.go(page);
        const used = await fontsOf(page);
        await page.context().close();
        assert.deepEqual(used, PINNED_FAMILIES.toSorted());
      },
    },
    {
      id: "screenshot.names",
      claim: "a name that leads elsewhere is refused, and nothing is written",
      async run() {
        const { code, output } = await ask("../outside");
        assert.equal(code, 2, output);
        assert.match(output, /is no name for a screenshot/);
        assert.equal(existsSync(join(REPOSITORY, "tmp/outside.png")), false, "it was written");
      },
    },
    {
      id: "screenshot.no-runtime",
      claim: "where no runtime runs, a name that is no scene's fails, and says which scenes there are",
      async run() {
        const state = mkdtempSync(join(tmpdir(), "piwork-no-runtime-"));
        try {
          const { code, output } = await ask("whatever", { XDG_STATE_HOME: state, XDG_RUNTIME_DIR: state });
          assert.equal(code, 1, output);
          assert.match(output, /No runtime is running/);
          for (const { name } of SCENES) assert.match(output, new RegExp(`\\b${name}\\b`));
        } finally {
          rmSync(state, { recursive: true });
        }
      },
    },
    {
      id: "screenshot.wall-off",
      claim: "a machine that really runs without one of its walls is a difference, and the card says so",
      async run() {
        await build(morning);
        const before = await asItIs();
        await morning(studio, { without: ["qemu-net"] });
        const { png } = await look(async (page) => {
          await expect(page.locator(".boundary .fact")).toHaveText("1 wall NOT holding");
          await expect(page.locator(".gap")).toContainText("network");
        });
        assert.equal(compare(png, before).verdict, "different");
      },
    },
  ];
}

/** The fonts that the letters of a page were really drawn with. */
async function fontsOf(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  await session.send("DOM.enable");
  await session.send("CSS.enable");
  const { root } = await session.send("DOM.getDocument", { depth: -1 });
  const { nodeIds } = await session.send("DOM.querySelectorAll", { nodeId: root.nodeId, selector: "body *" });
  const used = new Set<string>();
  for (const nodeId of nodeIds) {
    const { fonts } = await session.send("CSS.getPlatformFontsForNode", { nodeId });
    for (const { familyName } of fonts) used.add(familyName);
  }
  return [...used].sort();
}

/** The program that a person runs, by a name. */
async function ask(
  name: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; output: string }> {
  const { exitCode, stdout, stderr } = await $({
    cwd: REPOSITORY,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    nothrow: true,
    quiet: true,
  })`${process.execPath} --import tsx suites/screenshot.ts ${name}`;
  return { code: exitCode, output: stdout + stderr };
}
