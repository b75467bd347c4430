import { type Outpoint, outpointKey, type Txid } from "../../base/ids.ts";
import { addSat, type BlockHeight, blockHeight, type Sat, ZERO_SAT } from "../../base/units.ts";
import type { AddressType, Branch, KeyPath } from "../../bitcoin/key-path.ts";
import type { Tx } from "../../bitcoin/tx.ts";
import type { BlockRef, Watch } from "../../ports/chain-source.ts";
import type { StoreRecord } from "../../ports/store.ts";

/** An address that was handed out, once and for one purpose. */
export interface WalletAddress {
  readonly path: KeyPath;
  /** Its scriptPubKey, kept so that a start derives no keys. */
  readonly script: Uint8Array;
  /** What payments to it are called. */
  readonly label: string;
}

/** An output that pays to one of our addresses. Spent ones are kept: a reorganisation may bring them back. */
export interface WalletCoin {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
  readonly script: Uint8Array;
  readonly coinbase: boolean;
  /** Where it was paid; undefined while the transaction (then one of ours) is unconfirmed. */
  readonly paidIn: BlockRef | undefined;
  readonly spent: CoinSpend | undefined;
  /** By hand: kept out of everything until it is taken off. */
  readonly locked: boolean;
}
export interface CoinSpend {
  readonly txid: Txid;
  /** Undefined while the spending transaction is unconfirmed, or reserves the coin and is not published yet. */
  readonly block: BlockRef | undefined;
}

/** A transaction that pays to us or that we made. */
export interface WalletTx {
  readonly txid: Txid;
  readonly label: string;
  /** What it paid to miners, in sat; known for those that we made. */
  readonly fee: Sat | undefined;
  readonly block: BlockRef | undefined;
  /**
   * Those that spend our coins, to be broadcast again after a reorganisation. A reserved one that is not here is out as a
   * PSBT: it is for people to sign, publish or release.
   */
  readonly tx: Tx | undefined;
  readonly status: TxStatus;
  /** A payment that no Bitcoin node is known to have taken: one that is refused gives its coins back. */
  readonly unheard: boolean;
  /** In whose place it went out: ours again if this one is refused. */
  readonly replaces: Txid | undefined;
}
/**
 * `reserved`: signed, its coins kept for it, not yet published. `published`: on its way or confirmed. `abandoned`: can
 * no longer confirm in the best chain, or was given up before it was published; remembered in case the chain says otherwise.
 */
export type TxStatus = "reserved" | "published" | "abandoned";

export interface WalletState {
  /** The height up to which the chain's events are in this state; undefined before the first block. */
  readonly height: BlockHeight | undefined;
  /** By hex of the scriptPubKey. */
  readonly addresses: ReadonlyMap<string, WalletAddress>;
  /** How many addresses each branch of each account has handed out: the next index. */
  readonly used: { readonly [T in AddressType]: { readonly [B in Branch]: number } };
  /** By `outpointKey`. */
  readonly coins: ReadonlyMap<string, WalletCoin>;
  readonly txs: ReadonlyMap<Txid, WalletTx>;
  /** Coins that a transaction made with a peer may come to spend, by `outpointKey`. In memory alone: a restart sets them free. */
  readonly held: ReadonlySet<string>;
}
export const EMPTY_WALLET: WalletState = {
  height: undefined,
  addresses: new Map(),
  used: { p2wpkh: { external: 0, change: 0 }, p2tr: { external: 0, change: 0 } },
  coins: new Map(),
  txs: new Map(),
  held: new Set(),
};

/** One that is new, and to be published or given up. */
export const reservedTx = (txid: Txid, label: string, fee: Sat | undefined, tx: Tx | undefined): WalletTx => ({
  txid,
  label,
  fee,
  block: undefined,
  tx,
  status: "reserved",
  unheard: false,
  replaces: undefined,
});

/** What the funding transactions of channels are called, on disk as well: none of that name is ever replaced. */
export const FUNDING_LABEL = "channel opened";

/** What a stranger's payment is called while a child of ours pays for it, on disk as well. */
export const INCOMING_LABEL = "incoming payment";
export const isIncoming = ({ label }: WalletTx): boolean => label === INCOMING_LABEL;
/** What the list of coins says they are kept for while a PSBT is out, and the history once it is mined; on disk as well. */
export const PSBT_LABEL = "PSBT";
/** What a transaction is called that pays for a commitment through its anchor, on disk as well. */
export const LIFT_LABEL = "channel closed: fee";
/** What a transaction is called that spends our coins and was made by another copy of these words; on disk as well. */
export const ELSEWHERE_LABEL = "spent elsewhere";
/** Others can spend otherwise what it spends, and nobody else looks: after its own transactions each channel looks itself. */
export const hasRivals = ({ label }: WalletTx): boolean =>
  label === INCOMING_LABEL || label === PSBT_LABEL || label === ELSEWHERE_LABEL;

/** What is to be done once the records of the step are durable. */
export type WalletEffect =
  | { readonly tag: "Watch"; readonly watches: readonly Watch[] }
  | { readonly tag: "Broadcast"; readonly tx: Tx }
  /** A payment to us was confirmed. */
  | { readonly tag: "Received"; readonly outpoint: Outpoint; readonly amount: Sat; readonly block: BlockRef }
  /** A transaction that spends our coins was confirmed. */
  | { readonly tag: "Confirmed"; readonly txid: Txid; readonly block: BlockRef };

export interface WalletStep {
  readonly next: WalletState;
  /** To be written in one group, with whatever else the same input changes. */
  readonly records: readonly StoreRecord[];
  readonly effects: readonly WalletEffect[];
}

/** Blocks that a coinbase must be deep to be spent: its own and 99 more, then the spending one. */
export const COINBASE_MATURITY_BLOCKS = 100;

/** The first height whose block the wallet has not seen: what a new watch begins with. */
export const nextHeight = (state: WalletState): BlockHeight => blockHeight((state.height ?? -1) + 1);

export type CoinStatus =
  /** Confirmed and free to be spent. */
  | "confirmed"
  /** Our own change on its way. */
  | "unconfirmed"
  /** A coinbase that no transaction in the next block may spend. */
  | "immature"
  /** Kept back by hand. */
  | "locked"
  /** Kept for a transaction that is signed and not yet published, or that is being made with a peer. */
  | "reserved"
  /** By a published transaction, confirmed or not. */
  | "spent";

export function statusOf(state: WalletState, coin: WalletCoin): CoinStatus {
  if (coin.spent !== undefined) return state.txs.get(coin.spent.txid)?.status === "reserved" ? "reserved" : "spent";
  if (coin.locked) return "locked";
  if (state.held.has(outpointKey(coin.outpoint))) return "reserved";
  if (coin.paidIn === undefined) return "unconfirmed";
  const mature = !coin.coinbase || nextHeight(state) - coin.paidIn.height >= COINBASE_MATURITY_BLOCKS;
  return mature ? "confirmed" : "immature";
}

/**
 * Paid by a stranger's transaction that is in no block any more. It is remembered while a transaction of ours spends
 * it, but it is nothing to count or to spend: whether it comes back, only the chain will tell.
 */
export const isLost = (state: WalletState, { paidIn, outpoint }: WalletCoin): boolean =>
  paidIn === undefined && state.txs.get(outpoint.txid)?.tx === undefined;

/** In sat; together all that is ours on the chain, and of every pending transaction of ours what comes back to us. */
export type WalletBalance = { readonly [S in Exclude<CoinStatus, "spent">]: Sat };
export function walletBalance(state: WalletState): WalletBalance {
  const total = {
    confirmed: ZERO_SAT,
    unconfirmed: ZERO_SAT,
    immature: ZERO_SAT,
    locked: ZERO_SAT,
    reserved: ZERO_SAT,
  };
  for (const coin of state.coins.values()) {
    const status = statusOf(state, coin);
    if (status !== "spent" && !isLost(state, coin)) total[status] = addSat(total[status], coin.amount);
  }
  return total;
}
