import { LIMITS } from "../../runtime/protocol/limits.ts";
import { LineSplitter, LineTooLong } from "../../runtime/protocol/lines.ts";
import { ProbeRpc } from "./requests.ts";
import { ProbeSession } from "./session.ts";

/**
 * The probe: an agent without a model, so that everything around an agent can be tried with known answers.
 * What a prompt makes it do is the table in `behaviours.ts`. Its argument is the working copy of its session.
 */

/** Exit code of a probe that cannot use its session. */
const NO_SESSION = 4;

// What taskd passes on of a death is the last line: it should say more than Node's version.
process.on("uncaughtException", (error) => {
  console.error(error);
  console.error(`The probe failed: ${error.message}`);
  process.exit(1);
});

function openSession(workingCopy: string | undefined): ProbeSession {
  try {
    return new ProbeSession(workingCopy);
  } catch (error) {
    console.error(`The session in ${workingCopy} cannot be used: ${(error as Error).message}.`);
    process.exit(NO_SESSION);
  }
}

const requests = new ProbeRpc(openSession(process.argv[2]));
const splitter = new LineSplitter(LIMITS.lineBytes);
for await (const chunk of process.stdin)
  for (const line of splitter.push(chunk as Buffer))
    if (!(line instanceof LineTooLong)) requests.receive(JSON.parse(line) as Record<string, unknown>);
