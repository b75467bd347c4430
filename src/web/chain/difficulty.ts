import type { Difficulty } from "./answers.ts";

/** A point of the drawing, each part from 0 to 1: earlier is left, harder is up. */
export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Curve {
  /** A staircase: a difficulty holds until the next one. */
  readonly points: readonly Point[];
  /** Hashes a block, at the foot and the top. */
  readonly least: bigint;
  readonly most: bigint;
}

/**
 * The staircase of difficulties over time. Its heights are logarithms, since a network may grow a million times harder.
 * @param until  when the last one still held: milliseconds
 */
export function curveOf(steps: readonly Difficulty[], until: number): Curve | undefined {
  const [first] = steps;
  if (first === undefined) return undefined;
  const works = steps.map(({ work }) => BigInt(work));
  const least = works.reduce((a, b) => (b < a ? b : a));
  const most = works.reduce((a, b) => (b > a ? b : a));
  const [low, high] = [logOf(least), logOf(most)];
  const begin = Date.parse(first.time);
  const span = Math.max(1, until - begin);
  const y = (work: bigint): number => (high === low ? 0.5 : (logOf(work) - low) / (high - low));
  const x = (time: number): number => Math.min(1, Math.max(0, (time - begin) / span));
  const points: Point[] = [];
  for (const [at, { time }] of steps.entries()) {
    const height = y(works[at] ?? least);
    const ends = steps[at + 1]?.time;
    points.push({ x: x(Date.parse(time)), y: height });
    points.push({ x: ends === undefined ? 1 : x(Date.parse(ends)), y: height });
  }
  return { points, least, most };
}

/** Of any size: `Number` alone ends at 2^1024, and keeps too little of what is above 2^53. */
function logOf(work: bigint): number {
  const digits = work.toString(2);
  const head = digits.slice(0, 53);
  return Math.log2(Number(`0b${head}`)) + (digits.length - head.length);
}
