import { assert, present } from "../base/result.ts";
import { scratch } from "../base/scratch.ts";
import { sha256 } from "../crypto/hash.ts";
import type { Tx, TxIn, TxOut } from "./tx.ts";
import { outputSize, putAmount, putOutpoint, putOutput, putScript, putU32 } from "./tx-bytes.ts";

/** A transaction as its signatures are checked: which outpoints it spends is told by their bytes beside it. */
export interface SignedTx extends Pick<Tx, "version" | "outputs" | "locktime"> {
  readonly inputs: readonly Pick<TxIn, "scriptSig" | "sequence" | "witness">[];
}
/** Bytes of an outpoint. */
export const OUTPOINT_BYTES = 36;

/**
 * What the signatures of all inputs of a transaction share, each part hashed once and only when first asked for. Taproot
 * signs these hashes by SHA-256, version 0 hashes them once more. BIP 143 §Specification. BIP 341 §Common signature message.
 */
export class SharedParts {
  readonly #tx: SignedTx;
  readonly #spent: readonly TxOut[] | undefined;
  /** Outpoints of all inputs, one behind the other. */
  readonly prevouts: Uint8Array;
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
  constructor(tx: SignedTx, prevouts: Uint8Array, spent: readonly TxOut[] | undefined) {
    assert(spent === undefined || spent.length === tx.inputs.length, "every input has its prevout");
    assert(prevouts.length === OUTPOINT_BYTES * tx.inputs.length, "every input has its outpoint");
    this.#tx = tx;
    this.prevouts = prevouts;
    this.#spent = spent;
  }
  /** The outpoint of one input. */
  prevout(index: number): Uint8Array {
    return this.prevouts.subarray(OUTPOINT_BYTES * index, OUTPOINT_BYTES * (index + 1));
  }
  /** All outputs, without their count. */
  outputs(): Uint8Array {
    this.#outputs ??= outputsOf(this.#tx.outputs, (size) => new Uint8Array(size));
    return this.#outputs;
  }
  shaPrevouts(): Uint8Array {
    this.#shaPrevouts ??= sha256(this.prevouts);
    return this.#shaPrevouts;
  }
  shaSequences(): Uint8Array {
    this.#shaSequences ??= sha256(sequencesOf(this.#tx));
    return this.#shaSequences;
  }
  shaOutputs(): Uint8Array {
    this.#shaOutputs ??= sha256(this.#outputs ?? outputsOf(this.#tx.outputs, scratch));
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

export function prevoutsOf({ inputs }: Tx): Uint8Array {
  const out = new Uint8Array(OUTPOINT_BYTES * inputs.length);
  let at = 0;
  for (const { prevout } of inputs) at = putOutpoint(out, at, prevout);
  return out;
}
function sequencesOf({ inputs }: SignedTx): Uint8Array {
  const out = scratch(4 * inputs.length);
  let at = 0;
  for (const { sequence } of inputs) at = putU32(out, at, sequence);
  return out;
}
function outputsOf(outputs: readonly TxOut[], room: (size: number) => Uint8Array): Uint8Array {
  let size = 0;
  for (const output of outputs) size += outputSize(output);
  const out = room(size);
  let at = 0;
  for (const output of outputs) at = putOutput(out, at, output);
  return out;
}
function amountsOf(spent: readonly TxOut[]): Uint8Array {
  const out = scratch(8 * spent.length);
  let at = 0;
  for (const { amount } of spent) at = putAmount(out, at, amount);
  return out;
}
function scriptsOf(spent: readonly TxOut[]): Uint8Array {
  let size = 0;
  for (const output of spent) size += outputSize(output) - 8;
  const out = scratch(size);
  let at = 0;
  for (const { script } of spent) at = putScript(out, at, script);
  return out;
}
