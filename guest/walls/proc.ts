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
  if (!word.includes("\\")) return word;
  return word.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

export function mountsOf(pid: number): Mount[] {
  return readFileSync(`/proc/${pid}/mountinfo`, "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [own = "", source = ""] = line.split(" - ");
      const [, , , root = "", target = "", options = ""] = own.split(" ");
      const [type = "", , superOptions = ""] = source.split(" ");
      const paths = { root: plainPath(root), target: plainPath(target) };
      return { ...paths, options: options.split(","), type, superOptions: superOptions.split(",") };
    });
}

/** What the kernel says of a process's rights, by its own names. */
export function rightsOf(pid: number): Record<string, string> {
  const rights: Record<string, string> = {};
  const lines = readFileSync(`/proc/${pid}/status`, "latin1").matchAll(
    /^(Uid|Gid|Cap\w+|NoNewPrivs|Seccomp\w*):\t(.*)$/gm,
  );
  for (const [, name = "", value = ""] of lines) rights[name] = value;
  return rights;
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
