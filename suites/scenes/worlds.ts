import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../harness/piwork.ts";
import type { TaskRecord } from "../../runtime/protocol/record.ts";
import type { Studio } from "./studio.ts";

/** What has to be there for a scene. It is built on a runtime without tasks, by what people and programs can do. */
export type World = (studio: Studio) => Promise<void>;

/** The task that most scenes are of. */
export const NOTES = "Release notes for 2.4";
const NOTES_FOLDER = "meadow";

const COMMITS = `fix: a tent that is put up twice keeps both poles
feat: the map shows springs that dry up in summer
fix: the compass no longer turns with the phone
feat: walks can be shared as a link
docs: how to add a trail of your own
fix: rain on the last day of the month is rain
feat: offline maps are half their size
`;

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

export const nothing: World = async () => {};

/** Tasks as of a morning's work: one that is busy with release notes, and two that rest. */
export const morning: World = async (studio) => {
  studio.write({
    [`${NOTES_FOLDER}/commits.txt`]: COMMITS,
    [`${NOTES_FOLDER}/README.md`]: "# Meadow\n\nMaps and walks for people who like to get lost.\n",
    [`${NOTES_FOLDER}/draft.md`]: "Meadow 2.4: to be written\n",
    [`${NOTES_FOLDER}/docs/trails.md`]: "How to add a trail of your own.\n",
    "photos/2026/list.txt": "",
    "household/readme.txt": "",
  });
  for (const [title, folder] of [
    ["Sort the photos of 2026", "photos"],
    ["Compare the two offers", null],
  ] as const)
    await studio.client.call("task_stop", { task: await studio.makeTask(title, folder) });
  const task = await studio.makeTask(NOTES, NOTES_FOLDER);
  for (const prompt of [
    "run: cut -d: -f1 commits.txt | sort | uniq -c",
    WRITE_NOTES,
    "run: rm draft.md; wc -w *.md",
    SUMMARY,
  ])
    await studio.talk.promptOrFail(prompt, task);
  plantRuns(studio.sandbox.logs);
};

/** A turn that goes on. */
export const work: World = async (studio) => {
  studio.write({ "meadow/commits.txt": COMMITS });
  const task = await studio.makeTask(NOTES, NOTES_FOLDER);
  await studio.talk.promptOrFail("run: cat no-such-file", task);
  let printed = false;
  studio.talk
    .prompt('run: for part in maps walks trails; do echo "$part: looked at"; done; sleep 600', task, (event) => {
      printed ||= JSON.stringify(event).includes("trails: looked at");
    })
    .catch(() => {}); // it ends with its runtime or its task
  await waitFor("what the command prints", 60_000, () => printed || undefined);
};

/** An agent that waits for an answer. */
export const question: World = async (studio) => {
  studio.write({ "meadow/commits.txt": COMMITS });
  const task = await studio.makeTask(NOTES, NOTES_FOLDER);
  await studio.talk.promptOrFail("run: cut -d: -f1 commits.txt | sort | uniq -c", task);
  let asks = false;
  const options = ["As a list in notes.md", "As a page for the website", "Not at all, for now"].join(" | ");
  studio.talk
    .prompt(`ask: select How are the notes to be published? | ${options}`, task, ({ event }) => {
      asks ||= event === "extension_ui_request";
    })
    .catch(() => {});
  await waitFor("the question", 60_000, () => asks || undefined);
};

const CHORES = [
  ...["Sort the photos", "Answer the letter of", "Rename the scans", "Count the hours", "Check the translation"],
  ...[
    "Prepare the slides",
    "Merge the address lists",
    "Look for the old invoice",
    "Draft the minutes",
    "Tidy the notes",
  ],
];
const PARTS = ["January", "February", "March", "the house", "the club"];

/** Fifty tasks of earlier days, as their records say, and one of now. */
export const fifty: World = async (studio) => {
  await studio.restart({ between: () => plantChores(join(studio.sandbox.state, "records")) });
  studio.write({ "meadow/commits.txt": COMMITS });
  const task = await studio.makeTask(NOTES, NOTES_FOLDER);
  await studio.talk.promptOrFail("run: grep -c . commits.txt", task);
};

function plantChores(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (let number = 0; number < CHORES.length * PARTS.length; number++) {
    const record = chore(number);
    writeFileSync(join(directory, `${record.id}.json`), `${JSON.stringify(record)}\n`, { mode: 0o600 });
  }
}

function chore(number: number): TaskRecord {
  const part = PARTS[number % PARTS.length];
  return {
    version: 3,
    id: `chore-${number}`,
    title: `${CHORES[number % CHORES.length]} ${part}`,
    folder: number % 3 === 0 ? null : `chores/${part?.replace("the ", "").toLowerCase()}-${number}`,
    sharedFolder: false,
    agent: "probe",
    model: null,
    createdAt: new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString(),
    state: "stopped",
    turn: null,
    lostTurn: null,
    growth: null,
  };
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
    writeFileSync(join(directory, "results.json"), JSON.stringify({ schema: 1, suite, ...checks, results: [] }));
    writeFileSync(join(directory, "report.html"), "<!doctype html><title>report</title>");
  }
}
