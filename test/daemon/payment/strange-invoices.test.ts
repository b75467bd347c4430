import { expect } from "chai";
import { type Msat, msat } from "../../../src/base/units.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { featureBits } from "../../../src/wire/features.ts";
import { invoiceOf, line, soon, violations } from "../small-world.ts";
import { rewritten } from "./rewritten.ts";

describe("an invoice that cannot be paid", () => {
  it("says whether it asks for what this node does not know, is of another network, or is no invoice", async () => {
    const { world, nodes } = await line(2);
    const [payer, payee] = nodes as [LabNode, LabNode];
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

describe("an invoice whose hash is paid already", () => {
  it("is answered with that payment where it asks for the same, and refused where it asks for more, or is of somebody else", async () => {
    const { world, nodes } = await line(3);
    const [payer, router, payee] = nodes as [LabNode, LabNode, LabNode];
    const made = await soon(
      world,
      payee.node.createInvoice({ amount: undefined, description: "any", expirySeconds: 3_600 }),
    );
    if (!made.ok) throw new Error(made.error.detail);
    const { bolt11 } = made.value;
    const pay = async (text: string, amount?: Msat) => {
      const answer = await soon(world, payer.node.pay({ bolt11: text, ...(amount && { amount }) }));
      return answer.ok ? [answer.value.id, answer.value.state, answer.value.amount] : answer.error;
    };
    const [seven, eight] = [msat(7_000_000n), msat(8_000_000n)];
    const [id] = (await pay(bolt11, seven)) as [string];
    const refused = {
      code: "already_paid",
      detail: `its hash has a payment already: 7000000 msat to ${payee.id}`,
      pointer: "/bolt11",
    };
    expect([await pay(bolt11, seven), await pay(bolt11, eight)]).to.deep.equal([[id, "pending", seven], refused]);
    await soon(world, payer.node.paymentEnd(id, 30_000), 30_000);
    const others = [
      await pay(bolt11, eight),
      await pay(rewritten(payee, bolt11, { amount: eight })),
      await pay(rewritten(router, bolt11, { amount: seven })),
    ];
    expect(others).to.deep.equal([refused, refused, refused]);
    const same = rewritten(payee, bolt11, { amount: seven });
    expect([await pay(bolt11, seven), await pay(same)]).to.deep.equal([
      [id, "succeeded", seven],
      [id, "succeeded", seven],
    ]);
    expect(violations(world)).to.deep.equal([]);
  });
});
