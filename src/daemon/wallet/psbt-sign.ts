import { toHex } from "../../base/bytes.ts";
import { outpointKey, type Txid } from "../../base/ids.ts";
import { err, ok, present, type Result } from "../../base/result.ts";
import { type Sat, type SatPerKw, sat, sumSat } from "../../base/units.ts";
import { SIGHASH_ALL, SIGHASH_DEFAULT } from "../../bitcoin/sighash.ts";
import type { TxOut } from "../../bitcoin/tx.ts";
import { txidOf } from "../../bitcoin/tx.ts";
import { abandon } from "./chain.ts";
import { type Draft, draftOf } from "./draft.ts";
import { hasRoom, type Psbt, type PsbtInput, type PsbtOutput, psbtOf, withEntry, withInputs } from "./psbt.ts";
import { checked } from "./psbt-check.ts";
import type { PsbtFault } from "./psbt-fault.ts";
import type { WalletKeys } from "./public-keys.ts";
import { signCoins } from "./sign.ts";
import { build, keepFor, spendable, type WalletPayment, weighed } from "./spend.ts";
import { PSBT_LABEL, reservedTx, type WalletCoin, type WalletState, type WalletStep } from "./state.ts";

/** What a PSBT may cost. */
export interface PsbtLimits {
  /** What must be left in coins that can be spent, in sat. */
  readonly keep: Sat;
  /** A fee above what this feerate would make is refused; undefined: whatever it is. */
  readonly most: SatPerKw | undefined;
}
export interface PsbtStep {
  readonly step: WalletStep;
  readonly psbt: Psbt;
}

/**
 * A payment that nobody has signed yet. Its coins are kept for it, over restarts, until it is sent, released, or something
 * else that spends them is mined.
 */
export function createPsbt(
  state: WalletState,
  keys: WalletKeys,
  payment: Omit<WalletPayment, "keep" | "label">,
  { keep, most }: PsbtLimits,
): Result<PsbtStep, PsbtFault> {
  const draft = draftOf(state);
  const built = build(draft, keys, { ...payment, keep, label: PSBT_LABEL });
  if (!built.ok) return built;
  const { unsigned, coins } = built.value;
  const psbt = described(draft.state(), keys, psbtOf(unsigned));
  if (!hasRoom(psbt)) return err({ code: "too_large" });
  const sound = checked(draft.state(), psbt, most);
  if (!sound.ok) return sound;
  keepOut(
    draft,
    coins.map(({ coin }) => coin),
    psbt,
    sound.value.fee,
  );
  return ok({ step: draft.finish(), psbt });
}

/**
 * Signs the inputs that spend coins of ours, each by the whole transaction; those of others are left as they are. Amounts
 * and scripts are those of our own records. The coins are kept for it from then on: whoever gets the signature may use it.
 */
export function signPsbt(
  state: WalletState,
  keys: WalletKeys,
  psbt: Psbt,
  { keep, most }: PsbtLimits,
): Result<PsbtStep, PsbtFault> {
  const sound = checked(state, psbt, most);
  if (!sound.ok) return sound;
  const { coins, spent, fee } = sound.value;
  const draft = draftOf(state);
  keepOut(draft, coins, psbt, fee);
  const step = draft.finish();
  const [before, after] = [spendableIn(state), spendableIn(step.next)];
  if (after < keep && after < before) {
    return err({ code: "insufficient_funds", needed: sat(before - after + keep), available: before });
  }
  return ok({ step, psbt: signed(state, keys, psbt, coins, spent) });
}
const spendableIn = (state: WalletState): Sat => sumSat(spendable(state).map(({ amount }) => amount));

function signed(
  state: WalletState,
  keys: WalletKeys,
  psbt: Psbt,
  coins: readonly WalletCoin[],
  spent: readonly TxOut[],
): Psbt {
  const foreign = new Map(psbt.tx.inputs.map(({ prevout }, at) => [outpointKey(prevout), present(spent[at], "known")]));
  // BIP 371 §Signer: a type that is asked for stands in the signature.
  const taprootType = (index: number) =>
    psbt.inputs[index]?.sighashType === SIGHASH_ALL ? SIGHASH_ALL : SIGHASH_DEFAULT;
  const { inputs } = signCoins(state, keys, psbt.tx, coins, foreign, taprootType);
  return withInputs(described(state, keys, psbt), (input, index): PsbtInput => {
    const [signature, publicKey] = present(inputs[index], "each input is there").witness;
    if (signature === undefined || input.finalScriptWitness !== undefined) return input;
    if (publicKey === undefined) return { ...input, tapKeySig: signature };
    return { ...input, partialSig: withEntry(input.partialSig, publicKey, signature) };
  });
}

/** With all that other signers want to know of what is ours: where the keys are, and what is spent. */
function described(state: WalletState, keys: WalletKeys, psbt: Psbt): Psbt {
  const told = withInputs(psbt, (input, index): PsbtInput => {
    const { prevout } = present(psbt.tx.inputs[index], "each input is there");
    const coin = state.coins.get(outpointKey(prevout));
    if (coin === undefined || input.finalScriptWitness !== undefined) return input;
    const witnessUtxo = { amount: coin.amount, script: coin.script };
    return { ...input, ...originOf(state, keys, coin.script, input), witnessUtxo };
  });
  const outputs = psbt.outputs.map((output, index): PsbtOutput => {
    const { script } = present(psbt.tx.outputs[index], "each output is there");
    return { ...output, ...originOf(state, keys, script, output) };
  });
  return { ...told, outputs };
}
type Origin = Pick<PsbtOutput, "bip32Derivation" | "tapBip32Derivation" | "tapInternalKey">;
function originOf(state: WalletState, keys: WalletKeys, script: Uint8Array, had: Origin): Origin {
  const address = state.addresses.get(toHex(script));
  if (address === undefined) return {};
  const key = keys.walletKey(address.path);
  const { fingerprint, steps } = keys.walletOrigin(address.path);
  const der = { fingerprint, path: [...steps] };
  if (address.path.type === "p2wpkh") return { bip32Derivation: withEntry(had.bip32Derivation, key, der) };
  const inner = key.subarray(1);
  // BIP 371 §Specification: of the internal key there are no leaves to name.
  const tapBip32Derivation = withEntry(had.tapBip32Derivation, inner, { hashes: [], der });
  return { tapInternalKey: inner, tapBip32Derivation };
}

/** Nothing happens to coins that are kept for it already. */
function keepOut(draft: Draft, coins: readonly WalletCoin[], psbt: Psbt, fee: Sat): void {
  const txid = txidOf(psbt.tx);
  const free = coins.filter(({ spent }) => spent === undefined);
  if (free.length === 0) return;
  const kept = free.map((coin) => ({ ...coin, ...weighed(draft.state(), coin), coin }));
  keepFor(draft, kept, reservedTx(txid, PSBT_LABEL, fee, undefined));
}

/** A PSBT that is not to be sent any more: its coins are free. Whoever holds it signed can still send it. */
export function releasePsbt(state: WalletState, txid: Txid): Result<{ readonly step: WalletStep }, PsbtFault> {
  const kept = state.txs.get(txid);
  if (kept?.status !== "reserved" || kept.tx !== undefined) return err({ code: "not_out" });
  const draft = draftOf(state);
  abandon(draft, txid);
  return ok({ step: draft.finish() });
}
