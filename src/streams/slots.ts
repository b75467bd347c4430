import { assert } from "../base/result.ts";

/** First and last slot of a run, both in it. */
export type SlotRange = readonly [first: number, last: number];
/** A set of slots as ascending runs that do not touch: who watches from the start has one, however long the stream. */
export type SlotSet = readonly SlotRange[];

export const hasSlot = (set: SlotSet, slot: number): boolean =>
  set.some(([first, last]) => slot >= first && slot <= last);

/** The set with one more slot. */
export function addSlot(set: SlotSet, slot: number): SlotSet {
  assert(Number.isInteger(slot) && slot >= 0, "a slot is a whole number");
  if (hasSlot(set, slot)) return set;
  let [first, last] = [slot, slot];
  const apart: SlotRange[] = [];
  for (const run of set) {
    if (run[1] === slot - 1) first = run[0];
    else if (run[0] === slot + 1) last = run[1];
    else apart.push(run);
  }
  return [...apart, [first, last] as const].sort((a, b) => a[0] - b[0]);
}
export const addSlots = (set: SlotSet, slots: Iterable<number>): SlotSet => {
  let grown = set;
  for (const slot of slots) grown = addSlot(grown, slot);
  return grown;
};
export const countSlots = (set: SlotSet): number => set.reduce((total, [first, last]) => total + last - first + 1, 0);
export function listSlots(set: SlotSet): readonly number[] {
  return set.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
}
