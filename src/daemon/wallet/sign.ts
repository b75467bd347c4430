import { toHex } from "../../base/bytes.ts";
import { outpointKey } from "../../base/ids.ts";
import { assert, present } from "../../base/result.ts";
import { type SIGHASH_ALL, SIGHASH_DEFAULT } from "../../bitcoin/sighash.ts";
import type { Tx, TxOut } from "../../bitcoin/tx.ts";
import type { WalletKeys } from "./public-keys.ts";
import type { WalletCoin, WalletState } from "./state.ts";

/**
 * The transaction with the inputs that spend these coins signed, each by the whole of it; others are left as they are.
 * @param foreign  what inputs that are not ours spend, by `outpointKey`: a taproot signature covers that as well
 * @param taprootType  whether the signature of a taproot input says that it covers everything, or leaves it unsaid
 */
export function signCoins(
  state: WalletState,
  keys: WalletKeys,
  unsigned: Tx,
  coins: readonly WalletCoin[],
  foreign: ReadonlyMap<string, TxOut> = new Map(),
  taprootType: (index: number) => typeof SIGHASH_DEFAULT | typeof SIGHASH_ALL = () => SIGHASH_DEFAULT,
): Tx {
  const byOutpoint = new Map(coins.map((coin) => [outpointKey(coin.outpoint), coin]));
  const spent = unsigned.inputs.map(({ prevout }) => {
    const key = outpointKey(prevout);
    return present(byOutpoint.get(key) ?? foreign.get(key), "what an input spends is known");
  });
  const inputs = unsigned.inputs.flatMap(({ prevout }, index) => {
    const coin = byOutpoint.get(outpointKey(prevout));
    if (coin === undefined) return [];
    const { path } = present(state.addresses.get(toHex(coin.script)), "a coin pays to an address of ours");
    return [{ index, path, hashType: taprootType(index) }];
  });
  if (inputs.length === 0) return unsigned;
  const signed = keys.signWallet({ tx: unsigned, spent, inputs });
  assert(signed.ok, "a coin of the wallet pays to a key of the words");
  const witnesses = new Map(inputs.map(({ index }, at) => [index, present(signed.value[at], "one for each input")]));
  return {
    ...unsigned,
    inputs: unsigned.inputs.map((input, index) => ({ ...input, witness: witnesses.get(index) ?? input.witness })),
  };
}
