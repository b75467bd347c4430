import { Transaction } from "@scure/btc-signer";
import * as ldk from "lightningdevkit";
import { toHex } from "../../../src/base/bytes.ts";
import { type Outpoint, outpointKey } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import { decodeBlock } from "../../../src/bitcoin/block.ts";
import { scriptSignature } from "../../../src/bitcoin/der.ts";
import { SIGHASH_ALL, sighashesOf } from "../../../src/bitcoin/sighash.ts";
import { p2pkhOf, p2wpkhOf } from "../../../src/bitcoin/templates.ts";
import { decodeTx, encodeTx, isCoinbase, type Tx, type TxOut, txidOf } from "../../../src/bitcoin/tx.ts";

import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import type { ChainListener } from "./chain.ts";

interface Coin extends TxOut {
  readonly outpoint: Outpoint;
  readonly height: number;
}
/** A signature of at most 72 bytes, a key of 33, their lengths and their number. */
const SATISFACTION_WEIGHT = 1 + 1 + 73 + 1 + 33;
const FEE_SAT = 2_000n;

/** The coins of one key, for LDK to fund channels, lift commitments and sweep to. */
export class KeyWallet implements ChainListener, ldk.WalletSourceInterface {
  readonly script: Uint8Array;
  readonly #secret: Uint8Array;
  readonly #publicKey: Uint8Array;
  readonly #coins = new Map<string, Coin>();
  readonly #spent = new Map<string, { readonly coin: Coin; readonly height: number }>();
  /** What unmined transactions of ours spend. */
  readonly #reserved = new Set<string>();

  constructor(secret: Uint8Array) {
    this.#secret = secret;
    this.#publicKey = secp256k1.publicKey(secret);
    this.script = p2wpkhOf(this.#publicKey);
  }
  /** Confirmed satoshis. */
  get balance(): bigint {
    return [...this.#coins.values()].reduce((sum, { amount }) => sum + amount, 0n);
  }
  connected(bytes: Uint8Array, height: number): void {
    const read = decodeBlock(bytes);
    if (!read.ok) throw new Error("a block that does not decode");
    const own = toHex(this.script);
    for (const tx of read.value.txs) {
      for (const { prevout } of tx.inputs) {
        const key = outpointKey(prevout);
        const coin = this.#coins.get(key);
        if (coin === undefined) continue;
        this.#coins.delete(key);
        this.#spent.set(key, { coin, height });
      }
      if (isCoinbase(tx)) continue;
      const txid = txidOf(tx);
      tx.outputs.forEach((output, vout) => {
        if (toHex(output.script) !== own) return;
        const outpoint = { txid, vout };
        this.#coins.set(outpointKey(outpoint), { ...output, outpoint, height });
      });
    }
  }
  disconnected(_header: Uint8Array, height: number): void {
    for (const [key, coin] of this.#coins) if (coin.height >= height) this.#coins.delete(key);
    for (const [key, spent] of this.#spent) {
      if (spent.height < height) continue;
      this.#spent.delete(key);
      if (spent.coin.height < height) this.#coins.set(key, spent.coin);
    }
  }
  /** A signed transaction that pays to these scripts, with change to us. Its coins are not given out again. */
  pay(outputs: readonly TxOut[]): Uint8Array {
    const wanted = outputs.reduce((sum, { amount }) => sum + amount, FEE_SAT);
    const coins: Coin[] = [];
    let sum = 0n;
    for (const [key, coin] of this.#coins) {
      if (sum >= wanted) break;
      if (this.#reserved.has(key)) continue;
      coins.push(coin);
      sum += coin.amount;
    }
    if (sum < wanted) throw new Error(`the wallet has ${sum} of ${wanted} sat`);
    for (const { outpoint } of coins) this.#reserved.add(outpointKey(outpoint));
    const change = { amount: sat(sum - wanted), script: this.script };
    return this.#signed({
      version: 2,
      inputs: coins.map(({ outpoint }) => ({
        prevout: outpoint,
        scriptSig: new Uint8Array(0),
        sequence: 0xffff_fffd,
        witness: [],
      })),
      outputs: [...outputs, change],
      locktime: 0,
    });
  }

  list_confirmed_utxos(): ldk.Result_CVec_UtxoZNoneZ {
    const free = [...this.#coins].filter(([key]) => !this.#reserved.has(key));
    return ldk.Result_CVec_UtxoZNoneZ.constructor_ok(
      free.map(([, { outpoint, amount, script }]) => {
        const txid = new Uint8Array(Buffer.from(outpoint.txid, "hex").reverse());
        const at = ldk.OutPoint.constructor_new(txid, outpoint.vout);
        return ldk.Utxo.constructor_new(at, ldk.TxOut.constructor_new(amount, script), BigInt(SATISFACTION_WEIGHT));
      }),
    );
  }
  get_change_script(): ldk.Result_CVec_u8ZNoneZ {
    return ldk.Result_CVec_u8ZNoneZ.constructor_ok(this.script);
  }
  /** Our inputs alone: LDK signs its own. */
  sign_psbt(psbt: Uint8Array): ldk.Result_TransactionNoneZ {
    const read = decodeTx(
      Transaction.fromPSBT(psbt, { allowUnknownInputs: true, allowUnknownOutputs: true, disableScriptCheck: true })
        .unsignedTx,
    );
    if (!read.ok) return ldk.Result_TransactionNoneZ.constructor_err();
    return ldk.Result_TransactionNoneZ.constructor_ok(this.#signed(read.value));
  }

  #signed(unsigned: Tx): Uint8Array {
    const code = p2pkhOf(this.#publicKey);
    const sighashes = sighashesOf(unsigned);
    const inputs = unsigned.inputs.map((input, at) => {
      const coin = this.#coins.get(outpointKey(input.prevout));
      if (coin === undefined) return input;
      const digest = sighashes.segwit(at, code, coin.amount, SIGHASH_ALL);
      return {
        ...input,
        witness: [scriptSignature(secp256k1.sign(digest, this.#secret), SIGHASH_ALL), this.#publicKey],
      };
    });
    return encodeTx({ ...unsigned, inputs });
  }
}
