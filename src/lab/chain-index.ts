import type { FundedState, OfferedHtlc } from "../../channels/index.ts";
import { isTrimmed } from "../../channels/tx/weights.ts";
import { type Outpoint, outpointKey, type Txid } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { blockHeight, type Msat, toSatFloor } from "../base/units.ts";
import { isCoinbase, type Tx, type TxOut, txidOf } from "../bitcoin/tx.ts";
import { RESOLUTION_DEPTH } from "./depths.ts";
import { UNECONOMICAL_SAT } from "./small.ts";
import { fundingsOnChain, type Splices } from "./splices.ts";
import type { World } from "./world.ts";

/** Every transaction of the best chain, and who spends what. */
export class ChainIndex {
  readonly #txs = new Map<Txid, Tx>();
  readonly #heights = new Map<Txid, number>();
  readonly #spenders = new Map<string, Tx>();
  readonly #tip: number;

  constructor(world: Pick<World, "chain">) {
    const { whole: chain, brain } = world.chain;
    this.#tip = brain.chain.tip.height;
    for (let height = 1; height <= this.#tip; height++) {
      const block = present(chain.blockAt(blockHeight(height)), "a block of the best chain");
      for (const tx of block.txs) {
        this.#txs.set(txidOf(tx), tx);
        this.#heights.set(txidOf(tx), height);
        if (isCoinbase(tx)) continue;
        for (const { prevout } of tx.inputs) this.#spenders.set(outpointKey(prevout), tx);
      }
    }
  }
  transaction(txid: Txid): Tx | undefined {
    return this.#txs.get(txid);
  }
  spender(outpoint: Outpoint): Tx | undefined {
    return this.#spenders.get(outpointKey(outpoint));
  }
  /** Of the block that holds it. */
  height(tx: Tx): number {
    return present(this.#heights.get(txidOf(tx)), "a transaction of the best chain");
  }
  spenderTxid(outpoint: Outpoint): Txid | undefined {
    const spender = this.spender(outpoint);
    return spender && txidOf(spender);
  }
  /** How many blocks hold it up; 0 when none does. */
  depth(tx: Tx): number {
    return this.#heights.has(txidOf(tx)) ? this.#tip - this.height(tx) + 1 : 0;
  }
  output({ txid, vout }: Outpoint): TxOut {
    return present(this.#txs.get(txid)?.outputs[vout], "what is spent was there");
  }
  /** In sat. */
  fee(tx: Tx): bigint {
    const paid = tx.inputs.reduce((sum, { prevout }) => sum + this.output(prevout).amount, 0n);
    return tx.outputs.reduce((rest, { amount }) => rest - amount, paid);
  }
}

/**
 * Whether the best chain has ended an HTLC that was offered in a channel: what closed it is deep enough, and so is what
 * spends the output, if it has one. Outputs are known by their amount: this asks nobody who could be wrong, but for which
 * of several HTLCs of one amount a revoked commitment held.
 */
export function isGoneOnChain(
  world: Pick<World, "chain">,
  splices: Splices,
  state: FundedState,
  { id, amount, expiry }: OfferedHtlc,
): boolean {
  const index = new ChainIndex(world);
  const closing = index.spender(present(fundingsOnChain(index, splices, state).at(-1), "a channel has a funding"));
  // Nobody need fetch it: it is given up once it could have been taken back so deep.
  const isLate = world.chain.brain.chain.tip.height >= expiry + RESOLUTION_DEPTH;
  if (isLate && isTrimmedByBoth(state, amount)) return true;
  if (closing === undefined || index.depth(closing) < RESOLUTION_DEPTH) return false;
  const txid = txidOf(closing);
  const spenders = closing.outputs.flatMap((output, vout) =>
    output.amount === toSatFloor(amount) ? [index.spender({ txid, vout })] : [],
  );
  const isDeep = (tx: Tx | undefined): boolean => tx !== undefined && index.depth(tx) >= RESOLUTION_DEPTH;
  if (toSatFloor(amount) <= UNECONOMICAL_SAT && isLate) return true;
  if (spenders.length === 0 || spenders.some(isDeep)) return true;
  const held = (state.tag === "Failed" && state.revoked?.htlcs) || [];
  const alike = held.filter((htlc) => toSatFloor(htlc.amount) === toSatFloor(amount));
  // Those of the commitment are counted from the peer's side.
  return alike.length === spenders.length && !alike.some((htlc) => htlc.side === "received" && htlc.id === id);
}

/** Nobody can fetch it at all, whatever is mined. */
const isTrimmedByBoth = ({ params, commitments: { feerate } }: FundedState, amount: Msat): boolean =>
  isTrimmed({ side: "offered", amount }, params.local.dustLimit, feerate, params.type.format) &&
  isTrimmed({ side: "received", amount }, params.remote.dustLimit, feerate, params.type.format);
