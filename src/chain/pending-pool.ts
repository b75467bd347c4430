import type { Txid } from "../base/ids.ts";
import type { MempoolEntry } from "./mempool.ts";

export interface PendingTx {
  readonly entry: MempoolEntry;
  /** When the first of its line came, and how many there have been before it. */
  readonly since: number;
  readonly replacements: number;
}
/** Transactions whose time has not come. Mutable. */
export interface Pending {
  readonly txs: Map<Txid, PendingTx>;
  /** Who spends an outpoint. */
  readonly spenders: Map<string, Txid>;
  /** The txid behind a wtxid. */
  readonly wtxids: Map<Txid, Txid>;
  vsize: number;
}
export const noPending = (): Pending => ({ txs: new Map(), spenders: new Map(), wtxids: new Map(), vsize: 0 });
