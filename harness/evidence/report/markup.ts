/** What HTML and SVG can hold of a text. */
export function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The same with words in backquotes as code. */
export function inline(words: string): string {
  return text(words).replace(/`([^`]+)`/g, "<code>$1</code>");
}

/** As in "2026-11-21 18:40:15 UTC". */
export function clock(time: string): string {
  return `${time.slice(0, 19).replace("T", " ")} UTC`;
}

/** As in "1.2 s" or "4 min 10 s". */
export function duration(milliseconds: number): string {
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** One page, which needs nothing from elsewhere. */
export function page(title: string, style: string, body: string, script = ""): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
${script === "" ? "" : `<script>${script}</script>`}
</body>
</html>
`;
}
