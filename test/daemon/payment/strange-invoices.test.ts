import { expect } from "chai";
import { featureBits } from "../../../src/wire/features.ts";
import { invoiceOf, line, soon, violations } from "../small-world.ts";
import { rewritten } from "./rewritten.ts";

describe("an invoice that cannot be paid", () => {
  it("says whether it asks for what this node does not know, is of another network, or is no invoice", async () => {
    const { world, nodes } = await line(2);
    const [payer, payee] = [nodes[0], nodes[1]] as const;
    if (payer === undefined || payee === undefined) throw new Error("two nodes");
    const { bolt11 } = await invoiceOf(world, payee);
    const asked = async (text: string) => {
      const answer = await soon(world, payer.node.pay({ bolt11: text }));
      return answer.ok || answer.error;
    };
    const unknown = rewritten(payee, bolt11, { features: featureBits([8, 14, 100]) });
    const elsewhere = rewritten(payee, bolt11, { network: "signet" });
    const cannot = "not an invoice that can be paid:";
    expect(await Promise.all([unknown, elsewhere, "lnbcrt1"].map(asked))).to.deep.equal([
      { code: "invoice_unsupported", detail: `${cannot} unsupported feature`, pointer: "/bolt11" },
      { code: "wrong_network", detail: `${cannot} wrong network`, pointer: "/bolt11" },
      { code: "bad_request", detail: `${cannot} not bech32`, pointer: "/bolt11" },
    ]);
    expect(violations(world)).to.deep.equal([]);
  });
});
