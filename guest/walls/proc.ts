import { readdirSync, readFileSync, readlinkSync } from "node:fs";

// What the kernel says of one process.

export interface Mount {
  /** what of its file system is mounted */
  root: string;
  target: string;
  options: string[];
  type: string;
  superOptions: string[];
}

/** A path as it is: the kernel writes blanks, tabs, newlines and backslashes in it as numbers. */
export function plainPath(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

export function mountsOf(pid: number): Mount[] {
  return readFileSync(`/proc/${pid}/mountinfo`, "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [own = "", source = ""] = line.split(" - ");
      const [, , , root = "", target = "", options = ""] = own.split(" ").map(plainPath);
      const [type = "", , superOptions = ""] = source.split(" ");
      return { root, target, options: options.split(","), type, superOptions: superOptions.split(",") };
    });
}

export function statusOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, "utf8").trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(/:\t/, 2) as [string, string]));
}

export function sessionOf(pid: number): string {
  // The name of a program stands in brackets and may hold anything.
  return (
    readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ")[3] ?? ""
  );
}

/** What each descriptor of a process leads to, by its number. */
export function descriptorsOf(pid: number): Map<number, string> {
  const found = new Map<number, string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      found.set(Number(fd), readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // closed meanwhile
    }
  }
  return found;
}

export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}
