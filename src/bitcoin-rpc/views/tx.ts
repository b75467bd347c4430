import { toHex } from "../../base/bytes.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import { type ClaimedTx, encodeTx, isCoinbase, txidOf, weightOf, wtxidOf } from "../../bitcoin/tx.ts";
import type { Coin } from "../../chain/coins.ts";
import { coins, type Json } from "../json-text.ts";
import { scriptJson, scriptWords } from "./script.ts";

type Fields = { readonly [key: string]: Json | undefined };

export interface TxDetail {
  /** What its inputs spend; undefined where that is not known. */
  readonly spent?: readonly (Coin | undefined)[] | undefined;
  /** Whether the outputs that it spends are shown, and not only the fee. */
  readonly prevouts?: boolean;
}
/** A transaction, with what is known of its inputs. */
export function txJson(tx: ClaimedTx, params: ChainParams, { spent, prevouts = false }: TxDetail = {}): Fields {
  const weight = weightOf(tx);
  const raw = encodeTx(tx);
  const fee = spent === undefined || isCoinbase(tx) ? undefined : feeOf(tx, spent);
  return {
    txid: txidOf(tx),
    hash: wtxidOf(tx),
    version: tx.version >>> 0,
    size: raw.length,
    vsize: Math.ceil(weight / 4),
    weight,
    locktime: tx.locktime,
    vin: tx.inputs.map((input, index) => {
      const coin = prevouts ? spent?.[index] : undefined;
      const witness = input.witness.length === 0 ? undefined : input.witness.map(toHex);
      if (isCoinbase(tx)) return { coinbase: toHex(input.scriptSig), txinwitness: witness, sequence: input.sequence };
      return {
        txid: input.prevout.txid,
        vout: input.prevout.vout,
        scriptSig: { asm: scriptWords(input.scriptSig), hex: toHex(input.scriptSig) },
        txinwitness: witness,
        prevout: coin && {
          generated: coin.coinbase,
          height: coin.height,
          value: coins(coin.output.amount),
          scriptPubKey: scriptJson(coin.output.script, params),
        },
        sequence: input.sequence,
      };
    }),
    vout: tx.outputs.map(({ amount, script }, n) => ({
      value: coins(amount),
      n,
      scriptPubKey: scriptJson(script, params),
    })),
    fee: fee === undefined ? undefined : coins(fee),
    hex: toHex(raw),
  };
}
function feeOf(tx: ClaimedTx, spent: readonly (Coin | undefined)[]): bigint | undefined {
  let fee = 0n;
  for (const coin of spent) {
    if (coin === undefined) return undefined;
    fee += coin.output.amount;
  }
  return tx.outputs.reduce((rest, { amount }) => rest - amount, fee);
}
