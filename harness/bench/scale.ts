/** From values to places along an axis, and what is written beside it. */
export interface Scale {
  /** a place between 0 and 1 */
  at(value: number): number;
  ticks: number[];
  logarithmic: boolean;
}

/** Values further apart than this can only be seen together on a logarithmic scale. */
const FAR = 12;

/** A scale for all of these; logarithmic where they are far apart. */
export function scaleFor(values: readonly number[]): Scale {
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  if (known.length === 0) return linear(1);
  return low > 0 && high / low > FAR ? logarithmic(low, high) : linear(high);
}

/** From nothing to a little more than the most: what is twice as much looks like that. */
export function linear(high: number, most = 5): Scale {
  const step = niceStep((high || 1) / most);
  const top = Math.max(1, Math.ceil((high || 1) / step - 1e-9)) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  return { at: (value) => value / top, ticks, logarithmic: false };
}

function logarithmic(low: number, high: number): Scale {
  const [from, to] = [Math.log10(low) - 0.08, Math.log10(high) + 0.08];
  const decades = Array.from({ length: Math.ceil(to) - Math.floor(from) + 1 }, (_, index) => Math.floor(from) + index);
  const within = (ticks: number[]) => ticks.filter((tick) => Math.log10(tick) >= from && Math.log10(tick) <= to);
  const every = within(decades.flatMap((decade) => [1, 2, 5].map((digit) => digit * 10 ** decade)));
  const tens = within(decades.map((decade) => 10 ** decade));
  return {
    at: (value) => (Math.log10(value) - from) / (to - from),
    ticks: every.length <= 6 || tens.length < 2 ? every : tens,
    logarithmic: true,
  };
}

/** The next of 1, 2, 5, 10, … */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return ([1, 2, 5].find((digit) => digit * power >= step * 0.999) ?? 10) * power;
}

/** A tick without what nobody reads. */
export function tickText(value: number): string {
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : `${Number(value.toPrecision(3))}`;
}
