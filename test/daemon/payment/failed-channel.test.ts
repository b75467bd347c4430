import { expect } from "chai";
import { buildOnion, type Route } from "../../../routing/index.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { present } from "../../../src/base/result.ts";
import { cltvExpiry, msat } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { decodeInvoice } from "../../../src/payments/invoice.ts";
import { fundedBy } from "../puppet.ts";
import { invoiceOf, line, stranger } from "../small-world.ts";

/** Dust: on the chain nothing of it can be claimed. */
const AMOUNT = msat(200_000n);
const FEE = msat(10_000n);
/** More than are decided in one portion. */
const COUNT = 40;

describe("HTLCs that wait to be decided when their channel fails", () => {
  it("are passed on no more: nobody would pay for them", async () => {
    const { world, nodes, edges } = await line(2);
    const [router, payee] = [present(nodes[0], "a router"), present(nodes[1], "a payee")];
    const mallory = await stranger(world, router);
    const puppet = await fundedBy(world, router, mallory);
    world.plan(puppet.id, "operator");
    const [first, second] = [puppet.id, present(edges[0]?.id, "their channel")].map((id) =>
      present(router.node.channels().find((channel) => channel.id === id)?.shortChannelId, "a confirmed channel"),
    ) as [never, never];
    const invoices: string[] = [];
    for (let made = 0; made < COUNT; made++) invoices.push((await invoiceOf(world, payee, AMOUNT)).bolt11);
    const { height } = world.chain.brain.chain.tip;
    const route: Route = {
      hops: [
        { nodeId: router.id, shortChannelId: first, amount: msat(AMOUNT + FEE), expiry: cltvExpiry(height + 300) },
        { nodeId: payee.id, shortChannelId: second, amount: AMOUNT, expiry: cltvExpiry(height + 100) },
      ],
    };
    for (const [at, bolt11] of invoices.entries()) {
      const invoice = decodeInvoice(bolt11, "regtest");
      if (!invoice.ok) throw new Error(invoice.error.code);
      const { paymentHash, paymentSecret } = invoice.value;
      const content = { paymentSecret, paymentMetadata: undefined, customRecords: [] };
      const packet = buildOnion(route, sha256(Uint8Array.of(7, at)), paymentHash, content);
      if (!packet.ok) throw new Error(packet.error.code);
      const { amount, expiry } = present(route.hops[0], "a hop");
      const origin = { tag: "payment", paymentId: paymentHash, attempt: 1 } as const;
      puppet.give({ tag: "OfferHtlc", amount, paymentHash, expiry, onion: packet.value.onion, origin });
    }
    // The last word before all of them count is followed by one that ends the channel.
    puppet.say = (message) => {
      if (message.name !== "revoke_and_ack") return message;
      mallory.say(message);
      mallory.say({ name: "error", channel_id: puppet.id, data: utf8("the end") });
      puppet.say = () => undefined;
      return undefined;
    };
    await world.pass(5_000);
    expect(router.node.channels().find(({ id }) => id === puppet.id)?.state).to.equal("Failed");
    const settled = payee.node.invoices().filter(({ state }) => state === "settled").length;
    expect(settled).to.equal(32);
  });
});
