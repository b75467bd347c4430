import { toHex } from "../../base/bytes.ts";
import type { Outpoint, Txid } from "../../base/ids.ts";
import { present } from "../../base/result.ts";
import { isSat, type Sat, type SatPerKw } from "../../base/units.ts";
import { addressOf } from "../../bitcoin/address.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import { type Tx, txidOf } from "../../bitcoin/tx.ts";
import type { SendRequest } from "../views.ts";
import { type Psbt, psbtText } from "./psbt.ts";
import { feeOf, type Spending } from "./psbt-check.ts";
import { finalizePsbt } from "./psbt-finish.ts";
import type { WalletState } from "./state.ts";

export interface PsbtRequest extends SendRequest {
  /** Also one that looks like a mistake. */
  readonly anyFee?: boolean;
}
export interface PsbtText {
  /** Base64. */
  readonly psbt: string;
  /** Also one that looks like a mistake. */
  readonly anyFee?: boolean;
}
/** What a PSBT says, as far as our own records do not say otherwise. */
export interface PsbtView {
  /** Base64. */
  readonly psbt: string;
  readonly txid: Txid;
  /** Undefined when of some input nothing is said. */
  readonly fee: Sat | undefined;
  readonly inputs: readonly PsbtInputView[];
  readonly outputs: readonly PsbtOutputView[];
  /** Once all have signed. */
  readonly tx: Tx | undefined;
}
export interface PsbtInputView {
  readonly outpoint: Outpoint;
  readonly amount: Sat | undefined;
  readonly address: string | undefined;
  readonly ours: boolean;
  /** Somebody has put a signature there, be it right or wrong. */
  readonly signed: boolean;
}
export interface PsbtOutputView {
  readonly amount: Sat;
  /** Undefined for a script that has none. */
  readonly address: string | undefined;
  readonly ours: boolean;
}
/** What our own feerate may be overstepped by before a fee looks like a mistake, and what never does. Policy, not protocol. */
const PLENTY_TIMES = 10;
const PLENTY_LEAST = 25_000;
export const plentyOf = (feerate: SatPerKw): SatPerKw => Math.max(PLENTY_LEAST, PLENTY_TIMES * feerate) as SatPerKw;

export function viewOf(state: WalletState, params: ChainParams, psbt: Psbt, spendings: readonly Spending[]): PsbtView {
  const fee = feeOf(psbt, spendings);
  const finished = finalizePsbt(state, psbt);
  return {
    psbt: psbtText(psbt),
    txid: txidOf(psbt.tx),
    fee: fee !== undefined && isSat(fee) ? fee : undefined,
    inputs: psbt.inputs.map((input, at) => {
      const { coin, spends } = present(spendings[at], "each input spends something");
      return {
        outpoint: present(psbt.tx.inputs[at], "each input is there").prevout,
        amount: spends?.amount,
        address: spends && addressOf(spends.script, params),
        ours: coin !== undefined,
        signed: [input.partialSig, input.tapKeySig, input.finalScriptSig, input.finalScriptWitness].some(Boolean),
      };
    }),
    outputs: psbt.tx.outputs.map(({ amount, script }) => ({
      amount,
      address: addressOf(script, params),
      ours: state.addresses.has(toHex(script)),
    })),
    tx: finished.ok ? finished.value.tx : undefined,
  };
}
