import type { Check } from "./checks.ts";

/** Checks that share something which is opened for them, and closed when the last of them is over. */
export interface CheckPart {
  checks: Check[];
  close(): Promise<void>;
}

/** Has whichever of these checks runs first begin with what all of them need. */
export function beginWith(begin: () => Promise<void>, checks: readonly Check[]): Check[] {
  let begun: Promise<void> | undefined;
  return checks.map((check) => ({
    ...check,
    async run() {
      begun ??= begin();
      await begun;
      return (await check.run()) ?? undefined;
    },
  }));
}
