import type { ChannelId, Outpoint, Txid } from "../../src/base/ids.ts";
import type { Sat, SatPerKw } from "../../src/base/units.ts";
import type { Tx, TxOut } from "../../src/bitcoin/tx.ts";

/**
 * What both sides have agreed on before the first message of a construction, seen from ours. Dual funding and splicing
 * differ in nothing else. BOLT 2 §Interactive Transaction Construction.
 */
export interface TxTerms {
  readonly channelId: ChannelId;
  /** Who speaks first, adds what is shared and pays for the common fields. */
  readonly initiator: "local" | "remote";
  readonly feerate: SatPerKw;
  readonly locktime: number;
  /** No output of the peer may be below it. */
  readonly dustLimit: Sat;
  /** The output that the new commitments will spend: the initiator adds it. */
  readonly fundingOutput: TxOut;
  /** In sat, what each side puts into the channel; negative where a splice takes out. */
  readonly contribution: { readonly local: bigint; readonly remote: bigint };
  /** The funding output that a splice spends: the initiator adds it. */
  readonly sharedInput: SharedInput | undefined;
  /** What this transaction is to replace: each spends a coin that it spends too. BOLT 2 §The tx_init_rbf Message. */
  readonly replaces: readonly ReplacedTx[];
}
export interface SharedInput {
  readonly outpoint: Outpoint;
  readonly spends: TxOut;
  /** The script behind its hash. */
  readonly witnessScript: Uint8Array;
}
/** An earlier attempt that may still be mined. */
export interface ReplacedTx {
  readonly txid: Txid;
  readonly inputs: readonly Outpoint[];
  /** In sat. */
  readonly fee: Sat;
}

/** A coin of ours with the transaction that pays it, as the wallet gives it. Only segwit outputs can be added. */
export interface OwnInput {
  readonly serialId: bigint;
  readonly prevtx: Tx;
  readonly vout: number;
}
export interface OwnOutput {
  readonly serialId: bigint;
  readonly output: TxOut;
}
/**
 * What we add. Serial ids are random numbers of 64 bits, whose lowest bit is set to what our role asks for; `shared` are
 * those of what the initiator adds for both.
 */
export interface Contribution {
  readonly inputs: readonly OwnInput[];
  readonly outputs: readonly OwnOutput[];
  readonly shared: { readonly input: bigint; readonly output: bigint };
}
export const NOTHING: Contribution = { inputs: [], outputs: [], shared: { input: 0n, output: 0n } };

export type Side = "local" | "remote";
/** An input of the transaction under construction: whose it is and what it spends. Previous transactions are not kept. */
export interface TxInput {
  readonly serialId: bigint;
  readonly from: Side;
  readonly outpoint: Outpoint;
  readonly spends: TxOut;
  readonly sequence: number;
  /** The previous funding output, for which both sides sign. */
  readonly shared: boolean;
}
export interface TxOutput {
  readonly serialId: bigint;
  readonly from: Side;
  readonly output: TxOut;
}
