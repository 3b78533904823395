import type { Judged } from "./targets.ts";

/** A measured value as a person reads it, with its unit. */
export function withUnit(value: number | null, unit: Judged["unit"]): string {
  if (value === null) return "failed";
  if (unit === "ms" && Math.abs(value) >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  if (unit === "samples") return `${value}`;
  return `${digits(value)} ${unit === "times" ? "×" : unit}`;
}

/** Three digits that count, and nothing in scientific notation. */
function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(value === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3);
}

/** As in "0.02 ×" or "140 ×"; a dash where there is none. */
export function asRatio(ratio: number | null): string {
  return ratio === null ? "–" : `${digits(ratio)} ×`;
}

const STATISTICS: Record<Judged["statistic"], string> = {
  p50: "p50",
  p95: "p95",
  max: "max",
  failed: "failed",
  above: "p50, more",
  growth: "last/first",
};

/** As in "p95 ≤ 10 ms". */
export function reachOf({ statistic, limit, unit }: Judged): string {
  const counted = unit === "times" || unit === "samples" ? "" : ` ${unit}`;
  return `${STATISTICS[statistic]} ≤ ${limit}${counted}`;
}

/** A tick, or what is missing. */
export function outcome({ verdict, measured, limit, unit, remark }: Judged): string {
  if (verdict === "reached") return `✓ ${remark}`;
  if (verdict === "not measured") return remark === "" ? verdict : `${verdict}: ${remark}`;
  if (measured === null) return `✗ it falls on a failed sample, ${remark}`;
  return `✗ ${withUnit(measured - limit, unit)} too much, ${remark}`;
}
