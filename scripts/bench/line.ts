/**
 * One result of `npm run bench`: printed as one JSON object a line. `against` names the line of the same run that `ratio`
 * compares with: value / value of that line.
 */
export interface BenchLine {
  /** Dotted, group first: `crypto.verify.native`. */
  readonly bench: string;
  readonly value: number;
  readonly unit: "1/s" | "ms" | "us" | "bytes" | "count";
  readonly against?: string;
  readonly ratio?: number;
}

/** The same for people: one line, aligned. */
export function showLine({ bench, value, unit, against, ratio }: BenchLine): string {
  const number = value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
  const compared = against === undefined ? "" : `   ${ratio} × ${against}`;
  return `${bench.padEnd(44)} ${number.padStart(10)} ${unit}${compared}`;
}
