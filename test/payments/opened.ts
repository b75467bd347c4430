import { readFailure } from "../../routing/index.ts";
import { concat } from "../../src/base/bytes.ts";

/** A refusal as its sender reads it; any other effect as it is. */
export const opened =
  (sharedSecret: Uint8Array) =>
  (effect: { readonly tag: string }): unknown => {
    if (effect.tag !== "FailHtlc" || !("reason" in effect)) return effect;
    const read = readFailure([sharedSecret], concat(effect.reason as Uint8Array));
    return read.tag === "Attributed" ? read.failure : read;
  };
