// What `piwork up` takes, read from its help: it must be known before there are packages.
import { readFileSync } from "node:fs";

export const UP_HELP = readFileSync(new URL("up-help.txt", import.meta.url), "utf8");

/** Says what is wrong with the words of `piwork up`; undefined where nothing is. */
export function wrongWord(words) {
  const options = upOptions();
  for (let i = 0; i < words.length; i++) {
    const [name, ...rest] = words[i].startsWith("--") ? words[i].split("=") : [words[i]];
    const option = options.find(({ names }) => names.includes(name));
    if (option === undefined || (rest.length > 0 && !option.takesValue)) return `'${words[i]}' is not known`;
    if (!option.takesValue) continue;
    const value = rest.length > 0 ? rest.join("=") : words[++i];
    if (value === undefined) return `${name} needs a value`;
    if (option.choices.length > 0 && !option.choices.includes(value))
      return `${name} takes ${option.choices.join(", ")}, not '${value}'`;
  }
  return undefined;
}

function upOptions() {
  // An option begins a line with two spaces and a dash; what explains it goes on until the next.
  const paragraphs = UP_HELP.split(/\n(?= {2}-)/).slice(1);
  return paragraphs.map((paragraph) => {
    const [, names, value] = /^ {2}((?:-\w, )?--[\w-]+)( <\w+>)?/.exec(paragraph);
    const [, choices = ""] = /\(choices: ((?:"\w+",?\s*)+)/.exec(paragraph) ?? [];
    return { names: names.split(", "), takesValue: value !== undefined, choices: choices.match(/\w+/g) ?? [] };
  });
}
