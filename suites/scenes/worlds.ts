import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { FIFTY, type RestingTask } from "./resting-tasks.ts";
import type { Studio, Walls } from "./studio.ts";

/** What has to be there for a scene, built on a runtime of its own by what people and programs can do. */
export type WorldBuilder = (studio: Studio, walls?: Walls) => Promise<void>;

/** The task that most scenes are of. */
export const NOTES = { id: "release-notes", title: "Release notes for 2.4", folder: "meadow" };

const COMMITS = `fix: a tent that is put up twice keeps both poles
feat: the map shows springs that dry up in summer
fix: the compass no longer turns with the phone
feat: walks can be shared as a link
docs: how to add a trail of your own
fix: rain on the last day of the month is rain
feat: offline maps are half their size
`;

const COUNT = "run: cut -d: -f1 commits.txt | sort | uniq -c";

const WRITE_NOTES = `run: {
  echo "# Meadow 2.4"; echo
  echo "## New";   grep ^feat: commits.txt | sed "s/^feat: /- /"; echo
  echo "## Fixed"; grep ^fix: commits.txt | sed "s/^fix: /- /"
} > notes.md && cat notes.md`;

const SUMMARY = `**Ready to read:** \`notes.md\` has what is new.

| part | lines | left to do |
| --- | --- | --- |
| New | 3 | a picture of the map |
| Fixed | 3 | nothing |`;

/** What is in the folder before its task begins. */
const FILES = {
  [`${NOTES.folder}/commits.txt`]: COMMITS,
  [`${NOTES.folder}/README.md`]: "# Meadow\n\nMaps and walks for people who like to get lost.\n",
  [`${NOTES.folder}/draft.md`]: "Meadow 2.4: to be written\n",
  [`${NOTES.folder}/docs/trails.md`]: "How to add a trail of your own.\n",
  "photos/2026/list.txt": "",
  "household/readme.txt": "",
};

export const nothing: WorldBuilder = (studio, walls) => studio.begin([], walls);

/** Tasks as of a morning's work: one that is busy with release notes, and two that rest. */
export const morning: WorldBuilder = async (studio, walls) => {
  const resting = [
    { id: "sort-the-photos", title: "Sort the photos of 2026", folder: "photos" },
    { id: "compare-the-offers", title: "Compare the two offers", folder: null },
  ];
  await openNotes(studio, resting, walls);
  for (const prompt of [COUNT, WRITE_NOTES, "run: rm draft.md; wc -w *.md", SUMMARY])
    await studio.talk.promptOrFail(prompt, NOTES.id);
  plantRuns(studio.sandbox.logs);
};

/** A turn that goes on. */
export const work: WorldBuilder = async (studio, walls) => {
  await openNotes(studio, [], walls);
  await studio.talk.promptOrFail("run: cat no-such-file", NOTES.id);
  const command = 'for part in maps walks trails; do echo "$part: looked at"; done; sleep 600';
  await promptUntil(studio, `run: ${command}`, (event) => JSON.stringify(event).includes("trails: looked at"));
};

/** An agent that waits for an answer. */
export const question: WorldBuilder = async (studio, walls) => {
  await openNotes(studio, [], walls);
  await studio.talk.promptOrFail(COUNT, NOTES.id);
  const options = ["As a list in notes.md", "As a page for the website", "Not at all, for now"].join(" | ");
  const ask = `ask: select How are the notes to be published? | ${options}`;
  await promptUntil(studio, ask, ({ event }) => event === "extension_ui_request");
};

/** Fifty tasks of earlier days, and one of now. */
export const fifty: WorldBuilder = async (studio, walls) => {
  await openNotes(studio, FIFTY, walls);
  await studio.talk.promptOrFail(COUNT, NOTES.id);
};

async function openNotes(studio: Studio, others: readonly RestingTask[], walls: Walls | undefined): Promise<void> {
  const { id, folder } = NOTES;
  await studio.begin([...others, { ...NOTES, folder: null }], walls);
  studio.write(FILES);
  // Bound now, it is known how the folder was before.
  await studio.client.call("task_bind", { task: id, folder });
  await studio.client.call("task_switch", { task: id });
}

/** Prompts, and leaves the turn alone once something came of it; it ends with its runtime. */
async function promptUntil(studio: Studio, prompt: string, has: (event: RuntimeEvent) => boolean): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const turn = studio.talk.prompt(prompt, NOTES.id, (event) => has(event) && resolve());
    turn.then(() => reject(new Error(`'${prompt}' came to its end`)), reject);
  });
}

/** What suites left beside the runtime's logs: some that passed, one that did not, one that was ended. */
function plantRuns(logs: string): void {
  const runs: [name: string, checks: { passed: number; failed: number } | null][] = [
    ["2026-03-02T09-15-00-000Z-negative", { passed: 503, failed: 0 }],
    ["2026-03-02T09-21-30-000Z-lifecycle", { passed: 118, failed: 0 }],
    ["2026-03-02T09-30-12-000Z-panel", { passed: 51, failed: 2 }],
    ["2026-03-02T09-34-48-000Z-walk", null],
  ];
  for (const [name, checks] of runs) {
    const directory = join(logs, "runs", name);
    mkdirSync(directory, { recursive: true });
    if (checks === null) continue;
    const suite = name.split("-").at(-1);
    writeFileSync(
      join(directory, "results.json"),
      JSON.stringify({ schema: 2, suite, expected: [], ...checks, results: [] }),
    );
    writeFileSync(join(directory, "report.html"), "<!doctype html><title>report</title>");
  }
}
