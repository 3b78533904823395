import type { ModelConversation } from "./conversation.ts";
import { makeStep, type Step } from "./step.ts";

const HAIKU = "Walls of plain glass stand,\na small task hums in its room.\nThe door is on this side.\n";

/** What the model does about an ordinary sentence: what it answers first, then after its tools have answered, and so on. */
interface Habit {
  sentence: RegExp;
  example: string;
  steps: readonly ((words: string[], conversation: ModelConversation) => Step)[];
}

// biome-ignore format: a table
const HABITS: readonly Habit[] = [
  { sentence: /^(?:write|make|create) (?:a |me a )?haiku (?:to|into|in) (\S+)$/i, example: "write a haiku to haiku.txt", steps: [([file]) => write(file, HAIKU), told] },
  { sentence: /^(?:write|put|save) (.+) (?:to|into|in) (\S+)$/i, example: 'write "some words" to notes.txt', steps: [([words, file]) => write(file, `${words}\n`), told] },
  { sentence: /^(?:create|make) (\S+) (?:with|saying) (.+)$/i, example: "create notes.txt with some words", steps: [([file, words]) => write(file, `${words}\n`), told] },
  { sentence: /^(?:create|make) (?:a file |the file )?(\S+\.\S+)$/i, example: "create empty.txt", steps: [([file]) => write(file, "Made by the scripted model.\n"), told] },
  { sentence: /^(?:replace|change) (.+) (?:with|to) (.+) in (\S+)$/i, example: "replace glass with stone in haiku.txt", steps: [([oldText, newText, file]) => edit(file, oldText, newText), told] },
  { sentence: /^edit (\S+)$/i, example: "edit haiku.txt", steps: [([path]) => calls("I look at it first.", "read", { path }), ([file], { results }) => editFirstLine(file, results.at(-1) ?? ""), told] },
  { sentence: /^(?:delete|remove) (?:the file )?(\S+)$/i, example: "delete haiku.txt", steps: [([file]) => bash(`I delete ${file}.`, `rm -- ${quoted(file)}`), told] },
  { sentence: /^(?:rename|move) (\S+) to (\S+)$/i, example: "rename haiku.txt to poem.txt", steps: [([from, to]) => bash(`I move ${from}.`, `mv -- ${quoted(from)} ${quoted(to)}`), told] },
  { sentence: /^(?:(?:list|ls)(?: (?:the |my )?files)?|what is in this folder\??)$/i, example: "list", steps: [() => bash("I look around.", "ls -la"), told] },
  { sentence: /^(?:read|show|read:) (\S+)$/i, example: "read haiku.txt", steps: [([path]) => calls(`I read ${path}.`, "read", { path }), told] },
  { sentence: /^run:? (.+)$/is, example: "run: uname -a", steps: [([command = ""]) => bash("", command), told] },
  { sentence: /^think about (.+)$/i, example: "think about walls", steps: [([what]) => lively(makeStep({ type: "think", text: `What is there to say about ${what}? It has a near side and a far side.` }, { type: "say", text: `I thought about ${what}.` }))] },
  { sentence: /^recall$/i, example: "recall", steps: [(_, { earlier }) => says(earlier.map((text) => JSON.stringify(text)).join("\n") || "Nothing was said before.")] },
];

/** Characters of a person's or a tool's words that are said again. */
const REPEATED = 600;

/** What is answered to a message that is no script. */
export function meet(conversation: ModelConversation): Step {
  const sentence = conversation.prompt.trim().replace(/^please,? /i, "");
  for (const { sentence: pattern, steps } of HABITS) {
    const found = pattern.exec(/^run/i.test(sentence) ? sentence : sentence.replace(/[.!]$/, ""));
    if (found === null) continue;
    const step = steps[conversation.answered] ?? (() => says("That is all."));
    return withTools(step(found.slice(1).map(bare), conversation), conversation);
  }
  return says(`You said: ${shortened(sentence)}

I am the scripted model: there is no mind here, only a few habits, and no network is asked. Try one of these:
${HABITS.map(({ example }) => `- ${example}`).join("\n")}

A message whose first line is \`script\` says word for word what I answer; docs/scripted-provider.md has the words.`);
}

function told(_: string[], { results }: ModelConversation): Step {
  return says(`The tool said:\n${shortened(results.at(-1) ?? "nothing")}`);
}

function editFirstLine(file: string | undefined, content: string): Step {
  const [first = ""] = content.split("\n");
  if (first.trim() === "") return says(`There is no first line in ${file} that I could change.`);
  return edit(file, first, `${first} (edited)`);
}

function write(path: string | undefined, content: string): Step {
  return calls(`I write ${path}.`, "write", { path, content });
}

function edit(path: string | undefined, oldText: string | undefined, newText: string | undefined): Step {
  return calls(`I change ${path}.`, "edit", { path, edits: [{ oldText, newText }] });
}

function bash(words: string, command: string): Step {
  return calls(words, "bash", { command });
}

function calls(words: string, tool: string, input: Record<string, unknown>): Step {
  return lively(
    makeStep(
      { type: "think", text: `This needs ${tool}.` },
      { type: "say", text: words },
      { type: "call", tool, input },
    ),
  );
}

function says(text: string): Step {
  return lively(makeStep({ type: "say", text }));
}

/** At a pace at which one sees that it is typed. */
function lively(step: Step): Step {
  return { ...step, pace: 4 };
}

/** Says so where a tool is not there. */
function withTools(step: Step, { tools }: ModelConversation): Step {
  const missing = step.acts.find((act) => act.type === "call" && !tools.includes(act.tool));
  return missing?.type === "call" ? says(`For that I need the tool '${missing.tool}', which I was not given.`) : step;
}

function shortened(text: string): string {
  return text.length > REPEATED ? `${text.slice(0, REPEATED)} …` : text;
}

/** Without the quotes around it. */
function bare(word: string): string {
  return /^(["'`])(.*)\1$/s.exec(word)?.[2] ?? word;
}

function quoted(word = ""): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
