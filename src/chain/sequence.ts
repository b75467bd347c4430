import { outpointKey } from "../base/ids.ts";
import type { Tx } from "../bitcoin/tx.ts";

/** Whether both spend the same coins by the same inputs. */
export const spendSame = (a: Tx, b: Tx): boolean =>
  a.inputs.length === b.inputs.length &&
  a.inputs.every(({ prevout }, at) => outpointKey(prevout) === outpointKey(b.inputs[at]?.prevout ?? prevout));

/**
 * Whether a transaction is a later word on the same coins than another: of all sequences in which the two differ, the
 * lowest is the other's. That is how Bitcoin's first release compared them.
 */
export function isNewer(tx: Tx, than: Tx): boolean {
  if (!spendSame(tx, than)) return false;
  const differing = tx.inputs.flatMap(({ sequence }, at) => {
    const other = than.inputs[at]?.sequence ?? sequence;
    return other === sequence ? [] : [{ own: sequence, other }];
  });
  const lowest = (which: "own" | "other"): number => Math.min(...differing.map((pair) => pair[which]));
  return differing.length > 0 && lowest("other") < lowest("own");
}
