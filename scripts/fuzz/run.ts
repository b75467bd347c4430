import { toHex } from "../../src/base/bytes.ts";
import { lots, mutated } from "./mutate.ts";
import type { Target } from "./targets.ts";

/** Bytes that a decoder did not stand, and why. */
export interface Finding {
  readonly target: string;
  readonly bytes: string;
  readonly what: string;
}
export interface Fuzzed {
  readonly target: string;
  readonly cases: number;
  /** How many of them were read as a value. */
  readonly read: number;
  readonly finding: Finding | undefined;
}
/** One value in so many is written and read again. */
const WRITTEN_ONE_IN = 8;

/**
 * Gives a decoder so many damaged inputs, always the same for the same seed, until it throws, or reads something that it
 * would write as something else.
 */
export function fuzz(target: Target, cases: number, seed: number): Fuzzed {
  const samples = target.samples();
  const lot = lots(seed);
  let read = 0;
  for (let done = 0; done < cases; done++) {
    const bytes = mutated(samples[lot(samples.length)] as Uint8Array, lot, samples);
    const answer = attempt(target, bytes, done % WRITTEN_ONE_IN === 0);
    if (typeof answer === "string") {
      const finding = { target: target.name, bytes: toHex(bytes), what: answer };
      return { target: target.name, cases: done + 1, read, finding };
    }
    if (answer) read++;
  }
  return { target: target.name, cases, read, finding: undefined };
}

/** Whether it was read; a sentence where the decoder is at fault. */
function attempt(target: Target, bytes: Uint8Array, write: boolean): boolean | string {
  try {
    const read = target.decode(bytes);
    if (!read.ok || read.value === undefined || !write) return read.ok;
    const once = read.value.again();
    const again = target.decode(once);
    if (!again.ok || again.value === undefined) return "is not read again as it was written";
    return toHex(again.value.again()) === toHex(once) || "is written differently the second time";
  } catch (error) {
    return `throws ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
  }
}
