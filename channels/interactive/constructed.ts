import { equalBytes } from "../../src/base/bytes.ts";
import { outpointKey, type Txid } from "../../src/base/ids.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import { feeForWeight, isSat, type Sat, sat } from "../../src/base/units.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import type { TxFault } from "./fault.ts";
import type { TxSession } from "./session.ts";
import type { Side, TxInput, TxOutput, TxTerms } from "./terms.ts";
import { sideWeight } from "./weight.ts";

/** A count of one byte. BOLT 2 §The tx_complete Message. */
export const INPUTS_MAX = 252;
export const OUTPUTS_MAX = 252;
/** MAX_STANDARD_TX_WEIGHT. BOLT 2 §The tx_complete Message. */
export const TX_WEIGHT_MAX = 400_000;

/**
 * Inputs and outputs of all attempts of which one is to be mined: as many as two of the largest have. Each is written with every
 * change of the channel, and a peer need not have the coins that it shows. Policy, not protocol.
 */
export const ITEMS_MAX = 2 * (INPUTS_MAX + OUTPUTS_MAX);
/** Whether what a peer has us construct beside these would be more than that (RELIABILITY U11). */
export function areTooMany(attempts: readonly ConstructedTx[], next: ConstructedTx): boolean {
  const items = [...attempts, next].map(({ tx }) => tx.inputs.length + tx.outputs.length);
  return items.reduce((sum, count) => sum + count, 0) > ITEMS_MAX;
}

/** What both sides have added up to, unsigned: from here on only witnesses are missing. */
export interface ConstructedTx {
  readonly tx: Tx;
  readonly txid: Txid;
  /** In the order of the transaction, which is that of the serial ids. */
  readonly inputs: readonly TxInput[];
  /** Where the output stands that the new commitments spend. */
  readonly fundingVout: number;
  /** In sat, what each side pays to miners. */
  readonly fee: { readonly local: Sat; readonly remote: Sat };
  /** Weight units that the peer pays for, its witnesses counted as the least that they can be. */
  readonly remoteWeight: number;
}

/** The transaction, once both sides are complete; or why there is none. BOLT 2 §The tx_complete Message. */
export function construct({ terms, inputs, outputs }: TxSession): Result<ConstructedTx, TxFault> {
  const sorted = { inputs: [...inputs].sort(bySerial), outputs: [...outputs].sort(bySerial) };
  if (inputs.length > INPUTS_MAX) return err({ code: "too_many_inputs", maximum: INPUTS_MAX });
  if (outputs.length > OUTPUTS_MAX) return err({ code: "too_many_outputs", maximum: OUTPUTS_MAX });
  const weight = sideWeight(inputs, outputs, { initiator: true });
  if (weight > TX_WEIGHT_MAX) return err({ code: "tx_too_heavy", maximum: TX_WEIGHT_MAX });
  // Each of them is no more than there are: what the peer shows need not exist.
  if (!isSat(inputs.reduce((sum, { spends }) => sum + spends.amount, 0n))) return err({ code: "more_than_all_coins" });
  const shared = inputs.filter((input) => input.shared).length;
  if (shared !== (terms.sharedInput === undefined ? 0 : 1)) return err({ code: "shared_input_wrong" });
  const fundingVout = fundingIndex(terms, sorted.outputs);
  if (fundingVout === undefined) return err({ code: "shared_output_wrong" });
  const local = feeOf("local", terms, sorted);
  const remote = feeOf("remote", terms, sorted);
  if (!local.ok) return local;
  if (!remote.ok) return remote;
  const fee = { local: local.value, remote: remote.value };
  const tx: Tx = {
    version: 2,
    inputs: sorted.inputs.map(({ outpoint, sequence }) => ({
      prevout: outpoint,
      scriptSig: new Uint8Array(0),
      sequence,
      witness: [],
    })),
    outputs: sorted.outputs.map(({ output }) => output),
    locktime: terms.locktime,
  };
  const txid = txidOf(tx);
  const replaced = replacesAll(terms, inputs, { txid, fee: fee.local + fee.remote });
  if (replaced !== undefined) return err(replaced);
  const remoteWeight = weightOf("remote", terms, sorted);
  return ok({ tx, txid, inputs: sorted.inputs, fundingVout, fee, remoteWeight });
}

const bySerial = (a: { readonly serialId: bigint }, b: { readonly serialId: bigint }): number =>
  a.serialId < b.serialId ? -1 : a.serialId > b.serialId ? 1 : 0;

/** The one output that pays to the channel, and exactly what both put in, added by the initiator. */
function fundingIndex({ fundingOutput, initiator }: TxTerms, outputs: readonly TxOutput[]): number | undefined {
  const paying = outputs.filter(({ output }) => equalBytes(output.script, fundingOutput.script));
  const [only] = paying;
  if (only === undefined || paying.length > 1 || only.from !== initiator) return undefined;
  return only.output.amount === fundingOutput.amount ? outputs.indexOf(only) : undefined;
}

interface Added {
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
}
const weightOf = (side: Side, { initiator }: TxTerms, { inputs, outputs }: Added): number =>
  sideWeight(
    inputs.filter(({ from }) => from === side),
    outputs.filter(({ from }) => from === side),
    { initiator: initiator === side },
  );

/** What a side pays to miners: its coins, less what it takes out and what it puts into the channel. */
function feeOf(side: Side, terms: TxTerms, added: Added): Result<Sat, TxFault> {
  const { fundingOutput, contribution, feerate } = terms;
  const { inputs, outputs } = added;
  const ownInputs = inputs.filter(({ from }) => from === side);
  const ownOutputs = outputs.filter(({ from }) => from === side);
  // What is shared stands in neither sum: the balances before and after differ by the contributions.
  const brought = ownInputs.reduce((sum, input) => sum + (input.shared ? 0n : input.spends.amount), 0n);
  const taken = ownOutputs.reduce(
    (sum, { output }) => sum + (equalBytes(output.script, fundingOutput.script) ? 0n : output.amount),
    contribution[side],
  );
  if (brought < taken) return err({ code: "inputs_do_not_cover", side });
  const fee = brought - taken;
  const needed = feeForWeight(feerate, weightOf(side, terms, added));
  return fee < needed ? err({ code: "feerate_not_met", side, fee, needed }) : ok(sat(fee));
}

/** Two attempts that could both be mined would fund the channel twice (RELIABILITY U16). */
function replacesAll(
  { replaces }: TxTerms,
  inputs: readonly TxInput[],
  { txid, fee }: { readonly txid: Txid; readonly fee: bigint },
): TxFault | undefined {
  const spent = new Set(inputs.map(({ outpoint }) => outpointKey(outpoint)));
  if (!replaces.every((old) => old.inputs.some((outpoint) => spent.has(outpointKey(outpoint)))))
    return { code: "replaced_not_spent" };
  // One that was given up may come again: there would be two attempts at it.
  if (replaces.some((old) => old.txid === txid)) return { code: "fee_below_replaced", needed: fee + 1n };
  const last = replaces.at(-1)?.fee;
  // No node takes what pays the same.
  return last !== undefined && fee <= last ? { code: "fee_below_replaced", needed: last + 1n } : undefined;
}
