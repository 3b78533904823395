import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Check, conclude, Failed, Run, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox } from "../harness/runtimes/piwork.ts";
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
export async function readme(only?: string): Promise<Tally> {
  if (only !== undefined && !PAGES.includes(only)) throw new Error(`'${only}' is none of ${PAGES.join(", ")}`);
  const run = new Run("readme", { command: ["npx mise run test-readme", only ?? []].flat().join(" ") });
  const blocks = PAGES.flatMap((page) => readBlocks(page));
  const about = [words(), everyBlock(blocks)];
  const pages = PAGES.filter((page) => page === (only ?? page)).map((page) => ({
    page,
    commands: blocks.flatMap((block) =>
      block.page === page && reasonNotToRun(block) === undefined ? block.commands : [],
    ),
  }));
  run.expect([...about, ...pages.flatMap(({ commands }) => commands.map((command) => ({ id: idOf(command) })))]);
  await run.perform(about);
  for (const { page, commands } of pages) {
    using sandbox = makeSandbox(run.directory);
    await using terminal = await Terminal.open(sandbox, join(run.directory, basename(page, ".md")));
    await run.perform(commands.map((command) => commandCheck(command, terminal)));
  }
  return run.finish();
}

/** Where a command stands names its check. */
function idOf({ page, line }: Command): string {
  return `readme.${page.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}-${line}`;
}

function commandCheck(command: Command, terminal: Terminal): Check {
  const { page, line, text } = command;
  return { id: idOf(command), claim: `${page}:${line}: ${text}`, run: () => follow(command, terminal) };
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

function words(): Check {
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
function everyBlock(blocks: readonly Block[]): Check {
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
  await prepareMachines("safe", "pi");
  conclude(await readme(process.argv[2]));
}
