import { toHex } from "../../base/bytes.ts";
import { outpointKey, type Txid } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { addSat, type Sat, ZERO_SAT } from "../../base/units.ts";
import { type Tx, txidOf, weightOf } from "../../bitcoin/tx.ts";
import type { Asked, BaseNode } from "../../ports/base-node.ts";
import { type Bumped, type BumpFault, type BumpRequest, childFor, leaving } from "./bump.ts";
import { watchOthers } from "./chain.ts";
import { draftOf } from "./draft.ts";
import type { WalletKeys } from "./public-keys.ts";
import { publishIn, spendableOf } from "./spend.ts";
import { INCOMING_LABEL, isIncoming, reservedTx, type WalletState } from "./state.ts";

/** A payment of somebody else that waits, and all that it waits for itself. */
export interface WaitingPayment {
  readonly tx: Tx;
  readonly fee: Sat;
  /** Of those before it that wait too: weight units, and sat of fee. */
  readonly before: { readonly weight: number; readonly fee: Sat };
}
/** Policy, not protocol: no mempool holds a longer line. */
const ANCESTORS_MAX = 100;

/** Asks the Bitcoin node for it; undefined when nothing of that txid waits there. */
export async function waitingPayment(chain: BaseNode, txid: Txid): Asked<WaitingPayment | undefined> {
  const pool = await chain.mempool();
  if (!pool.ok) return pool;
  const fees = new Map(pool.value.map((one) => [one.txid, one.fee]));
  const found = new Map<Txid, Tx>();
  const wanted = [txid];
  for (const next of wanted) {
    if (found.size > ANCESTORS_MAX) return ok(undefined);
    const one = await chain.transaction(next);
    if (!one.ok) return one;
    if (one.value === undefined || one.value.confirmed !== undefined) continue;
    found.set(next, one.value.tx);
    for (const { prevout } of one.value.tx.inputs)
      if (fees.has(prevout.txid) && !wanted.includes(prevout.txid)) wanted.push(prevout.txid);
  }
  const [tx, fee] = [found.get(txid), fees.get(txid)];
  if (tx === undefined || fee === undefined) return ok(undefined);
  found.delete(txid);
  let before = { weight: 0, fee: ZERO_SAT };
  for (const [id, one] of found)
    before = { weight: before.weight + weightOf(one), fee: addSat(before.fee, fees.get(id) ?? ZERO_SAT) };
  return ok({ tx, fee, before });
}

/** Whether only the Bitcoin node can tell what a child would have to pay for it; so it is of one that a block held before. */
export function isStrange({ txs }: WalletState, txid: Txid): boolean {
  const known = txs.get(txid);
  return known === undefined || isIncoming(known) || (known.status === "published" && known.tx === undefined);
}

/**
 * A child that spends what a stranger's payment brings us pays for both. The payment is remembered from then on, as ours to
 * say again; when its sender puts another in its place, the chain tells, and both are forgotten.
 */
export function bumpIncoming(
  state: WalletState,
  keys: WalletKeys,
  request: BumpRequest,
  { tx, fee, before }: WaitingPayment,
): Result<Bumped, BumpFault> {
  const txid = txidOf(tx);
  const known = state.txs.get(txid);
  if (known?.block !== undefined || !isStrange(state, txid)) return err({ code: "not_ours" });
  if (!tx.outputs.some(({ script }) => state.addresses.has(toHex(script)))) return err({ code: "not_waiting" });
  const draft = draftOf(state);
  if (known?.status !== "published" || known.tx === undefined) {
    draft.setTx(reservedTx(txid, INCOMING_LABEL, fee, tx));
    publishIn(draft, txid);
    watchOthers(draft, tx);
  }
  const free = tx.outputs.flatMap((_, vout) => {
    const coin = draft.state().coins.get(outpointKey({ txid, vout }));
    return coin === undefined || coin.spent !== undefined || coin.locked ? [] : [spendableOf(draft.state(), coin)];
  });
  const paid = addSat(fee, before.fee);
  const made = childFor(draft, keys, request, {
    coins: free,
    paid,
    weight: weightOf(tx) + before.weight,
    label: `fee of ${INCOMING_LABEL}`,
    version: tx.version,
  });
  return made.ok ? leaving(state, made.value, request.keep) : made;
}
