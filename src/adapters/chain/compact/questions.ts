import type { Txid } from "../../../base/ids.ts";
import { present } from "../../../base/result.ts";
import type { SatPerKw } from "../../../base/units.ts";
import { satPerKw } from "../../../base/units.ts";
import type { Tx } from "../../../bitcoin/tx.ts";
import type { HashedBlock } from "../../../chain/hashed-block.ts";
import { type HeaderNode, isAncestor } from "../../../chain/headers.ts";
import { type Light, tipOf } from "../../../chain/light/light.ts";
import type { ChainFault, FoundTx } from "../../../ports/base-node.ts";
import { refOf } from "../answers.ts";

/** What a light client can say, and why it cannot say the rest. */

export const NO_MEMPOOL: ChainFault = {
  code: "not_offered",
  detail: "A light client has no mempool: it checks no transactions. Ask a whole node.",
};
export const NO_COINS: ChainFault = {
  code: "not_offered",
  detail: "A light client does not hold all coins. Ask a whole node.",
};
export const NO_MINING: ChainFault = {
  code: "not_offered",
  detail: "A light client cannot mine: it does not know what a block may hold. Ask a whole node.",
};
export const NOT_INDEXED: ChainFault = {
  code: "not_held",
  detail: "A light client knows its own transactions and those of blocks that it has just fetched.",
};
export const NO_PEER: ChainFault = {
  code: "unavailable",
  detail: "No Bitcoin node that we are connected with answers.",
};

/** A transaction in a place that was looked at. */
export interface Placed {
  readonly tx: Tx;
  readonly index: number;
  readonly node: HeaderNode;
}

/** Where transactions were found, the newest first forgotten last; bounded. */
export class Places {
  readonly #places = new Map<Txid, Placed>();
  note({ block, txids }: HashedBlock, node: HeaderNode, index: number): Txid | undefined {
    const [tx, txid] = [block.txs[index], txids[index]];
    if (tx === undefined || txid === undefined) return undefined;
    this.#places.set(txid, { tx, index, node });
    const [oldest] = this.#places.keys();
    if (this.#places.size > PLACES_MAX && oldest !== undefined) this.#places.delete(oldest);
    return txid;
  }
  get(txid: Txid): Placed | undefined {
    return this.#places.get(txid);
  }
}
/** Policy, not protocol. */
const PLACES_MAX = 2_000;

/** Among what was fetched of late, what peers relayed, and our own. */
export function findKnown(light: Light, places: Places, txid: Txid): FoundTx | undefined {
  const placed = places.get(txid);
  if (placed !== undefined && isAncestor(placed.node, tipOf(light)))
    return { tx: placed.tx, confirmed: { block: refOf(placed.node), index: placed.index } };
  for (const { hash, block, txids } of light.blocks.values()) {
    const index = txids.indexOf(txid);
    const node = present(light.sync.brain.chain.index.tree.nodes.get(hash), "fetched blocks have a header");
    const tx = block.txs[index];
    if (tx !== undefined && isAncestor(node, tipOf(light))) return { tx, confirmed: { block: refOf(node), index } };
  }
  const tx = light.relayed.get(txid) ?? light.own.get(txid)?.tx;
  return tx === undefined ? undefined : { tx, confirmed: undefined };
}

const VBYTES_PER_KW = 4n;
/**
 * What peers want at least, when that is more than what is paid anyway: of what others pay a light client knows nothing.
 * The one in the middle of what they say, as one alone may say anything.
 */
export function floorOf({ peers }: Light, fallback: SatPerKw): SatPerKw | undefined {
  const said = [...peers.keys()].filter(({ ready }) => ready).map(({ feeFilter }) => feeFilter);
  const [middle] = said.sort((a, b) => (a < b ? -1 : 1)).slice(Math.floor((said.length - 1) / 2));
  if (middle === undefined) return undefined;
  const floor = (middle + VBYTES_PER_KW - 1n) / VBYTES_PER_KW;
  return floor > BigInt(fallback) && floor <= FEERATE_MAX ? satPerKw(Number(floor)) : undefined;
}
/** Policy, not protocol: nobody makes us pay more. */
const FEERATE_MAX = 50_000n;
