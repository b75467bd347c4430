import { expect } from "chai";
import { parseTxid, type Txid } from "../../src/base/ids.ts";
import { SAT_MAX, sat } from "../../src/base/units.ts";
import { checkTransaction } from "../../src/bitcoin/check.ts";
import { type ClaimedTx, type ClaimedTxOut, COINBASE_VOUT, SEQUENCE_FINAL, type TxIn } from "../../src/bitcoin/tx.ts";

const txidOfByte = (byte: number): Txid => parseTxid(byte.toString(16).padStart(2, "0").repeat(32)) ?? expect.fail();
const input = (txid: Txid, vout: number, scriptBytes = 0): TxIn => ({
  prevout: { txid, vout },
  scriptSig: new Uint8Array(scriptBytes),
  sequence: SEQUENCE_FINAL,
  witness: [],
});
const output = (amount: bigint, scriptBytes = 1): ClaimedTxOut => ({
  amount: sat(amount),
  script: new Uint8Array(scriptBytes),
});
const claimed = (amount: bigint): ClaimedTxOut => ({ amount, script: new Uint8Array(1) });
const txOf = (inputs: readonly TxIn[], outputs: readonly ClaimedTxOut[]): ClaimedTx => ({
  version: 2,
  inputs,
  outputs,
  locktime: 0,
});
const faultOf = (tx: ClaimedTx): string | undefined => {
  const checked = checkTransaction(tx);
  return checked.ok ? undefined : checked.error;
};

const [A, B, ZERO] = [txidOfByte(1), txidOfByte(2), txidOfByte(0)];
const ONE_OUT = [output(1n)];

describe("checkTransaction", () => {
  it("lets pass what is well formed", () => {
    expect(faultOf(txOf([input(A, 0), input(A, 1), input(B, 0)], [output(0n), output(SAT_MAX)]))).to.equal(undefined);
  });
  it("names what is not", () => {
    const huge = output(0n, 1_000_000);
    const cases: readonly (readonly [ClaimedTx, string])[] = [
      [txOf([], ONE_OUT), "bad-txns-vin-empty"],
      [txOf([input(A, 0)], []), "bad-txns-vout-empty"],
      [txOf([input(A, 0)], [huge]), "bad-txns-oversize"],
      [txOf([input(A, 0)], [output(1n), claimed(-1n)]), "bad-txns-vout-negative"],
      [txOf([input(A, 0)], [claimed(-(2n ** 63n))]), "bad-txns-vout-negative"],
      [txOf([input(A, 0)], [claimed(SAT_MAX + 1n)]), "bad-txns-vout-toolarge"],
      [txOf([input(A, 0)], [claimed(2n ** 63n - 1n), claimed(-1n)]), "bad-txns-vout-toolarge"],
      [txOf([input(A, 0)], [output(SAT_MAX), output(1n)]), "bad-txns-txouttotal-toolarge"],
      [txOf([input(A, 0), input(A, 0)], [claimed(-1n)]), "bad-txns-vout-negative"],
      [txOf([input(A, 0), input(B, 0), input(A, 0)], ONE_OUT), "bad-txns-inputs-duplicate"],
      [txOf([input(ZERO, COINBASE_VOUT, 1)], ONE_OUT), "bad-cb-length"],
      [txOf([input(ZERO, COINBASE_VOUT, 101)], ONE_OUT), "bad-cb-length"],
      [txOf([input(A, 0), input(ZERO, COINBASE_VOUT)], ONE_OUT), "bad-txns-prevout-null"],
    ];
    expect(cases.map(([tx]) => faultOf(tx))).to.deep.equal(cases.map(([, fault]) => fault));
  });
  it("takes coinbases of 2 to 100 bytes, and zeros as a txid with another index", () => {
    for (const size of [2, 100]) expect(faultOf(txOf([input(ZERO, COINBASE_VOUT, size)], ONE_OUT))).to.equal(undefined);
    expect(faultOf(txOf([input(ZERO, 0), input(A, COINBASE_VOUT)], ONE_OUT))).to.equal(undefined);
  });
  it("measures the size without witnesses", () => {
    const stuffed = { ...input(A, 0), witness: [new Uint8Array(1_200_000)] };
    expect(faultOf(txOf([stuffed], ONE_OUT))).to.equal(undefined);
  });
});
