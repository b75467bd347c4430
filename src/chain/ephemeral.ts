import { outpointKey } from "../base/ids.ts";
import { type Tx, txidOf } from "../bitcoin/tx.ts";
import { isDust } from "./standard.ts";
import type { Family } from "./truc.ts";

/**
 * An output too small to be worth its spending may stand in a transaction without any fee, whose child spends it: it never
 * comes into the chain without what takes it away again. Policy, not protocol.
 */
export type EphemeralFault = "dust" | "missing-ephemeral-spends";

/** Whether a transaction may leave dust, and takes away all that its parents leave. */
export function ephemeralFault({ entry, parents }: Omit<Family, "beside">): EphemeralFault | undefined {
  // Nobody is to gain by mining it alone.
  if (entry.fee !== 0n && entry.tx.outputs.some(isDust)) return "dust";
  const spent = new Set(entry.tx.inputs.map(({ prevout }) => outpointKey(prevout)));
  const isSwept = (parent: Tx): boolean => {
    const txid = txidOf(parent);
    return parent.outputs.every((output, vout) => !isDust(output) || spent.has(outpointKey({ txid, vout })));
  };
  return parents.every(({ tx }) => isSwept(tx)) ? undefined : "missing-ephemeral-spends";
}
