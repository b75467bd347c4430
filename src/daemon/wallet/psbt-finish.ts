import { outpointKey, type Txid } from "../../base/ids.ts";
import { err, ok, present, type Result } from "../../base/result.ts";
import type { SatPerKw } from "../../base/units.ts";
import { STANDARD_FLAGS } from "../../bitcoin/interpreter/flags.ts";
import { verifyInputs } from "../../bitcoin/interpreter/verify.ts";
import { type Tx, type TxIn, type TxOut, txidOf } from "../../bitcoin/tx.ts";
import { abandon, watchOthers } from "./chain.ts";
import { draftOf } from "./draft.ts";
import { type Psbt, type PsbtInput, withInputs } from "./psbt.ts";
import { checked, spendingsOf } from "./psbt-check.ts";
import type { PsbtFault } from "./psbt-fault.ts";
import { typeOfScript } from "./scripts.ts";
import { keepFor, publishIn, weighed } from "./spend.ts";
import { PSBT_LABEL, reservedTx, type WalletState, type WalletStep } from "./state.ts";

export interface Finished {
  readonly psbt: Psbt;
  /** Signed by all, and checked by the rules of the chain. */
  readonly tx: Tx;
}

/**
 * Puts signatures to where the chain looks for them. Inputs that a single key spends are finished here; whatever else has
 * been finished by who knows how. BIP 174 §Input Finalizer.
 */
export function finalizePsbt(state: WalletState, psbt: Psbt): Result<Finished, PsbtFault> {
  const spendings = spendingsOf(state, psbt);
  if (!spendings.ok) return spendings;
  const spent: TxOut[] = [];
  const witnesses: Final[] = [];
  for (const [index, input] of psbt.inputs.entries()) {
    const spends = spendings.value[index]?.spends;
    if (spends === undefined) return err({ code: "unknown_prevout", index });
    const final = finalOf(input, spends);
    if (final === undefined) return err({ code: "incomplete", index });
    spent.push(spends);
    witnesses.push(final);
  }
  const inputs = psbt.tx.inputs.map((input, at): TxIn => ({ ...input, ...present(witnesses[at], "one each") }));
  const tx: Tx = { ...psbt.tx, inputs };
  const valid = verifyInputs(tx, spent, STANDARD_FLAGS);
  if (!valid.ok) return err({ code: "bad_signature", index: valid.error.index });
  const finished = withInputs(psbt, (input, at) => finishedInput(input, present(witnesses[at], "one each")));
  return ok({ psbt: finished, tx });
}

type Final = Pick<TxIn, "scriptSig" | "witness">;
const NO_SCRIPT = new Uint8Array(0);

function finalOf(input: PsbtInput, { script }: TxOut): Final | undefined {
  const { finalScriptSig, finalScriptWitness, partialSig, tapKeySig } = input;
  if (finalScriptSig !== undefined || finalScriptWitness !== undefined) {
    return { scriptSig: finalScriptSig ?? NO_SCRIPT, witness: finalScriptWitness ?? [] };
  }
  const type = typeOfScript(script);
  if (type === "p2tr" && tapKeySig !== undefined) return { scriptSig: NO_SCRIPT, witness: [tapKeySig] };
  const [only, more] = partialSig ?? [];
  if (type !== "p2wpkh" || only === undefined || more !== undefined) return undefined;
  return { scriptSig: NO_SCRIPT, witness: [only[1], only[0]] };
}

/** What led there has served its purpose; what nobody here knows stays. BIP 174 §Input Finalizer. */
function finishedInput(input: PsbtInput, { scriptSig, witness }: Final): PsbtInput {
  const { partialSig: _p, tapKeySig: _k, sighashType: _s, bip32Derivation: _b, ...rest } = input;
  const { tapInternalKey: _i, tapBip32Derivation: _t, ...left } = rest;
  return {
    ...left,
    ...(scriptSig.length > 0 && { finalScriptSig: scriptSig }),
    ...(witness.length > 0 && { finalScriptWitness: witness }),
  };
}

export interface SentPsbt {
  readonly step: WalletStep;
  readonly sent: Txid;
}
/** Publishes what all have signed. What is out already is said again. */
export function sendPsbt(state: WalletState, psbt: Psbt, most: SatPerKw | undefined): Result<SentPsbt, PsbtFault> {
  const finished = finalizePsbt(state, psbt);
  if (!finished.ok) return finished;
  const { tx } = finished.value;
  const txid = txidOf(tx);
  const draft = draftOf(state);
  const known = state.txs.get(txid);
  if (known?.status === "published" && known.tx !== undefined) {
    publishIn(draft, txid);
    return ok({ step: draft.finish(), sent: txid });
  }
  const sound = checked(state, psbt, most);
  if (!sound.ok) return sound;
  // A signature of the old kind changes the id: what the coins were kept for was another transaction then.
  abandon(draft, txidOf(psbt.tx));
  const coins = sound.value.coins.map(({ outpoint }) => {
    const coin = present(draft.state().coins.get(outpointKey(outpoint)), "a coin that is given up is free");
    return { ...coin, ...weighed(draft.state(), coin), coin };
  });
  const { fee } = sound.value;
  keepFor(draft, coins, { ...reservedTx(txid, PSBT_LABEL, fee, tx), unheard: true });
  publishIn(draft, txid);
  watchOthers(draft, tx);
  return ok({ step: draft.finish(), sent: txid });
}
