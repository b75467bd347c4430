import { RawPSBTV0 } from "@scure/btc-signer/psbt.js";
import { RawOldTx, RawTx } from "@scure/btc-signer/script.js";
import { equalBytes } from "../../base/bytes.ts";
import { outpointKey } from "../../base/ids.ts";
import { err, ok, present, type Result } from "../../base/result.ts";
import { decodeTx, encodeTx, strippedTx, type Tx } from "../../bitcoin/tx.ts";
import { decode, encode } from "../../codec/codec.ts";
import type { PsbtFault } from "./psbt-fault.ts";

type Entries<V> = readonly (readonly [key: Uint8Array, value: V])[];
/** Where a key is in the tree of its master. */
interface Derivation {
  readonly fingerprint: number;
  readonly path: readonly number[];
}
/** What is known of an output of ours or of others. BIP 174 §Specification. BIP 371 §Specification. */
export interface PsbtOutput {
  readonly bip32Derivation?: Entries<Derivation>;
  readonly tapInternalKey?: Uint8Array;
  readonly tapBip32Derivation?: Entries<{ readonly hashes: readonly Uint8Array[]; readonly der: Derivation }>;
}
/** What is known of an input. Fields that the wallet does not look at stand beside these, and stay. */
export interface PsbtInput extends PsbtOutput {
  /** The whole transaction whose output is spent. */
  readonly parent: Tx | undefined;
  readonly witnessUtxo?: { readonly amount: bigint; readonly script: Uint8Array };
  readonly sighashType?: number;
  readonly partialSig?: Entries<Uint8Array>;
  readonly tapKeySig?: Uint8Array;
  readonly finalScriptSig?: Uint8Array;
  readonly finalScriptWitness?: readonly Uint8Array[];
}

/**
 * A transaction on its way from one signer to the next, with what each needs to know of its inputs (BIP 174). Fields that
 * nobody here knows stay in it.
 */
export interface Psbt {
  /** Unsigned. */
  readonly tx: Tx;
  readonly inputs: readonly PsbtInput[];
  readonly outputs: readonly PsbtOutput[];
  /** Of the whole, besides the transaction. */
  readonly global: object;
}

/** What a request of the API has room for, in bytes; as base64 a third more. Policy, not protocol. */
export const PSBT_BYTES_MAX = 45_000;
/** What signing may add to each input, in bytes. */
const SIGNED_BYTES = 110;
/** Whether there is room for more: signatures, or this part of the whole for what others add. */
export const hasRoom = (psbt: Psbt, part = 1): boolean =>
  (psbtText(psbt).length * 3) / 4 + SIGNED_BYTES * psbt.inputs.length <= PSBT_BYTES_MAX * part;

/** The PSBT of version 0 that this base64 holds. Cannot throw, whatever is in it. */
export function parsePsbt(text: string): Result<Psbt, PsbtFault> {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  if (bytes.length > PSBT_BYTES_MAX) return err({ code: "too_large" });
  try {
    const raw = RawPSBTV0.decode(bytes);
    const { unsignedTx, ...global } = raw.global;
    const tx = decode(strippedTx, RawOldTx.encode(present(unsignedTx, "version 0 has it")));
    if (!tx.ok || tx.value.inputs.length === 0 || tx.value.outputs.length === 0) return err({ code: "malformed" });
    const keys = tx.value.inputs.map(({ prevout }) => outpointKey(prevout));
    const repeated = keys.findIndex((key, index) => keys.indexOf(key) < index);
    if (repeated >= 0) return err({ code: "repeated_input", index: repeated });
    const inputs: PsbtInput[] = [];
    for (const { nonWitnessUtxo, ...input } of raw.inputs) {
      const parent = nonWitnessUtxo === undefined ? undefined : decodeTx(RawTx.encode(nonWitnessUtxo));
      if (parent?.ok === false) return err({ code: "malformed" });
      inputs.push({ ...(input as object), parent: parent?.value });
    }
    const outputs = raw.outputs.slice(0, tx.value.outputs.length) as readonly object[];
    const psbt = { tx: tx.value, inputs, outputs, global };
    // What was read here can be written later, where nothing may throw.
    psbtText(psbt);
    return ok(psbt);
  } catch {
    return err({ code: "malformed" });
  }
}

/** As base64. */
export function psbtText({ tx, inputs, outputs, global }: Psbt): string {
  const raw = {
    magic: undefined,
    global: { ...global, unsignedTx: RawOldTx.decode(encode(strippedTx, tx)) },
    inputs: inputs.map(({ parent, ...input }) => ({
      ...input,
      ...(parent && { nonWitnessUtxo: RawTx.decode(encodeTx(parent)) }),
    })),
    outputs: [...outputs],
  };
  // The library's types know of lists that change; it sorts them, which is no change of what they say.
  return Buffer.from(RawPSBTV0.encode(raw as unknown as RawPsbt)).toString("base64");
}
type RawPsbt = ReturnType<typeof RawPSBTV0.decode>;

/** Of a transaction that nobody has signed and nothing is said of. */
export const psbtOf = (tx: Tx): Psbt => ({
  tx,
  inputs: tx.inputs.map(() => ({ parent: undefined })),
  outputs: tx.outputs.map(() => ({})),
  global: {},
});
/** The same with other inputs. */
export const withInputs = (psbt: Psbt, change: (input: PsbtInput, index: number) => PsbtInput): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map(change),
});
/** A list with an entry set; whatever stood there under the same key is gone. */
export const withEntry = <V>(list: Entries<V> | undefined, key: Uint8Array, value: V): Entries<V> => [
  ...(list ?? []).filter(([other]) => !equalBytes(other, key)),
  [key, value],
];
