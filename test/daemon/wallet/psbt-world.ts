import * as btc from "@scure/btc-signer";
import { txid } from "../../../src/base/ids.ts";
import type { Result } from "../../../src/base/result.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { p2wpkhOf } from "../../../src/bitcoin/templates.ts";
import type { Tx, TxOut } from "../../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { type Psbt, type PsbtInput, parsePsbt, psbtOf, psbtText, withInputs } from "../../../src/daemon/wallet/psbt.ts";
import type { PsbtFault } from "../../../src/daemon/wallet/psbt-fault.ts";
import { createPsbt, signPsbt } from "../../../src/daemon/wallet/psbt-sign.ts";
import { unsignedInput } from "../../../src/daemon/wallet/spend.ts";
import { ELSEWHERE } from "./history.ts";
import { keys, SmallChain } from "./small-chain.ts";

export const MOST = satPerKw(25_000);
export const free = { keep: sat(0n), most: MOST };
export const payment = (amount: bigint, script = ELSEWHERE, feerate = 1_000) => ({
  output: { amount: sat(amount), script },
  feerate: satPerKw(feerate),
});
export const right = <T>(result: Result<T, PsbtFault>): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.error, (_, one) => (typeof one === "bigint" ? `${one}` : one)));
  return result.value;
};
export const wrong = (result: Result<unknown, PsbtFault>): unknown => (result.ok ? "ok" : result.error);

/** A wallet with a coin of each type for every amount, mined. */
export function world(
  amounts: readonly bigint[] = [100_000n],
  types: readonly ("p2wpkh" | "p2tr")[] = ["p2wpkh", "p2tr"],
) {
  const chain = new SmallChain();
  const paid = amounts.flatMap((amount) =>
    types.map((type) => chain.foreign({ amount: sat(amount), script: chain.address(type) })),
  );
  chain.mine(ELSEWHERE, paid);
  return { chain, paid };
}
export function created(chain: SmallChain, amount = 150_000n, script = ELSEWHERE): Psbt {
  const made = right(createPsbt(chain.wallet, keys, payment(amount, script), free));
  chain.take(made.step);
  return made.psbt;
}
export function signedBy(chain: SmallChain, psbt: Psbt): Psbt {
  const made = right(signPsbt(chain.wallet, keys, psbt, free));
  chain.take(made.step);
  return made.psbt;
}
export const again = (psbt: Psbt): Psbt => right(parsePsbt(psbtText(psbt)));
export const changed = (psbt: Psbt, change: Partial<PsbtInput>, at = 0): Psbt =>
  withInputs(psbt, (input, index) => (index === at ? { ...input, ...change } : input));

export const STRANGER = new Uint8Array(32).fill(7);
/** With the stranger's signature, by another program. */
export function theirsToo(ours: Psbt): Psbt {
  const theirs = btc.Transaction.fromPSBT(Uint8Array.from(Buffer.from(psbtText(ours), "base64")), {
    allowUnknownOutputs: true,
  });
  theirs.signIdx(STRANGER, 0);
  return right(parsePsbt(Buffer.from(theirs.toPSBT()).toString("base64")));
}
export const strangersScript = p2wpkhOf(secp256k1.publicKey(STRANGER));
export const strangersPrevout = { txid: txid(new Uint8Array(32).fill(8)), vout: 1 };
/** Of somebody else's making: all of our coins and one of theirs, to two outputs. */
export function joint(chain: SmallChain, outputs: readonly bigint[], theirs = 50_000n): Psbt {
  const ours = [...chain.wallet.coins.values()];
  const tx: Tx = {
    version: 2,
    inputs: [unsignedInput(strangersPrevout), ...ours.map(({ outpoint }) => unsignedInput(outpoint))],
    outputs: outputs.map((amount): TxOut => ({ amount: sat(amount), script: ELSEWHERE })),
    locktime: 0,
  };
  return withInputs(psbtOf(tx), (input, index) => {
    const coin = ours[index - 1];
    const witnessUtxo =
      coin === undefined ? { amount: theirs, script: strangersScript } : { amount: coin.amount, script: coin.script };
    return { ...input, witnessUtxo };
  });
}
