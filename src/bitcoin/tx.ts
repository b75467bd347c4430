import { txid as makeTxid, type Outpoint, type Txid } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import { isSat, type Sat } from "../base/units.ts";
import { type Codec, decode, listOf, refine, struct } from "../codec/codec.ts";
import { type ByteReader, DecodeError } from "../codec/io.ts";
import { bytesOf, i32le, i64le, txid as txidCodec, u32le } from "../codec/primitives.ts";
import { compactSize } from "../codec/varint.ts";
import { sha256d } from "../crypto/hash.ts";
import { hashedBytes, SEGWIT_FLAG, txBytes } from "./tx-bytes.ts";
import { hasWitness } from "./tx-size.ts";

export { hasWitness, strippedSize, vsizeOf, weightOf, witnessSize } from "./tx-size.ts";

/** What an input spends, and by which right. */
export interface TxIn {
  readonly prevout: Outpoint;
  readonly scriptSig: Uint8Array;
  /** 32 bits; `SEQUENCE_FINAL` switches locktime and relative locks off. BIP 68 §Specification. */
  readonly sequence: number;
  /** Empty for inputs without a witness. BIP 141 §Transaction ID. */
  readonly witness: readonly Uint8Array[];
}
/** An output as somebody claims it: the amount is any that 64 bits hold, also below 0 and above all coins. */
export interface ClaimedTxOut {
  readonly amount: bigint;
  readonly script: Uint8Array;
}
export interface TxOut extends ClaimedTxOut {
  readonly amount: Sat;
}
/**
 * A transaction as a stranger tells it. Its bytes are well formed; whether its amounts are any is for the rules to say, which
 * have words of their own for that: `checkTransaction`.
 */
export interface ClaimedTx {
  readonly version: number;
  readonly inputs: readonly TxIn[];
  readonly outputs: readonly ClaimedTxOut[];
  readonly locktime: number;
}
/** A Bitcoin transaction as a value. Nothing in it is computed: ids and sizes are functions of it. */
export interface Tx extends ClaimedTx {
  readonly outputs: readonly TxOut[];
}

export const SEQUENCE_FINAL = 0xffff_ffff;
/** The prevout index of a coinbase input. */
export const COINBASE_VOUT = 0xffff_ffff;
/** The prevout of every coinbase. */
export const NULL_TXID: Txid = makeTxid(new Uint8Array(32));

const outpoint: Codec<Outpoint> = struct({ txid: txidCodec, vout: u32le });
const script = bytesOf(compactSize);
const strippedInput = struct({ prevout: outpoint, scriptSig: script, sequence: u32le });
const amount: Codec<Sat> = refine(
  "sat",
  i64le,
  (v) => (isSat(v) ? v : undefined),
  (v) => v,
);
export const txOut: Codec<TxOut> = struct({ amount, script });
const claimedTxOut: Codec<ClaimedTxOut> = struct({ amount: i64le, script });
const witness = listOf(compactSize, script);
const inputs = listOf(compactSize, strippedInput);
const outputs = listOf(compactSize, txOut);
const claimedOutputs = listOf(compactSize, claimedTxOut);
/** With witnesses when any input has one. Amounts that are none do not decode. BIP 144 §Serialization. */
export const tx: Codec<Tx> = {
  shape: { kind: "struct", fields: { version: i32le, inputs, outputs, locktime: u32le } },
  write: (writer, value) => writer.bytes(encodeTx(value)),
  read: (reader) => read(reader, outputs),
};
/** The same of a stranger, for `checkTransaction` to judge. */
export const claimedTx: Codec<ClaimedTx> = {
  shape: { kind: "struct", fields: { version: i32le, inputs, outputs: claimedOutputs, locktime: u32le } },
  write: tx.write,
  read: (reader) => read(reader, claimedOutputs),
};
/** Without witnesses: what a txid commits to. */
export const strippedTx: Codec<Tx> = {
  shape: tx.shape,
  write: (writer, value) => writer.bytes(txBytes(value, false)),
  read: (reader) => read(reader, outputs),
};

function read<O extends ClaimedTxOut>(reader: ByteReader, listed: Codec<readonly O[]>) {
  const version = reader.i32le();
  let read = readInputs(reader);
  let hasWitness = false;
  let outs: readonly O[];
  if (read.length > 0) outs = listed.read(reader);
  else {
    const flag = reader.u8();
    if (flag === SEGWIT_FLAG) {
      hasWitness = true;
      read = readInputs(reader);
      outs = listed.read(reader);
    } else if (flag === 0) outs = [];
    else throw new DecodeError("invalid", "flag");
  }
  if (hasWitness) {
    for (const input of read) input.witness = witness.read(reader);
    if (read.every((input) => input.witness.length === 0)) throw new DecodeError("not_minimal", "witness");
  }
  return { version, inputs: read, outputs: outs, locktime: reader.u32le() };
}
/** Without witnesses, which come behind the outputs. Written out: a block has thousands. */
function readInputs(reader: ByteReader): (Omit<TxIn, "witness"> & { witness: readonly Uint8Array[] })[] {
  const count = compactSize.read(reader);
  if (count > reader.remaining) throw new DecodeError("short_read");
  const list = [];
  for (let at = 0; at < count; at++) {
    const prevout = { txid: makeTxid(reader.bytes(32)), vout: reader.u32le() };
    list.push({ prevout, scriptSig: script.read(reader), sequence: reader.u32le(), witness: NONE });
  }
  return list;
}
const NONE: readonly Uint8Array[] = [];

/** The transaction of exactly these bytes. */
export const decodeTx = (bytes: Uint8Array): Result<Tx, DecodeError> => decode(tx, bytes);
export const decodeClaimedTx = (bytes: Uint8Array): Result<ClaimedTx, DecodeError> => decode(claimedTx, bytes);
export const encodeTx = (value: ClaimedTx): Uint8Array => txBytes(value, hasWitness(value));

/** What other transactions call it: independent of witnesses. BIP 141 §Transaction ID. */
export const txidOf = (value: ClaimedTx): Txid => idsOf(value).stripped;
/** Commits to witnesses as well. BIP 141 §Transaction ID. */
export const wtxidOf = (value: ClaimedTx): Txid => idsOf(value).whole;

interface TxIds {
  readonly stripped: Txid;
  readonly whole: Txid;
}
/** A transaction is a value that never changes, and is asked for its ids by everything that it passes through. */
const known = new WeakMap<ClaimedTx, TxIds>();
function idsOf(value: ClaimedTx): TxIds {
  let ids = known.get(value);
  if (ids === undefined) {
    ids = hashedBytes(value, idOf);
    known.set(value, ids);
  }
  return ids;
}
const idOf = (bytes: Uint8Array): Txid => makeTxid(sha256d(bytes));

export const isCoinbase = (value: ClaimedTx): boolean =>
  value.inputs.length === 1 &&
  value.inputs[0]?.prevout.vout === COINBASE_VOUT &&
  value.inputs[0].prevout.txid === NULL_TXID;
