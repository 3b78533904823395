import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Check, conclude, Failed, Run, type Tally } from "../harness/checks/checks.ts";
import { meantBy, refuseUnknown, withForerunners } from "../harness/checks/choose.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox } from "../harness/runtimes/piwork.ts";
import { unopened } from "../harness/runtimes/unopened.ts";
import { REPOSITORY } from "../runtime/state/places.ts";
import { compare } from "./readme/compare.ts";
import { type Block, type Command, readBlocks } from "./readme/pages.ts";
import { Terminal } from "./readme/terminal.ts";

/** Pages that are run as written, each in a checkout and on a runtime of its own. */
const PAGES = ["README.md", "docs/first-steps.md", "docs/agent.md", "docs/network.md"];

/** Blocks that are not run, by a command in them. */
const NOT_RUN: readonly { page: string; command: string; because: string }[] = [
  { page: "README.md", command: "npm test", because: "it would run this suite within itself" },
];
const MOST_NOT_RUN = 2;
const MOST_WORDS = 900;

/** What the pages tell a new user to type, typed; what they show, compared with what is printed. */
export async function readme(filter = ""): Promise<Tally> {
  const run = new Run("readme", { command: `${COMMAND} ${filter}`.trim(), repeat: (id) => `${COMMAND} ${id}` });
  const checks = chosen(filter);
  run.expect(checks);
  await run.perform(
    checks.filter(({ page }) => page === undefined),
    unopened<Terminal>(),
  );
  for (const page of PAGES) {
    const ofPage = checks.filter((check) => check.page === page);
    if (ofPage.length === 0) continue;
    using sandbox = makeSandbox(run.directory);
    await using terminal = await Terminal.open(sandbox, join(run.directory, basename(page, ".md")));
    await run.perform(ofPage, terminal);
  }
  return run.finish();
}

const COMMAND = "npx mise run test-readme";

/** A check of a page's command, which is typed in that page's terminal; or of the pages themselves. */
type PageCheck = Check<Terminal> & { page?: string };

/** All checks. */
export function readmeChecks(): PageCheck[] {
  const blocks = PAGES.flatMap((page) => readBlocks(page));
  const commands = blocks.flatMap((block) => (reasonNotToRun(block) === undefined ? block.commands : []));
  const typed = commands.map((command, at) => commandCheck(command, commands[at - 1]));
  return [words(), everyBlock(blocks), ...typed];
}

/** All of a page, or the checks whose id has the filter in it. */
function chosen(filter: string): PageCheck[] {
  const checks = readmeChecks();
  const isMeant = meantBy(
    filter,
    checks.map(({ id }) => id),
  );
  const ofPage = checks.filter(({ page }) => page === filter).map(({ id }) => id);
  return withForerunners(checks, ofPage.length > 0 ? (id) => ofPage.includes(id) : isMeant);
}

/** Where a command stands names its check. */
function idOf({ page, line }: Command): string {
  return `readme.${page.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}-${line}`;
}

/** A command stands on the one before it on its page. */
function commandCheck(command: Command, before: Command | undefined): PageCheck {
  const { page, line, text } = command;
  return {
    id: idOf(command),
    page,
    standsOn: before?.page === page ? [idOf(before)] : [],
    claim: `${page}:${line}: ${text}`,
    run: (terminal) => follow(command, terminal),
  };
}

async function follow(command: Command, terminal: Terminal): Promise<object> {
  const { page, line, text, shown } = command;
  const staysOpen = text.startsWith("npm start");
  const differs = (output: string) => compare(shown ?? ["…"], linesOf(output), { mayGoOn: staysOpen });
  const printed = staysOpen
    ? await terminal.start(text, (output) => differs(output) === undefined)
    : await terminal.run(text);
  if (printed.code !== (staysOpen ? null : 0))
    throw new Failed(`${page}:${line}: '${text}' ended with code ${printed.code}:\n${printed.output}`, printed);
  const difference = differs(printed.output);
  if (difference !== undefined)
    throw new Failed(
      [
        `${page}:${line + 1 + difference.at}: not what '${text}' prints`,
        `- ${difference.shown ?? "(nothing more is shown)"}`,
        `+ ${difference.printed ?? "(nothing more was printed)"}`,
        `printed:\n${printed.output}`,
      ].join("\n"),
      printed,
    );
  return printed;
}

function linesOf(output: string): string[] {
  return output === "" ? [] : output.replace(/\n$/, "").split("\n");
}

function words(): PageCheck {
  return {
    id: "readme.words",
    claim: `README.md has at most ${MOST_WORDS} words`,
    run() {
      const count = readFileSync(join(REPOSITORY, "README.md"), "utf8").split(/\s+/).filter(Boolean).length;
      if (count > MOST_WORDS)
        throw new Failed(`README.md has ${count} words; move some to a page below docs/`, { count });
    },
  };
}

/** No block is left out silently. */
function everyBlock(blocks: readonly Block[]): PageCheck {
  return {
    id: "readme.every-block",
    claim: `every block of ${PAGES.join(", ")} is run, but at most ${MOST_NOT_RUN}, which say why`,
    async run() {
      const others = blocks.filter(({ language }) => language !== "console" && language !== "sh");
      if (others.length > 0)
        throw new Error(`neither console nor sh: ${others.map(({ page, line }) => `${page}:${line}`).join(", ")}`);
      const notRun = blocks.flatMap((block) => {
        const because = reasonNotToRun(block);
        return because === undefined ? [] : [`${block.page}:${block.line}: not run: ${because}`];
      });
      for (const sentence of notRun) console.log(sentence);
      if (notRun.length !== NOT_RUN.length) throw new Error("a block that is not to be run is not there any more");
      if (notRun.length > MOST_NOT_RUN) throw new Error(`${notRun.length} blocks are not run`);
      return { run: blocks.length - notRun.length, notRun };
    },
  };
}

function reasonNotToRun({ page, commands }: Block): string | undefined {
  return NOT_RUN.find((one) => one.page === page && commands.some(({ text }) => text === one.command))?.because;
}

if (import.meta.filename === process.argv[1]) {
  const filter = process.argv[2] ?? "";
  if (!PAGES.includes(filter)) refuseUnknown(filter, readmeChecks());
  await prepareMachines("safe", "pi");
  conclude(await readme(filter));
}
