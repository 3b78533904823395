import { readFileSync } from "node:fs";

/** One line of a process's `mountinfo`. */
export interface Mount {
  /** number of the file system */
  device: string;
  /** what of that file system is mounted */
  root: string;
  target: string;
  options: string[];
  type: string;
  superOptions: string[];
}

/** What is mounted where, as one process sees it; nothing where the process has ended or belongs to another user. */
export function mountsOf(pid: number | "self"): Mount[] {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, "utf8").trim().split("\n").map(parse);
  } catch {
    return [];
  }
}

function parse(line: string): Mount {
  const [own = "", source = ""] = line.split(" - ");
  const [, , device = "", root = "", target = "", options = ""] = own.split(" ");
  const [type = "", , superOptions = ""] = source.split(" ");
  const paths = { root: plainPath(root), target: plainPath(target) };
  return { device, ...paths, options: options.split(","), type, superOptions: superOptions.split(",") };
}

/** A path as it is: the kernel writes blanks, tabs, newlines and backslashes as octal numbers. */
export function plainPath(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
