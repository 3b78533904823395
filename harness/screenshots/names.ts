/** A name is part of a path, and of the report of a run. */
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Says what is wrong with the name of a screenshot; undefined where nothing is. */
export function wrongName(name: string): string | undefined {
  if (NAME.test(name)) return undefined;
  return `'${name}' is no name for a screenshot: it has small letters, digits and '-', and begins with a letter or a digit.`;
}
