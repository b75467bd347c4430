import { expect } from "chai";
import { buildOnion, type Route, readAttribution, readFailure, sharedSecretsOfRoute } from "../../../routing/index.ts";
import { fromHex } from "../../../src/base/bytes.ts";
import { channelId, type PaymentHash } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { cltvExpiry, msat, unixMs } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { Attributions } from "../../../src/daemon/payment/attributions.ts";
import { decodeInvoice } from "../../../src/payments/invoice.ts";
import { fundedBy } from "../puppet.ts";
import { invoiceOf, line, stranger, violations } from "../small-world.ts";

const AMOUNT = msat(2_000_000n);
const SESSION_KEY = sha256(Uint8Array.of(7));

/** A stranger who can pay over its channel with the first of two nodes, and reads what comes back. */
async function payer() {
  const { world, nodes, edges } = await line(2);
  const [router, payee] = [present(nodes[0], "a router"), present(nodes[1], "a payee")];
  const mallory = await stranger(world, router);
  const puppet = await fundedBy(world, router, mallory);
  const [first, second] = [puppet.id, present(edges[0]?.id, "their channel")].map((id) =>
    present(router.node.channels().find((channel) => channel.id === id)?.shortChannelId, "a confirmed channel"),
  ) as [never, never];
  const { height } = world.chain.brain.chain.tip;
  const route: Route = {
    hops: [
      { nodeId: router.id, shortChannelId: first, amount: msat(AMOUNT + 10_000n), expiry: cltvExpiry(height + 300) },
      { nodeId: payee.id, shortChannelId: second, amount: AMOUNT, expiry: cltvExpiry(height + 100) },
    ],
  };
  const offer = (paymentHash: PaymentHash, paymentSecret: Uint8Array): void => {
    const content = { paymentSecret, paymentMetadata: undefined, customRecords: [] };
    const packet = buildOnion(route, SESSION_KEY, paymentHash, content);
    if (!packet.ok) throw new Error(packet.error.code);
    const { amount, expiry } = present(route.hops[0], "a hop");
    const origin = { tag: "payment", paymentId: "p", attempt: 1 } as const;
    puppet.give({ tag: "OfferHtlc", amount, paymentHash, expiry, onion: packet.value.onion, origin });
  };
  return { world, router, payee, mallory, offer, secrets: sharedSecretsOfRoute(route, SESSION_KEY) };
}

describe("CONFORMANCE 91: who has held an HTLC for how long", () => {
  it("comes back beside the preimage: 5 seconds at the router, whose wire to the payee was slow, and none at the payee", async () => {
    const { world, router, payee, mallory, offer, secrets } = await payer();
    const { bolt11 } = await invoiceOf(world, payee, AMOUNT);
    const invoice = decodeInvoice(bolt11, "regtest");
    if (!invoice.ok) throw new Error(invoice.error.code);
    world.network.hold(router.name, payee.name);
    offer(invoice.value.paymentHash, invoice.value.paymentSecret);
    await world.pass(5_050);
    world.network.heal(router.name, payee.name);
    await world.pass(1_000);
    const [fulfilled] = mallory.of("update_fulfill_htlc");
    const data = present(fulfilled?.attribution_data, "attribution beside the preimage");
    expect({ held: readAttribution(secrets, [], data), violations: violations(world) }).to.deep.equal({
      held: [50, 0],
      violations: [],
    });
  });
  it("comes back beside a failure, which is still read and attributed", async () => {
    const { world, mallory, offer, secrets } = await payer();
    offer("11".repeat(32) as PaymentHash, new Uint8Array(32));
    await world.pass(1_000);
    const failed = present(mallory.of("update_fail_htlc")[0], "a failure");
    const read = readFailure(secrets, failed.reason, failed.attribution_data);
    expect(read.tag === "Attributed" && [read.hop, read.failure.name]).to.deep.equal([
      1,
      "incorrect_or_unknown_payment_details",
    ]);
    const changed = failed.reason.map((byte) => byte ^ 1);
    expect(readFailure(secrets, changed, failed.attribution_data)).to.deep.equal({ tag: "Unreadable", followed: 0 });
  });
});

describe("hold times", () => {
  const ref = { channelId: channelId(sha256(Uint8Array.of(1))), htlcId: 3n };
  const secret = fromHex("22".repeat(32));
  const heldOf = ({ attribution }: ReturnType<Attributions["ofFulfillment"]>) =>
    attribution && readAttribution([secret], [], attribution);

  it("count in whole tenths of a second from when the HTLC was committed, also when it is told again", () => {
    const attributions = new Attributions();
    attributions.arrived(ref, secret, unixMs(1_000));
    attributions.arrived(ref, secret, unixMs(1_500));
    expect(heldOf(attributions.ofFulfillment(ref, unixMs(1_999)))).to.deep.equal([9]);
  });
  it("are none where the clock was put back", () => {
    const attributions = new Attributions();
    attributions.arrived(ref, secret, unixMs(1_000));
    expect(heldOf(attributions.ofFulfillment(ref, unixMs(0)))).to.deep.equal([0]);
  });
  it("are told once, and nothing is told of HTLCs that are not known", () => {
    const attributions = new Attributions();
    attributions.arrived(ref, secret, unixMs(0));
    attributions.ofFailure(ref, new Uint8Array(292), unixMs(0));
    expect(attributions.ofFailure(ref, new Uint8Array(292), unixMs(0))).to.deep.equal({});
  });
});
