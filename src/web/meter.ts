import type { Film, Subscription } from "./answers.ts";

/** What the person has seen of a film: kept by the browser, for a reload. */
export interface Watched {
  /** Where playback stands, in seconds. */
  readonly at: number;
  /** Units that were played to their end. */
  readonly units: ReadonlySet<number>;
}
export const NOTHING_WATCHED: Watched = { at: 0, units: new Set() };

/** Playback has come from `before.at` to `at` without a jump: the units it passed the end of are watched. */
export function played(before: Watched, at: number, unitSeconds: number): Watched {
  const [first, last] = [Math.floor(before.at / unitSeconds), Math.floor(at / unitSeconds)];
  if (last <= first) return { ...before, at };
  const units = new Set(before.units);
  for (let unit = first; unit < last; unit++) units.add(unit);
  return { at, units };
}

/** Seconds that are paid for and not yet watched: what is lost when the person leaves now. */
export function paidAhead({ unlocked }: Subscription, { unitSeconds, freeUnits }: Film, watched: Watched): number {
  let seconds = 0;
  for (const unit of unlocked) {
    if (unit < freeUnits || watched.units.has(unit)) continue;
    const seen = watched.at - unit * unitSeconds;
    seconds += seen > 0 && seen < unitSeconds ? unitSeconds - seen : unitSeconds;
  }
  return seconds;
}

/** Neighbouring units as one stretch: from the first to the one after the last. */
export type Stretch = readonly [from: number, to: number];
export function stretches(units: Iterable<number>): readonly Stretch[] {
  const found: [number, number][] = [];
  for (const unit of [...units].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === unit) last[1] = unit + 1;
    else found.push([unit, unit + 1]);
  }
  return found;
}

/** Of what a session has cost and may cost, fees included. */
export function spent({ paidMsat, feesMsat, capMsat }: Subscription): {
  readonly total: bigint;
  readonly left: bigint;
} {
  const total = BigInt(paidMsat) + BigInt(feesMsat);
  return { total, left: BigInt(capMsat) - total };
}
