import { expect } from "chai";
import { concat } from "../../../src/base/bytes.ts";
import { parseTxid } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import { checkTransaction } from "../../../src/bitcoin/check.ts";
import { parseDerLax, scriptSignature } from "../../../src/bitcoin/der.ts";
import { consensusFlags } from "../../../src/bitcoin/interpreter/flags.ts";
import { verifyInput } from "../../../src/bitcoin/interpreter/verify.ts";
import { OP } from "../../../src/bitcoin/opcodes.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { pushBytes, pushOnly, script } from "../../../src/bitcoin/script.ts";
import { SIGHASH_ALL, SIGHASH_SINGLE, sighashesOf } from "../../../src/bitcoin/sighash.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { assemble, creditAndSpend, type SpendSpec } from "../assemble.ts";

/** What other nodes once got wrong, at the cost of coins or of a split chain. */
const CONSENSUS = consensusFlags(1_000_000, CHAINS.mainnet);
const EMPTY = new Uint8Array(0);
const secret = new Uint8Array(32).fill(1);

function ended(spec: SpendSpec, change: (tx: Tx) => Tx = (tx) => tx): string {
  const { credit, spend } = creditAndSpend(spec);
  const tx = change(spend);
  const prevouts = tx.inputs.map(() => credit.outputs[0] ?? expect.fail());
  const verified = verifyInput(tx, tx.inputs.length - 1, prevouts, CONSENSUS);
  return verified.ok ? "OK" : verified.error;
}

describe("B9: FindAndDelete removes pushes that are the signature, and none that contain it", () => {
  const signature = scriptSignature(secp256k1.sign(new Uint8Array(32).fill(5), secret), SIGHASH_ALL);
  /** Spends a script that holds these bytes, by the key whose signature of `covered` is the one chosen above. */
  const spends = (held: Uint8Array, covered: Uint8Array): string => {
    const scriptPubKey = concat(held, script(OP.DROP, OP.CHECKSIG));
    const { spend } = creditAndSpend({ scriptPubKey, scriptSig: EMPTY });
    const digest = sighashesOf(spend).legacy(0, concat(covered, script(OP.DROP, OP.CHECKSIG)), SIGHASH_ALL);
    const compact = parseDerLax(signature.subarray(0, -1)) ?? expect.fail();
    const key = [0, 1].map((recovery) => secp256k1.recover(compact, recovery, digest)).find((point) => point);
    return ended({ scriptPubKey, scriptSig: pushOnly(signature, key ?? expect.fail()) });
  };
  const exact = pushBytes(signature);
  it("an exact push is not covered", () => {
    expect([spends(exact, EMPTY), spends(exact, exact)]).to.deep.equal(["OK", "EVAL_FALSE"]);
  });
  it("a push with a byte more, before or behind, is covered whole", () => {
    for (const held of [concat(signature, Uint8Array.of(7)), concat(Uint8Array.of(7), signature)].map(pushBytes))
      expect([spends(held, held), spends(held, EMPTY)]).to.deep.equal(["OK", "EVAL_FALSE"]);
  });
  it("a push of the signature by a longer opcode than it needs is covered", () => {
    const long = concat(Uint8Array.of(OP.PUSHDATA1, signature.length), signature);
    expect([spends(long, long), spends(long, EMPTY)]).to.deep.equal(["OK", "EVAL_FALSE"]);
  });
});

describe("B20: values and opcodes", () => {
  it("outputs that sum to more than all coins are refused, though each is less", () => {
    const { spend } = creditAndSpend({ scriptPubKey: EMPTY, scriptSig: EMPTY });
    const prevout = { txid: parseTxid("07".repeat(32)) ?? expect.fail(), vout: 0 };
    const inputs = spend.inputs.map((input) => ({ ...input, prevout }));
    const most = { amount: sat(21_000_000_0000_0000n), script: EMPTY };
    const least = { amount: sat(1n), script: EMPTY };
    const all: Tx = { ...spend, inputs, outputs: [most] };
    expect([all, { ...all, outputs: [most, least] }].map(checkTransaction)).to.deep.equal([
      { ok: true, value: all },
      { ok: false, error: "bad-txns-txouttotal-toolarge" },
    ]);
  });
  it("OP_RETURN in a scriptSig ends the spend, and does not leave its true value to the output's script", () => {
    const scriptPubKey = assemble("0");
    expect(ended({ scriptPubKey, scriptSig: assemble("1 RETURN") })).to.equal("OP_RETURN");
    expect(ended({ scriptPubKey: assemble("VERIFY 0"), scriptSig: assemble("1") })).to.equal("EVAL_FALSE");
  });
  it("an OP_IF that the scriptSig leaves open does not reach into the output's script", () => {
    expect(ended({ scriptPubKey: assemble("ENDIF 1"), scriptSig: assemble("1 IF") })).to.equal(
      "UNBALANCED_CONDITIONAL",
    );
  });
  it("SIGHASH_SINGLE without an output of its own signs the number one", () => {
    const scriptPubKey = script(secp256k1.publicKey(secret), OP.CHECKSIG);
    const one = Uint8Array.from({ length: 32 }, (_, i) => Number(i === 0));
    const twice = (tx: Tx): Tx => ({ ...tx, inputs: [...tx.inputs, ...tx.inputs] });
    const signed = (digest: Uint8Array) => pushOnly(scriptSignature(secp256k1.sign(digest, secret), SIGHASH_SINGLE));
    expect(ended({ scriptPubKey, scriptSig: signed(one) }, twice)).to.equal("OK");
    expect(ended({ scriptPubKey, scriptSig: signed(one.toReversed()) }, twice)).to.equal("EVAL_FALSE");
    expect(ended({ scriptPubKey, scriptSig: signed(one) })).to.equal("EVAL_FALSE");
  });
});
