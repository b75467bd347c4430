import { hashBytes } from "../base/ids.ts";
import { assert, present } from "../base/result.ts";
import { ByteWriter } from "../codec/io.ts";
import { compactSize } from "../codec/varint.ts";
import { sha256 } from "../crypto/hash.ts";
import { type Tx, type TxOut, txOut } from "./tx.ts";

/**
 * What the signatures of all inputs of a transaction share, each part hashed once and only when first asked for. Taproot
 * signs these hashes by SHA-256, version 0 hashes them once more. BIP 143 §Specification. BIP 341 §Common signature message.
 */
export interface SharedParts {
  /** Outpoints of all inputs, 36 bytes each. */
  readonly prevouts: () => Uint8Array;
  /** All outputs, without their count. */
  readonly outputs: () => Uint8Array;
  readonly shaPrevouts: () => Uint8Array;
  readonly shaSequences: () => Uint8Array;
  readonly shaOutputs: () => Uint8Array;
  readonly hashPrevouts: () => Uint8Array;
  readonly hashSequences: () => Uint8Array;
  readonly hashOutputs: () => Uint8Array;
  /** What the inputs spend. Throws, as the two below, when that was not given. */
  readonly spent: () => readonly TxOut[];
  readonly shaAmounts: () => Uint8Array;
  readonly shaScripts: () => Uint8Array;
}

function once<T>(compute: () => T): () => T {
  let known: T | undefined;
  return () => {
    known ??= compute();
    return known;
  };
}
export function written(capacity: number, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(capacity);
  write(writer);
  return writer.finish();
}

export function sharedParts(tx: Tx, given: readonly TxOut[] | undefined): SharedParts {
  assert(given === undefined || given.length === tx.inputs.length, "every input has its prevout");
  const prevouts = once(() => written(36 * tx.inputs.length, (writer) => writePrevouts(writer, tx)));
  const outputs = once(() =>
    written(48 * tx.outputs.length, (writer) => {
      for (const output of tx.outputs) txOut.write(writer, output);
    }),
  );
  const sequences = (): Uint8Array =>
    written(4 * tx.inputs.length, (writer) => {
      for (const { sequence } of tx.inputs) writer.u32le(sequence);
    });
  const spent = (): readonly TxOut[] => present(given, "a taproot signature covers the outputs that are spent");
  const [shaPrevouts, shaSequences, shaOutputs] = [prevouts, sequences, outputs].map((part) =>
    once(() => sha256(part())),
  ) as [() => Uint8Array, () => Uint8Array, () => Uint8Array];
  return {
    prevouts,
    outputs,
    shaPrevouts,
    shaSequences,
    shaOutputs,
    hashPrevouts: once(() => sha256(shaPrevouts())),
    hashSequences: once(() => sha256(shaSequences())),
    hashOutputs: once(() => sha256(shaOutputs())),
    spent,
    shaAmounts: once(() => sha256(amountsOf(spent()))),
    shaScripts: once(() => sha256(scriptsOf(spent()))),
  };
}

function writePrevouts(writer: ByteWriter, tx: Tx): void {
  for (const { prevout } of tx.inputs) {
    writer.bytes(hashBytes(prevout.txid));
    writer.u32le(prevout.vout);
  }
}
const amountsOf = (spent: readonly TxOut[]): Uint8Array =>
  written(8 * spent.length, (writer) => {
    for (const { amount } of spent) writer.u64le(amount);
  });
const scriptsOf = (spent: readonly TxOut[]): Uint8Array =>
  written(40 * spent.length, (writer) => {
    for (const { script } of spent) {
      compactSize.write(writer, script.length);
      writer.bytes(script);
    }
  });
