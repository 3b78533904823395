/** A build that cannot go on: which step, what was found, and what the reader can do about it. */
export class StepError extends Error {
  override name = "StepError";
  /** Filled in by the progress report, which knows the step that was running. */
  step: string | undefined;

  constructor(
    message: string,
    readonly advice: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** One that may come from package lists of an earlier hour: newer ones may mend it. */
export class StaleLists extends StepError {
  override name = "StaleLists";
}

export const changedKernel = (what: string, file: string) =>
  new StepError(
    `changed kernel layout: ${what}`,
    `This builder knows the kernel packages of Debian 12 and 13; see guest/image/${file}.`,
  );

/** Gives any error of a step the advice that goes with its cause. */
export function asStepError(error: unknown, step: string, cacheDir: string): StepError {
  const found = error instanceof StepError ? error : explain(error, cacheDir);
  found.step ??= step;
  return found;
}

/** Whether these words, ours or a program's, are about a full disk. */
export const saysDiskFull = (text: string) =>
  /ENOSPC|EDQUOT|No space left|enough free space|quota exceeded/i.test(text);

function explain(error: unknown, cacheDir: string): StepError {
  const message = error instanceof Error ? error.message : String(error);
  const [firstLine = ""] = message.trim().split("\n");
  const [what, advice] = saysDiskFull(message)
    ? [
        `no space left on the disk of ${cacheDir}`,
        "Free about 1 GB there (`piwork image clean` removes older images), or choose another place with --cache.",
      ]
    : /EACCES|EPERM|EROFS|ENOTDIR|Permission denied/i.test(message)
      ? [firstLine, `Make ${cacheDir} a directory that you may write to, or choose another place with --cache.`]
      : [firstLine, "If it happens again after `piwork image clean`, please report it with this text."];
  return new StepError(what, advice, { cause: error });
}
