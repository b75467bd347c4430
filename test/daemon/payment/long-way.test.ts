import { expect } from "chai";
import { nodeId, shortChannelId } from "../../../src/base/ids.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { invoiceOf, line, paid, violations } from "../small-world.ts";
import { rewritten } from "./rewritten.ts";

const STRANGERS = Array.from({ length: 11 }, (_, at) => nodeId(secp256k1.publicKey(new Uint8Array(32).fill(at + 1))));

describe("a way of so many hops that what the payee is told does not fit into the onion beside theirs", () => {
  it("is not tried, though it is the cheapest: the payment goes another way", async () => {
    const { world, nodes } = await line(3);
    const [payer, router, payee] = nodes as [LabNode, LabNode, LabNode];
    const free = { feeBaseMsat: 0, feeProportionalMillionths: 0, cltvExpiryDelta: 0 };
    const hint = [router.id, ...STRANGERS].map((id, at) => ({
      nodeId: id,
      shortChannelId: shortChannelId(1, 1, at),
      ...free,
    }));
    const { bolt11 } = await invoiceOf(world, payee);
    const change = { paymentMetadata: new Uint8Array(639), routeHints: [hint] };
    const { state, failure, fee } = await paid(world, payer, rewritten(payee, bolt11, change));
    expect({ state, failure, fee }).to.deep.equal({ state: "succeeded", failure: undefined, fee: 2_000n });
    expect(violations(world)).to.deep.equal([]);
  });
});
