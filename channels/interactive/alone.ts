import type { Txid } from "../../src/base/ids.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { SEQUENCE } from "./received.ts";
import type { OwnInput, OwnOutput } from "./terms.ts";

/**
 * What becomes of a construction to which the peer adds nothing, told before it begins: so one transaction can be constructed
 * with several peers at once. `outputs` are all of them, also those that a peer knows as the channel's.
 */
export function constructedAlone({
  inputs,
  outputs,
  locktime,
}: {
  readonly inputs: readonly OwnInput[];
  readonly outputs: readonly OwnOutput[];
  readonly locktime: number;
}): Txid {
  const tx: Tx = {
    version: 2,
    inputs: [...inputs].sort(bySerial).map(({ prevtx, vout }) => ({
      prevout: { txid: txidOf(prevtx), vout },
      scriptSig: new Uint8Array(0),
      sequence: SEQUENCE,
      witness: [],
    })),
    outputs: [...outputs].sort(bySerial).map(({ output }) => output),
    locktime,
  };
  return txidOf(tx);
}
const bySerial = (a: { readonly serialId: bigint }, b: { readonly serialId: bigint }): number =>
  a.serialId < b.serialId ? -1 : 1;
