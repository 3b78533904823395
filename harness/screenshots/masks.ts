import type { Page } from "@playwright/test";
import { BUNDLE_LIMITS } from "../../runtime/api/bundle.ts";
import type { Screenshot } from "../../runtime/api/screenshots.ts";

/** Figures that are others in each run, as the page marks them, and how wide the box is that covers them, in digits. */
const FIGURES = { moment: 16, time: 8, machine: 8, number: 10 } as const;
/** A picture that is covered for more than this share shows too little. */
export const MASKED_AT_MOST = BUNDLE_LIMITS.masked;

export type Masks = Screenshot["masks"];

/** Covers what differs from run to run with flat boxes of one size, so that nothing beside them moves either. */
export async function coverFigures(page: Page): Promise<void> {
  const boxes = Object.entries(FIGURES).map(([kind, digits]) => `${selectorOf(kind)} { width: ${digits}ch; }`);
  const style = `
    [data-figure] {
      display: inline-block;
      height: 1em;
      overflow: hidden;
      border-radius: 3px;
      background: var(--line);
      color: transparent;
      vertical-align: -0.15em;
      white-space: nowrap;
    }
    ${boxes.join("\n")}`;
  // The page's policy forbids styles that are written into it; this one is handed over as an object.
  await page.evaluate((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets.push(sheet);
  }, style);
}

/** What is covered now, and how much of the picture that is. */
export async function measureMasks(page: Page): Promise<Masks> {
  const found = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("[data-figure]")]
      .filter((element) => element.checkVisibility())
      .map((element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const width = Math.min(right, innerWidth) - Math.max(left, 0);
        const height = Math.min(bottom, innerHeight) - Math.max(top, 0);
        const share = (Math.max(width, 0) * Math.max(height, 0)) / (innerWidth * innerHeight);
        return { kind: element.dataset["figure"] ?? "", share };
      }),
  );
  const unknown = found.find(({ kind }) => !(kind in FIGURES));
  if (unknown !== undefined) throw new Error(`the page marks a figure as '${unknown.kind}', for which there is no box`);
  return Object.keys(FIGURES)
    .map((kind) => ({
      selector: selectorOf(kind),
      share: found.reduce((sum, one) => (one.kind === kind ? sum + one.share : sum), 0),
    }))
    .filter(({ share }) => share > 0);
}

/** Fails where so much is covered that the picture proves little. */
export function assertLittleMasked(masks: Masks): void {
  const share = masks.reduce((sum, mask) => sum + mask.share, 0);
  if (share <= MASKED_AT_MOST) return;
  const words = masks.map((mask) => `${mask.selector} ${percent(mask.share)}`).join(", ");
  throw new Error(`${percent(share)} of the picture is covered, of ${percent(MASKED_AT_MOST)} at most: ${words}`);
}

function selectorOf(kind: string): string {
  return `[data-figure="${kind}"]`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
