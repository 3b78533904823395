/** Rows as lines with columns as wide as their widest cell, aligned to the left; a column whose sign is `r`, to the right, as numbers are. */
export function table(rows: readonly (readonly string[])[], alignment = ""): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  const align = (cell: string, column: number) =>
    alignment[column] === "r" ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.map((row) => row.map(align).join("  ").trimEnd()).join("\n");
}
