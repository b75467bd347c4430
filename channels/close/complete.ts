import { assert } from "../../src/base/result.ts";
import { feeForWeightCeil, type Sat, sat, sumSat } from "../../src/base/units.ts";
import { type Tx, txidOf, weightOf } from "../../src/bitcoin/tx.ts";
import { localTerms } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { Closing, Funded, Negotiating } from "../state.ts";
import type { Effect } from "../transition.ts";
import { hasDust } from "../tx/dust.ts";
import { fundingWitness, withWitness } from "../tx/witnesses.ts";

export type Agreeing = Negotiating | Closing;

/** A closing transaction of which so many are kept: with each new one both sides mean to replace those before. */
const COMPLETE_KEPT = 16;
/** Below it a locktime is a height, from it on a time. */
const LOCKTIME_THRESHOLD = 500_000_000;

/** A closing transaction with the signatures of both sides. BOLT 3 §Closing Transaction. */
export function assemble(
  { params }: Funded,
  tx: Tx,
  signed: { readonly local: Uint8Array; readonly remote: Uint8Array },
) {
  const witness = fundingWitness(
    { pubkey: params.local.basepoints.fundingPubkey, signature: signed.local },
    { pubkey: params.remote.basepoints.fundingPubkey, signature: signed.remote },
    localTerms(params).funding.witnessScript,
  );
  return withWitness(tx, witness);
}

/** What miners get of it, in sat: also what was left out or is dust. */
export function closingFeeOf({ params }: Funded, tx: Tx): Sat {
  const paid = sumSat(tx.outputs.map(({ amount }) => amount));
  assert(paid <= params.capacity, "a close creates no money");
  return sat(params.capacity - paid);
}

/**
 * A closing transaction that is signed by both, to be published. Only one that can be mined as things stand ends the
 * negotiation: the peer chooses fee and locktime of its own, and a close that waits for ever is none.
 */
export function completed(
  env: ChannelEnv,
  state: Agreeing,
  tx: Tx,
): { readonly state: Agreeing; readonly effects: readonly Effect[] } {
  const txid = txidOf(tx);
  const others = state.simple.complete.filter((known) => txidOf(known) !== txid);
  const simple = { ...state.simple, complete: [...others, tx].slice(-COMPLETE_KEPT) };
  const effects: readonly Effect[] = [{ tag: "Broadcast", tx, why: "mutual_close" }, { tag: "NotifyUpdated" }];
  if (state.tag === "Closing") {
    const isBetter = isMinable(env, state, tx) && closingFeeOf(state, tx) > closingFeeOf(state, state.tx);
    const best = state.confirmed === undefined && isBetter ? tx : state.tx;
    return { state: { ...state, simple, tx: best }, effects };
  }
  if (!isMinable(env, state, tx)) return { state: { ...state, simple }, effects };
  return { state: { ...state, tag: "Closing", simple, tx, confirmed: undefined }, effects };
}

/** Whether nodes relay it now: final, without dust, and paying for its size. */
export function isMinable(env: ChannelEnv, state: Agreeing, tx: Tx): boolean {
  const isFinal = tx.locktime < LOCKTIME_THRESHOLD && tx.locktime <= env.height;
  const least = feeForWeightCeil(env.policy.closingFeerateMin, weightOf(tx));
  return isFinal && !hasDust(tx) && closingFeeOf(state, tx) >= least;
}

/** All that both have signed and that may be mined, what pays most first: the others give way to it. */
export function closingsOf(state: Agreeing): readonly Tx[] {
  const known = state.tag === "Closing" ? [state.tx, ...state.simple.complete] : state.simple.complete;
  const all = [...new Map(known.map((tx) => [txidOf(tx), tx])).values()];
  return all.sort((a, b) => Number(closingFeeOf(state, b) - closingFeeOf(state, a)));
}
