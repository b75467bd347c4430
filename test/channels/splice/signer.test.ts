import { expect } from "chai";
import { localTerms } from "../../../channels/commitments.ts";
import { FRESH_MEMORY, type SignerMemory, sign } from "../../../channels/keys/signer.ts";
import { sat } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { spliceable } from "../../support/splicing.ts";

describe("the signer of a channel that is spliced", () => {
  const { a } = spliceable().parties;
  const { funding } = localTerms(a.funded.params);
  const input = { prevout: funding.outpoint, scriptSig: new Uint8Array(0), sequence: 0xffff_fffd, witness: [] };
  const coin = { ...input, prevout: { ...funding.outpoint, vout: funding.outpoint.vout + 1 } };
  const tx: Tx = { version: 2, inputs: [coin, input], outputs: [], locktime: 0 };
  const request = { purpose: "splice", funding, txid: txidOf(tx), tx, index: 1 } as const;
  const over = { funding: { txid: txidOf(tx), vout: 0 }, number: 1n, txid: txidOf(tx), ours: sat(0n) };
  const memory: SignerMemory = { ...FRESH_MEMORY, signed: [over] };
  const refusal = (known: SignerMemory, index = 1) => {
    const signed = sign(a.secrets, known, { ...request, index });
    return signed.ok ? undefined : signed.error.code;
  };

  it("signs when a commitment over what the splice makes is signed, and the funding output alone", () => {
    expect(refusal(FRESH_MEMORY)).to.equal("splice_unsigned");
    expect(refusal(memory)).to.equal(undefined);
    expect(refusal(memory, 0)).to.equal("malformed_request");
  });
  it("signs none when a commitment of ours may be published", () => {
    expect(refusal({ ...memory, broadcastFrom: 3n })).to.equal("own_commitment_broadcast");
  });
});
