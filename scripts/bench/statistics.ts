/** The middle of what was measured. Medians, as a mean would tell of the one round that the neighbours disturbed. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value below which the share `at` of all lies, between neighbours in proportion. Not a number when there is none. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * at;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** Four digits that count: more would be noise. */
export const rounded = (value: number): number => Number(value.toPrecision(4));
