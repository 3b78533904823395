import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { REPOSITORY } from "../../runtime/state/places.ts";
import { waitFor } from "../host/wait-for.ts";
import { connectIfRunning, PIWORK } from "./piwork.ts";

/** The first start asks KVM for its word and may build the image. */
const START_DEADLINE_MS = 600_000;

/** Starts `piwork up` so that it goes on after this program, and shows what it says until its machine runs. */
export async function startInBackground(words: readonly string[] = []): Promise<void> {
  const directory = join(REPOSITORY, "tmp/dev");
  mkdirSync(directory, { recursive: true });
  const output = join(directory, "up.log");
  rmSync(output, { force: true });
  // The last line has the panel's token.
  writeFileSync(output, "", { mode: 0o600 });
  const program = [process.execPath, PIWORK, "up", ...words];
  const { child } = $({ detached: true, stdio: "ignore", nothrow: true })`exec ${program} >${output} 2>&1`;
  let shown = 0;
  const show = () => {
    const text = readFileSync(output, "utf8");
    process.stderr.write(text.slice(shown));
    shown = text.length;
  };
  await waitFor("a runtime with a running machine", START_DEADLINE_MS, async () => {
    show();
    if (child?.exitCode !== null) throw new Error(`piwork up ended with code ${child?.exitCode}; its words are above`);
    const client = await connectIfRunning(undefined);
    return (await client?.call("status", {}))?.starting === null || undefined;
  });
  show();
  child?.unref();
}
