import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { recipeHash } from "../../runtime/state/image.ts";
import { REPO } from "./places.ts";
import { imageSources } from "./sources.ts";

test("an image is made anew for a change of what is in it, and for no other", async (t) => {
  const repo = mkdtempSync(join(tmpdir(), "piwork-sources-"));
  t.after(() => rmSync(repo, { recursive: true }));
  const filter = (path: string) => !path.endsWith("/node_modules");
  for (const name of ["guest", "runtime", "package-lock.json", "tsconfig.json"])
    cpSync(join(REPO, name), join(repo, name), { recursive: true, filter });
  const sources = await imageSources(repo);
  /** Whether a change of a file asks for another image. */
  const changesRecipe = (file: string) => {
    const before = recipeHash(repo, { sources, extraPackages: [] });
    appendFileSync(join(repo, file), "\n// changed\n");
    return recipeHash(repo, { sources, extraPackages: [] }) !== before;
  };

  for (const file of [
    ...["guest/taskd/task.ts", "guest/pi/main.ts", "guest/pi/instead/models.ts", "guest/probe/main.ts"],
    ...["guest/walls/sandbox.ts", "guest/init/init.sh", "guest/package-lock.json", "guest/packages.txt"],
    ...["guest/image/userland.ts", "runtime/protocol/rpc.ts", "runtime/linux/mounts.ts"],
  ])
    assert.equal(changesRecipe(file), true, file);
  for (const file of [
    ...["runtime/panel/page/app.tsx", "runtime/panel/server.ts", "runtime/cli/main.ts"],
    ...["runtime/api/control.ts", "runtime/control/server.ts", "runtime/linux/user-namespaces.ts"],
    ...["runtime/state/places.ts", "guest/taskd/requests.test.ts", "guest/image/main.ts", "guest/image/apt.ts"],
  ])
    assert.equal(changesRecipe(file), false, file);
});
