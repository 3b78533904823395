import { $ } from "zx";
import { startInBackground } from "../harness/runtimes/background.ts";
import { connectIfRunning, PIWORK, piwork } from "../harness/runtimes/piwork.ts";

// Runs a `piwork` command on the runtime that is up; where none is, boots one for it and ends it afterwards.
const attached = (await connectIfRunning(undefined)) !== undefined;
// A Ctrl-C is for the command; what was booted for it is still ended.
process.on("SIGINT", () => {});
if (!attached) await startInBackground(["--headless"]);
try {
  const words = process.argv.slice(2);
  const { exitCode } = await $({ stdio: "inherit", nothrow: true })`exec ${process.execPath} ${PIWORK} ${words}`;
  process.exitCode = exitCode ?? 1;
} finally {
  if (!attached) await piwork(["down"]);
}
