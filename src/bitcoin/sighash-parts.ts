import { hashBytes } from "../base/ids.ts";
import { assert, present } from "../base/result.ts";
import { ByteWriter } from "../codec/io.ts";
import { compactSize } from "../codec/varint.ts";
import { sha256 } from "../crypto/hash.ts";
import { type Tx, type TxOut, txOut } from "./tx.ts";

export function written(capacity: number, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(capacity);
  write(writer);
  return writer.finish();
}

/**
 * What the signatures of all inputs of a transaction share, each part hashed once and only when first asked for. Taproot
 * signs these hashes by SHA-256, version 0 hashes them once more. BIP 143 §Specification. BIP 341 §Common signature message.
 */
export class SharedParts {
  readonly #tx: Tx;
  readonly #spent: readonly TxOut[] | undefined;
  #prevouts: Uint8Array | undefined;
  #outputs: Uint8Array | undefined;
  #shaPrevouts: Uint8Array | undefined;
  #shaSequences: Uint8Array | undefined;
  #shaOutputs: Uint8Array | undefined;
  #hashPrevouts: Uint8Array | undefined;
  #hashSequences: Uint8Array | undefined;
  #hashOutputs: Uint8Array | undefined;
  #shaAmounts: Uint8Array | undefined;
  #shaScripts: Uint8Array | undefined;

  /** @param spent  what the inputs spend, in their order; where it is not given, what asks for it throws */
  constructor(tx: Tx, spent: readonly TxOut[] | undefined) {
    assert(spent === undefined || spent.length === tx.inputs.length, "every input has its prevout");
    this.#tx = tx;
    this.#spent = spent;
  }
  /** Outpoints of all inputs, 36 bytes each. */
  prevouts(): Uint8Array {
    this.#prevouts ??= written(36 * this.#tx.inputs.length, (writer) => writePrevouts(writer, this.#tx));
    return this.#prevouts;
  }
  /** All outputs, without their count. */
  outputs(): Uint8Array {
    this.#outputs ??= written(48 * this.#tx.outputs.length, (writer) => {
      for (const output of this.#tx.outputs) txOut.write(writer, output);
    });
    return this.#outputs;
  }
  shaPrevouts(): Uint8Array {
    this.#shaPrevouts ??= sha256(this.prevouts());
    return this.#shaPrevouts;
  }
  shaSequences(): Uint8Array {
    this.#shaSequences ??= sha256(sequencesOf(this.#tx));
    return this.#shaSequences;
  }
  shaOutputs(): Uint8Array {
    this.#shaOutputs ??= sha256(this.outputs());
    return this.#shaOutputs;
  }
  hashPrevouts(): Uint8Array {
    this.#hashPrevouts ??= sha256(this.shaPrevouts());
    return this.#hashPrevouts;
  }
  hashSequences(): Uint8Array {
    this.#hashSequences ??= sha256(this.shaSequences());
    return this.#hashSequences;
  }
  hashOutputs(): Uint8Array {
    this.#hashOutputs ??= sha256(this.shaOutputs());
    return this.#hashOutputs;
  }
  /** What the inputs spend. */
  spent(): readonly TxOut[] {
    return present(this.#spent, "a taproot signature covers the outputs that are spent");
  }
  shaAmounts(): Uint8Array {
    this.#shaAmounts ??= sha256(amountsOf(this.spent()));
    return this.#shaAmounts;
  }
  shaScripts(): Uint8Array {
    this.#shaScripts ??= sha256(scriptsOf(this.spent()));
    return this.#shaScripts;
  }
}

const sequencesOf = ({ inputs }: Tx): Uint8Array =>
  written(4 * inputs.length, (writer) => {
    for (const { sequence } of inputs) writer.u32le(sequence);
  });
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
