import { type PaymentHash, type Preimage, paymentHash, preimage } from "../../src/base/ids.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import type { Htlc, OfferedHtlc } from "../htlc.ts";
import type { Failed } from "../state.ts";
import type { Effect } from "../transition.ts";

const PREIMAGE_BYTES = 32;

/**
 * Preimages that a transaction shows, for HTLCs that we offered and have none for: whoever spends an HTLC output with
 * one must put it into the witness. In whichever commitment it stood, and even where the output is not the one that we
 * know of: a preimage is a proof that upstream owes us. BOLT 5 §Requirements.
 */
export function learnPreimages(state: Failed, tx: Tx): { readonly state: Failed; readonly effects: readonly Effect[] } {
  const { commitments, givenUp } = state;
  const isOpen = (htlc: Htlc): htlc is OfferedHtlc =>
    htlc.side === "offered" && htlc.preimage === undefined && !givenUp.includes(htlc.id);
  const open = new Set<PaymentHash>();
  for (const htlc of commitments.htlcs) if (isOpen(htlc)) open.add(htlc.paymentHash);
  if (open.size === 0) return { state, effects: [] };
  const found = shown(tx, open);
  if (found.size === 0) return { state, effects: [] };
  const effects: Effect[] = [];
  const htlcs = commitments.htlcs.map((htlc) => {
    const known = isOpen(htlc) ? found.get(htlc.paymentHash) : undefined;
    if (known === undefined || !isOpen(htlc)) return htlc;
    const { id, origin, amount } = htlc;
    effects.push({ tag: "HtlcSettled", id, origin, amount, preimage: known });
    return { ...htlc, preimage: known };
  });
  return { state: { ...state, commitments: { ...commitments, htlcs } }, effects };
}

function shown(tx: Tx, open: ReadonlySet<PaymentHash>): ReadonlyMap<PaymentHash, Preimage> {
  const found = new Map<PaymentHash, Preimage>();
  for (const { witness } of tx.inputs) {
    for (const item of witness) {
      if (item.length !== PREIMAGE_BYTES) continue;
      const hash = paymentHash(sha256(item));
      if (open.has(hash)) found.set(hash, preimage(item));
    }
  }
  return found;
}
