import { expect } from "chai";
import { channelIdOf, fundingOutput, fundingScript } from "../../../channels/tx/funding-tx.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { txid } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import { decodeTx, txidOf } from "../../../src/bitcoin/tx.ts";
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

describeVectors<FundingVectors>("BOLT 3 §Funding Transaction Output", "bolts/bolt03/funding-tx.json", (vectors) => {
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
