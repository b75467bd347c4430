import { ANYONE } from "../../src/adapters/memory/chain.ts";
import { equalBytes } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { sat } from "../../src/base/units.ts";
import { scriptSignature } from "../../src/bitcoin/der.ts";
import { SIGHASH_ALL, sighashesOf } from "../../src/bitcoin/sighash.ts";
import { p2pkhOf } from "../../src/bitcoin/templates.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { keychainOf } from "../../src/daemon/keychain.ts";
import type { LabNode } from "../../src/lab/lab-node.ts";
import type { World } from "../../src/lab/world.ts";

/** Another transaction with a coin that this one spends, signed with the node's own key. The coin is unspent and confirmed. */
export function doubleSpend({ words }: LabNode, { brain }: World["chain"], { inputs }: Tx): Tx {
  const keychain = keychainOf(words, "regtest");
  const paths = (["external", "change"] as const).flatMap((branch) =>
    Array.from({ length: 30 }, (_, index) => ({ type: "p2wpkh", branch, index }) as const),
  );
  const secrets = paths.map((path) => keychain.walletSecret(path));
  const owned = inputs.flatMap((input) => {
    const publicKey = input.witness[1] ?? new Uint8Array(0);
    const secret = secrets.find((each) => equalBytes(secp256k1.publicKey(each), publicKey));
    return secret === undefined ? [] : [{ input, publicKey, secret }];
  });
  const { input, publicKey, secret } = present(owned[0], "an input with a key of the wallet");
  const coin = present(brain.chain.storage.coin(input.prevout), "a confirmed coin");
  const { amount } = coin.output;
  const outputs = [{ amount: sat(amount - 10_000n), script: ANYONE }];
  const tx: Tx = { version: 2, inputs: [{ ...input, witness: [] }], outputs, locktime: 0 };
  const digest = sighashesOf(tx, [coin.output]).segwit(0, p2pkhOf(publicKey), amount, SIGHASH_ALL);
  const witness = [scriptSignature(secp256k1.sign(digest, secret), SIGHASH_ALL), publicKey];
  return { ...tx, inputs: [{ ...input, witness }] };
}
