import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Screenshot, Screenshots } from "../../../runtime/api/screenshots.ts";
import { text } from "./markup.ts";

/** Every picture that was taken, beside what it was compared with. */
export function pictures(directory: string, { screenshots, browser }: Screenshots): string {
  const unlike = screenshots.filter(({ verdict }) => verdict !== "same").length;
  return `<details class="part"${unlike > 0 ? " open" : ""}><summary>Screenshots<span class="soft">${screenshots.length} scenes, ${unlike} not as before · ${text(browser)}</span></summary>
${screenshots.map((shot) => scene(directory, shot)).join("\n")}</details>`;
}

function scene(directory: string, shot: Screenshot): string {
  const { scene: name, verdict, differing, width, height, masks, capture, baseline, difference } = shot;
  const covered = masks.reduce((sum, { share }) => sum + share, 0);
  const about = [
    verdict,
    ...(differing === null ? [] : [`${differing} of ${width * height} pixels differ`]),
    `${width}x${height}`,
    ...(masks.length === 0
      ? []
      : [`${(covered * 100).toFixed(1)} % covered: ${masks.map(({ selector }) => selector).join(", ")}`]),
  ];
  const shown: [string, string | null][] = [
    ["as it was", capture],
    ["as it was to be", baseline],
    ["difference", difference],
  ];
  const figures = shown.map(([title, file]) => (file === null ? "" : figure(directory, title, file, name)));
  return `<h3>${text(name)} <span class="${verdict === "same" || verdict === "accepted" ? "soft" : "bad"}">${text(about.join(" · "))}</span></h3><div class="shots">${figures.join("")}</div>`;
}

function figure(directory: string, title: string, file: string, name: string): string {
  const content = readFileSync(join(directory, file)).toString("base64");
  return `<figure><figcaption>${title}</figcaption><img alt="${text(`${name}, ${title}`)}" src="data:image/png;base64,${content}"></figure>`;
}
