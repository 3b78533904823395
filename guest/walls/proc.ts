import { readdirSync, readFileSync, readlinkSync } from "node:fs";

// What the kernel says of one process.

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
