import { expect } from "chai";
import { buildOnion, type Route } from "../../../routing/index.ts";
import { present } from "../../../src/base/result.ts";
import { cltvExpiry, type Msat, msat } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { decodeInvoice } from "../../../src/payments/invoice.ts";
import { fundedBy, Puppet } from "../puppet.ts";
import { invoiceOf, line, stranger, violations } from "../small-world.ts";

/** Below every dust limit: two of them are more than the router puts up with. */
const AMOUNT = msat(290_000n);
const FEE = msat(10_000n);
const EXPOSURE_MAX = msat(500_000n);

/** A stranger who can pay over its channel with the first of two nodes. */
async function payer() {
  const { world, nodes, edges } = await line(2, { channelPolicy: () => ({ maxDustExposure: EXPOSURE_MAX }) });
  const [router, payee] = [present(nodes[0], "a router"), present(nodes[1], "a payee")];
  const mallory = await stranger(world, router);
  const puppet = await fundedBy(world, router, mallory);
  const [first, second] = [puppet.id, present(edges[0]?.id, "their channel")].map((id) =>
    present(router.node.channels().find((channel) => channel.id === id)?.shortChannelId, "a confirmed channel"),
  ) as [never, never];
  const { height } = world.chain.brain.chain.tip;
  const offer = async (amount: Msat): Promise<void> => {
    const { bolt11 } = await invoiceOf(world, payee, amount);
    const invoice = decodeInvoice(bolt11, "regtest");
    if (!invoice.ok) throw new Error(invoice.error.code);
    const { paymentHash, paymentSecret } = invoice.value;
    const route: Route = {
      hops: [
        { nodeId: router.id, shortChannelId: first, amount: msat(amount + FEE), expiry: cltvExpiry(height + 300) },
        { nodeId: payee.id, shortChannelId: second, amount, expiry: cltvExpiry(height + 100) },
      ],
    };
    const packet = buildOnion(route, sha256(Uint8Array.of(7)), paymentHash, {
      paymentSecret,
      paymentMetadata: undefined,
      customRecords: [],
    });
    if (!packet.ok) throw new Error(packet.error.code);
    const { amount: sent, expiry } = present(route.hops[0], "a hop");
    const origin = { tag: "payment", paymentId: paymentHash, attempt: 1 } as const;
    puppet.give({ tag: "OfferHtlc", amount: sent, paymentHash, expiry, onion: packet.value.onion, origin });
  };
  return { world, router, payee, mallory, puppet, offer };
}

describe("a dust HTLC that was passed on, when another one has taken its channel over the bound", () => {
  it("is not failed after a restart: whoever it was passed on to may be paid for it", async () => {
    const { world, router, payee, mallory, puppet, offer } = await payer();
    await offer(AMOUNT);
    world.network.hold(router.name, payee.name);
    await world.pass(500);
    expect(mallory.of("update_fail_htlc")).to.deep.equal([]);
    // It revokes nothing more, so that what is over the bound stays.
    puppet.say = (message) => (mallory.of("update_fail_htlc").length > 0 ? undefined : message);
    await offer(AMOUNT);
    await world.pass(500);
    expect(mallory.of("update_fail_htlc").map(({ id }) => id)).to.deep.equal([1n]);
    world.crash(router, 0);
    puppet.give({ tag: "Disconnected" });
    await world.pass(4_000);
    world.network.heal(router.name, payee.name);
    await world.pass(4_000);
    const back = await stranger(world, router);
    const again = new Puppet(world, back, router);
    again.state = puppet.state;
    again.memory = puppet.memory;
    again.give({ tag: "Connected" });
    // The payee may be dialled anew only after a while.
    await world.until(() => back.of("update_fulfill_htlc").length > 0, 60_000);
    expect([
      back.of("update_fail_htlc").map(({ id }) => id),
      back.of("update_fulfill_htlc").map(({ id }) => id),
      violations(world),
    ]).to.deep.equal([[], [0n], []]);
  });
});
