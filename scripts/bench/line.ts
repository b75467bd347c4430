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
