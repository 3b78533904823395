import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { ReportPart } from "../../harness/evidence/report/page.ts";
import { captureAtRest } from "../../harness/screenshots/capture.ts";

/** Pictures of what a person saw, in their order. */
export class Gallery {
  readonly #directory: string;
  readonly #names: string[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  async add(page: Page, name: string): Promise<void> {
    const file = `${String(this.#names.length + 1).padStart(2, "0")}-${name}.png`;
    writeFileSync(join(this.#directory, file), await captureAtRest(page));
    this.#names.push(file);
  }

  report(): ReportPart {
    const figures = this.#names.map((file) => {
      const content = readFileSync(join(this.#directory, file)).toString("base64");
      return `<figure><figcaption>${file}</figcaption><img alt="${file}" src="data:image/png;base64,${content}"></figure>`;
    });
    return { style: "", body: `<h2>What a person saw</h2><div class="shots">${figures.join("")}</div>` };
  }
}
