import type { BrowserContextOptions, Page } from "@playwright/test";
import { waitFor } from "../host/wait-for.ts";
import { assertLittleMasked, coverFigures, type Masks, measureMasks } from "./masks.ts";

/** Time in which a page comes to rest, in milliseconds. */
const REST_DEADLINE_MS = 30_000;

/** What a page looks like must not depend on the machine, the clock or the language of whoever looks. */
export const STILL: BrowserContextOptions = {
  deviceScaleFactor: 1,
  reducedMotion: "reduce",
  timezoneId: "UTC",
  locale: "en-GB",
};

export interface Capture {
  png: Buffer;
  masks: Masks;
}

/** Captures a page with its figures covered, once it has come to rest. */
export async function captureCovered(page: Page): Promise<Capture> {
  await coverFigures(page);
  const png = await captureAtRest(page);
  const masks = await measureMasks(page);
  assertLittleMasked(masks);
  return { png, masks };
}

/** Captures a page once nothing is asked for any more, and two pictures in turn are the same. */
export async function captureAtRest(page: Page): Promise<Buffer> {
  await page.evaluate(() => document.fonts.ready.then(() => {}));
  let last: Buffer | undefined;
  return waitFor("a page that looks the same twice", REST_DEADLINE_MS, async () => {
    // A button that asks again is off while an answer is on its way.
    const isAsking = (await page.locator("button.quiet:disabled").count()) > 0;
    const png = await page.screenshot({ animations: "disabled", caret: "hide" });
    const isSame = !isAsking && last?.equals(png) === true;
    last = isAsking ? undefined : png;
    return isSame ? png : undefined;
  });
}
