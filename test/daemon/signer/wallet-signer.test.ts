import { expect } from "chai";
import { txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { sat } from "../../../src/base/units.ts";
import { STANDARD_FLAGS } from "../../../src/bitcoin/interpreter/flags.ts";
import { verifyInputs } from "../../../src/bitcoin/interpreter/verify.ts";
import type { AddressType, KeyPath } from "../../../src/bitcoin/key-path.ts";
import { SIGHASH_ALL, SIGHASH_DEFAULT } from "../../../src/bitcoin/sighash.ts";
import type { Tx, TxOut } from "../../../src/bitcoin/tx.ts";
import { keychainOfSeed } from "../../../src/daemon/keychain.ts";
import { signWallet } from "../../../src/daemon/signer/wallet-signer.ts";
import { scriptOfKey } from "../../../src/daemon/wallet/scripts.ts";
import type { WalletRequest } from "../../../src/ports/signer.ts";

const keychain = keychainOfSeed(new Uint8Array(64).fill(3), "regtest");
const path = (type: AddressType, index = 0): KeyPath => ({ type, branch: "external", index });
const coin = (at: KeyPath, amount = 5_000n): TxOut => ({
  amount: sat(amount),
  script: scriptOfKey(at.type, keychain.walletKey(at)),
});
const spent = [coin(path("p2wpkh")), coin(path("p2tr")), coin(path("p2tr", 1))];
const tx: Tx = {
  version: 2,
  inputs: spent.map((_, vout) => ({
    prevout: { txid: txid(new Uint8Array(32).fill(1)), vout },
    scriptSig: new Uint8Array(0),
    sequence: 0xffff_fffd,
    witness: [],
  })),
  outputs: [{ amount: sat(14_000n), script: new Uint8Array(22) }],
  locktime: 0,
};
const request: WalletRequest = {
  tx,
  spent,
  inputs: [
    { index: 0, path: path("p2wpkh"), hashType: SIGHASH_ALL },
    { index: 1, path: path("p2tr"), hashType: SIGHASH_DEFAULT },
    { index: 2, path: path("p2tr", 1), hashType: SIGHASH_ALL },
  ],
};
const refusalOf = (changed: Partial<WalletRequest>) => {
  const answer = signWallet(keychain, { ...request, ...changed });
  return answer.ok ? undefined : answer.error;
};

describe("the signer of the wallet", () => {
  it("gives witnesses by which inputs of both types are spent", () => {
    const signed = signWallet(keychain, request);
    if (!signed.ok) throw new Error(signed.error.code);
    const inputs = tx.inputs.map((input, at) => ({ ...input, witness: present(signed.value[at], "a witness") }));
    expect(verifyInputs({ ...tx, inputs }, spent, STANDARD_FLAGS).ok).to.equal(true);
  });
  it("signs for no coin that does not pay to the key named, and for no input that is not there", () => {
    const [first] = request.inputs;
    if (first === undefined) throw new Error("an input");
    expect(refusalOf({ inputs: [{ ...first, path: path("p2wpkh", 1) }] })).to.deep.equal({
      code: "not_our_coin",
      index: 0,
    });
    expect(refusalOf({ inputs: [{ ...first, index: 3 }] })).to.deep.equal({ code: "not_our_coin", index: 3 });
    expect(refusalOf({ spent: spent.slice(1) })).to.deep.equal({ code: "not_our_coin", index: 0 });
  });
});
