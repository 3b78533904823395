/** Stands where a secret stood. */
const GONE = "[redacted]";

/** Variables of the environment whose value is a secret, as those of model providers are. */
const SECRET_NAME = /(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)$/i;
/** Shorter values are words that stand in many places. */
const SHORTEST = 12;

/** What looks like a secret, whoever has it. What is kept says what stood there. */
const PATTERNS: readonly [pattern: RegExp, kept: string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[A-Za-z0-9+/=\s]|\\[rn])*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g, ""],
  [/\bsk-[A-Za-z0-9_-]{16,}/g, ""],
  [/\b(Bearer\s+)[A-Za-z0-9._~+/-]{16,}=*/gi, "$1"],
  [/\b([A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD)\\?"?\s*[=:]\s*\\?"?)(?!\[redacted\])[^\s"'\\,;]+/g, "$1"],
  // The panel's address: what follows the '#' opens it.
  [/\b(127\.0\.0\.1:\d+\/#)[0-9a-f]{16,}/g, "$1"],
  // What opens one of its reports.
  [/(report\.html\?key=)[0-9a-f]{16,}/g, "$1"],
];

/** Values that this process must not let out, the longest first. */
let known: readonly string[] = Object.entries(process.env)
  .filter(([name]) => SECRET_NAME.test(name))
  .map(([, value = ""]) => value)
  .filter((value) => value.length >= SHORTEST)
  .sort((one, other) => other.length - one.length);

/** From now on this value stands in nothing that is redacted. */
export function conceal(secret: string): void {
  known = [...known, secret].sort((one, other) => other.length - one.length);
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
