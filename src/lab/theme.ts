import type { Reason } from "./reasons.ts";

/** What a world is about besides payments and mishaps: nothing more, or one channel that does not end by agreement. */
export type Theme = "peace" | Exclude<Reason, "owed">;

/** Dealt by seed, so that any ten seeds one after the other see them all. Most channels close by agreement. */
const DECK: readonly Theme[] = [
  "peace",
  "operator",
  "peace",
  "cheat",
  "peace",
  "silence",
  "peace",
  "operator",
  "peace",
  "cheat",
];
/** One seed in so many sees most of its chain taken back once more after everything is closed. */
const DEEP_EVERY = 8;
export const isTakenBack = (seed: number): boolean => seed % DEEP_EVERY === 5;
export const themeOf = (seed: number): Theme => DECK[seed % DECK.length] ?? "peace";
