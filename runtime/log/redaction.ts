/** Stands where a secret stood. */
const GONE = "[redacted]";

/** Variables of the environment whose value is a secret, as those of model providers are. */
const SECRET_NAME = /(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)$/i;
/** Shorter values are words that stand in many places. */
const SHORTEST = 12;

/** Where a word may begin: also behind what a newline, a blank or a colour has become in JSON, in an address or on a terminal. */
const START = String.raw`(?<![A-Za-z0-9_])|(?<=\\[bfnrt]|%[0-9A-Fa-f]{2}|\[[0-9;]{0,20}m)`;
const NAME = `(?:${START})[A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)`;
const IS = String.raw`\s*[=:]\s*`;
/** As it is, in JSON, or in JSON that is a text in JSON. */
const QUOTE = String.raw`\\*["']`;

/** What looks like a secret, whoever has it. What is kept says what stood there. */
const PATTERNS: readonly [pattern: RegExp, kept: string][] = [
  // Line by line, and not more lines than any key has: a pattern that takes each letter by itself runs out of memory.
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s]*(?:\\+[rn][A-Za-z0-9+/=\s]*){0,4096}(?:-----END [A-Z ]*PRIVATE KEY-----)?/g,
    "",
  ],
  [new RegExp(`(?:${START})sk-[A-Za-z0-9_-]{16,}`, "g"), ""],
  [new RegExp(String.raw`(?:${START})(Bearer\s+)[A-Za-z0-9._~+/-]{16,}=*`, "gi"), "$1"],
  // Up to the quote that it began with.
  [
    new RegExp(
      String.raw`(${NAME}(?:${QUOTE})?${IS}(?<quote>${QUOTE}))(?!\k<quote>|\[redacted\])[^\r\n]{1,4096}?(?=(?<!\\)\k<quote>)`,
      "g",
    ),
    "$1",
  ],
  // A name in quotes with a value in none is JSON that holds no text.
  [
    new RegExp(String.raw`(${NAME}(?:${IS}(?:${QUOTE})?|${QUOTE}${IS}${QUOTE}))(?!\[redacted\])[^\s"'\\,;]+`, "g"),
    "$1",
  ],
  // The panel's address: what follows the '#' opens it once.
  [/\b(127\.0\.0\.1:\d+\/#)[0-9a-f]{16,}/g, "$1"],
  // What opens one of its reports.
  [/(report\.html\?key=)[0-9a-f]{16,}/g, "$1"],
];

/** Values that this process must not let out, the longest first. */
let known: readonly string[] = sorted(
  Object.entries(process.env).flatMap(([name, value = ""]) => (SECRET_NAME.test(name) ? formsOf(value) : [])),
);

/** From now on this value stands in nothing that is redacted. */
export function conceal(secret: string): void {
  if (!known.includes(secret)) known = sorted([...known, ...formsOf(secret)]);
}

/** As it is, as it stands in JSON, and both as they are read byte by byte. */
function formsOf(secret: string): string[] {
  if (secret.length < SHORTEST) return [];
  return [secret, JSON.stringify(secret).slice(1, -1)].flatMap((form) => [form, Buffer.from(form).toString("latin1")]);
}

function sorted(secrets: readonly string[]): string[] {
  return [...new Set(secrets)].sort((one, other) => other.length - one.length);
}

/** A text without the secrets that are known, and without what looks like one. */
export function redactText(text: string): string {
  const without = known.reduce((rest, secret) => rest.replaceAll(secret, GONE), text);
  return PATTERNS.reduce((rest, [pattern, kept]) => rest.replace(pattern, `${kept}${GONE}`), without);
}

/** The same for every text in a value, at any depth, names too. */
export function redactTexts<T>(value: T): T {
  if (typeof value === "string") return redactText(value) as T;
  if (Array.isArray(value)) return value.map(redactTexts) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [redactText(name), redactTexts(inner)])) as T;
}
