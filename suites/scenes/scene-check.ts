import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Check, Failed } from "../../harness/checks/checks.ts";
import type { Album } from "../../harness/screenshots/album.ts";
import { baselineFile } from "../../harness/screenshots/baseline.ts";
import { captureCovered } from "../../harness/screenshots/capture.ts";
import { REPOSITORY } from "../../runtime/state/places.ts";
import type { Scene } from "./scenes.ts";
import type { Studio } from "./studio.ts";
import type { WorldBuilder } from "./worlds.ts";

export interface Means {
  studio: Studio;
  build(world: WorldBuilder): Promise<void>;
  album: Album;
}

/** One scene, as it was accepted. */
export function sceneCheck(scene: Scene, { studio, build, album }: Means): Check {
  const { name, shows } = scene;
  return {
    id: `screenshot.${name}`,
    claim: `as it was accepted: ${shows}`,
    async run() {
      await build(scene.world);
      const page = await studio.view(scene.seen ?? {});
      try {
        await scene.go(page);
        const capture = await captureCovered(page);
        const { verdict, words } = album.add(name, capture);
        const seen = { verdict, words, masks: capture.masks };
        if (verdict !== "same" && verdict !== "accepted") throw new Failed(words, seen);
        console.log(`tmp/dev/${name}.png: ${words}`);
        if (album.accepts && scene.inDocs === true) showInDocs(name);
        return seen;
      } finally {
        await page.context().close();
      }
    },
  };
}

/** The picture in README.md and docs/panel.md is the one that is compared. */
export function docsImage(name: string): string {
  return join(REPOSITORY, "docs/images", `${name}.png`);
}

function showInDocs(name: string): void {
  mkdirSync(join(REPOSITORY, "docs/images"), { recursive: true });
  copyFileSync(baselineFile(name), docsImage(name));
}
