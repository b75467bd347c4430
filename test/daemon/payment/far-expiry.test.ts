import { expect } from "chai";
import { shortChannelId } from "../../../src/base/ids.ts";
import { msat } from "../../../src/base/units.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { invoiceOf, line, paid, violations } from "../small-world.ts";
import { rewritten } from "./rewritten.ts";

describe("a way that would lock money for longer than any HTLC may last", () => {
  it("is not tried, though it is the cheapest: the payment goes another way", async () => {
    const { world, nodes } = await line(3);
    const [payer, router, payee] = nodes as [LabNode, LabNode, LabNode];
    const free = { feeBaseMsat: 0, feeProportionalMillionths: 0, cltvExpiryDelta: 2_016 };
    const hint = { nodeId: router.id, shortChannelId: shortChannelId(1, 1, 1), ...free };
    const { bolt11 } = await invoiceOf(world, payee);
    const { state, failure, fee } = await paid(world, payer, rewritten(payee, bolt11, { routeHints: [[hint]] }));
    expect({ state, failure, fee }).to.deep.equal({ state: "succeeded", failure: undefined, fee: 2_000n });
    expect(violations(world)).to.deep.equal([]);
  });

  it("is not quoted", async () => {
    const { nodes } = await line(3, { channelPolicy: () => ({ expiryDeltaMax: 60 }) });
    const [payer, router, payee] = nodes as [LabNode, LabNode, LabNode];
    const quoted = ({ id: to }: LabNode) => {
      const quote = payer.node.route({ to, amount: msat(1_000n) });
      return quote.ok ? quote.value.hops.length : quote.error.code;
    };
    expect([quoted(router), quoted(payee)]).to.deep.equal([1, "no_route"]);
  });
});
