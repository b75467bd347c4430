import { expect } from "chai";
import { channelIdOf, fundingOutput, fundingScript } from "../../../channels/tx/funding-tx.ts";
import { type FundingSignature, fundingWitness, withWitness } from "../../../channels/tx/witnesses.ts";
import { compareBytes, fromHex, toHex } from "../../../src/base/bytes.ts";
import { txid } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import { STANDARD_FLAGS } from "../../../src/bitcoin/interpreter/flags.ts";
import { verifyInput } from "../../../src/bitcoin/interpreter/verify.ts";
import { segwitSighash } from "../../../src/bitcoin/sighash.ts";
import { decodeTx, type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { describeVectors } from "../../support/vectors.ts";

interface FundingVectors {
  readonly local_funding_pubkey: string;
  readonly remote_funding_pubkey: string;
  readonly funding_witness_script: string;
  readonly funding_satoshis: string | number;
  readonly funding_output_index: number;
  readonly funding_tx: string;
  readonly funding_txid: string;
}

describeVectors<FundingVectors>(
  "BOLT 3 §Funding Transaction Output (CONFORMANCE 93)",
  "bolts/bolt03/funding-tx.json",
  (vectors) => {
    const local = fromHex(vectors.local_funding_pubkey);
    const remote = fromHex(vectors.remote_funding_pubkey);
    it("is the script of the vector whichever key comes first", () => {
      expect(toHex(fundingScript(local, remote))).to.equal(vectors.funding_witness_script);
      expect(toHex(fundingScript(remote, local))).to.equal(vectors.funding_witness_script);
    });
    it("is the output of the vector's funding transaction", () => {
      const tx = decodeTx(fromHex(vectors.funding_tx));
      if (!tx.ok) throw tx.error;
      expect(txidOf(tx.value)).to.equal(vectors.funding_txid);
      expect(tx.value.outputs[vectors.funding_output_index]).to.deep.equal(
        fundingOutput(local, remote, sat(BigInt(vectors.funding_satoshis))),
      );
    });
  },
);

describe("CONFORMANCE 93: the keys of the funding output", () => {
  const signer = (byte: number) => {
    const secret = new Uint8Array(32).fill(byte);
    return { secret, pubkey: secp256k1.publicKey(secret) };
  };
  it("stand in the script by their bytes, and signatures in the witness as their keys, whoever asks", () => {
    const orders = new Set<boolean>();
    for (let round = 1; round < 40; round++) {
      const [a, b] = [signer(round), signer(100 + round)];
      const script = fundingScript(a.pubkey, b.pubkey);
      const [first, second] = [script.slice(2, 35), script.slice(36, 69)];
      expect(toHex(script)).to.equal(`5221${toHex(first)}21${toHex(second)}52ae`);
      expect(compareBytes(first, second)).to.be.lessThan(0);
      const output = fundingOutput(b.pubkey, a.pubkey, sat(10_000n));
      const bare: Tx = {
        version: 2,
        inputs: [
          {
            prevout: { txid: txid(new Uint8Array(32)), vout: 0 },
            scriptSig: new Uint8Array(0),
            sequence: 0,
            witness: [],
          },
        ],
        outputs: [{ amount: sat(9_000n), script: output.script }],
        locktime: 0,
      };
      const digest = segwitSighash(bare, 0, script, output.amount);
      const [ofA, ofB] = [a, b].map(({ secret, pubkey }) => ({
        pubkey,
        signature: secp256k1.sign(digest, secret),
      })) as [FundingSignature, FundingSignature];
      for (const witness of [fundingWitness(ofA, ofB, script), fundingWitness(ofB, ofA, script)])
        expect(verifyInput(withWitness(bare, witness), 0, [output], STANDARD_FLAGS)).to.deep.equal({
          ok: true,
          value: undefined,
        });
      orders.add(compareBytes(a.pubkey, b.pubkey) < 0);
    }
    expect(orders.size, "either key was the lesser").to.equal(2);
  });
});

describe("BOLT 2 §Definition of channel_id", () => {
  const hash = Uint8Array.from({ length: 32 }, (_, i) => i);
  it("is the txid as hashed with the output index in the last two bytes", () => {
    expect(channelIdOf({ txid: txid(hash), vout: 0 })).to.equal(toHex(hash));
    expect(channelIdOf({ txid: txid(hash), vout: 0x0102 }).slice(-4)).to.equal("1f1d");
    expect(channelIdOf({ txid: txid(hash), vout: 0x0102 }).slice(0, -4)).to.equal(toHex(hash).slice(0, -4));
  });
  it("refuses an index of more than 16 bits", () => {
    expect(() => channelIdOf({ txid: txid(hash), vout: 0x1_0000 })).to.throw("16 bits");
  });
});
