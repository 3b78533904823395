import { startInBackground } from "../harness/runtimes/background.ts";
import { connectIfRunning } from "../harness/runtimes/piwork.ts";

// Leaves a runtime running for the programs that attach to one; 'mise run test-stop' ends it.
if ((await connectIfRunning(undefined)) !== undefined) console.log("a runtime is running already");
else await startInBackground(process.argv.slice(2));
