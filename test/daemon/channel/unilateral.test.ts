import { expect } from "chai";
import { closingReserve } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { idOf } from "../../../src/lab/setup.ts";
import { POLICY, type World } from "../../../src/lab/world.ts";
import { giveCoins, mine, onchain, stateOf, streetOf, stuck, tip } from "../failing-street.ts";
import { invoiceOf, soon } from "../small-world.ts";

describe("A channel closed without the peer, by whole nodes", () => {
  it("by command: explained, claimed after the delay, forgotten when buried, and still explained", async function () {
    this.timeout(60_000);
    const street = await streetOf(2);
    const { world, nodes } = street;
    const [a, b] = nodes as [LabNode, LabNode];
    const id = idOf(present(street.edges[0], "an edge"));
    world.network.part(a.name, b.name);
    const before = [onchain(a), onchain(b)] as const;
    const closed = await soon(world, a.node.closeChannel({ id, force: true }));
    expect(closed.ok && closed.value.state).to.equal("Failed");
    expect(a.node.explainChannel(id)).to.include({ cause: "requested", closing: undefined });
    await mine(world, 2);
    expect(stateOf(b, street, 0)).to.equal("Failed");
    expect(b.node.explainChannel(id)?.closing).to.include({ by: "remote" });
    expect(a.node.explainChannel(id)?.closing).to.include({ by: "local" });
    expect(onchain(b) - before[1] > 98_000n, "b has its 100,000 sat at once").to.equal(true);
    await mine(world, POLICY.channel.toSelfDelay - 3);
    expect(onchain(a)).to.equal(before[0]);
    await mine(world, 3);
    expect(onchain(a) - before[0] > 395_000n, "a has its 400,000 sat after the delay").to.equal(true);
    await mine(world, 100);
    expect([stateOf(a, street, 0), stateOf(b, street, 0)]).to.deep.equal(["forgotten", "forgotten"]);
    await world.pass(2_000);
    expect(a.node.explainChannel(id)).to.deep.include({ cause: "requested", outputs: [] });
    expect(world.violations).to.deep.equal([]);
  });

  it("a second time, or with an address, it is refused with the reason", async () => {
    const street = await streetOf(2);
    const { world, nodes } = street;
    const [a] = nodes as [LabNode];
    const id = idOf(present(street.edges[0], "an edge"));
    const request = { id, force: true };
    const pointed = await soon(world, a.node.closeChannel({ ...request, feerate: satPerKw(253) }));
    expect(pointed.ok || pointed.error).to.include({ code: "bad_request", pointer: "/feerateSatPerKw" });
    await soon(world, a.node.closeChannel(request));
    const again = await soon(world, a.node.closeChannel(request));
    expect(again.ok || again.error.code).to.equal("not_possible");
  });

  it("opens no channel that it could not close: refused with the sum that is needed, before the peer hears of it", async () => {
    const street = await streetOf(2);
    const { world, nodes } = street;
    const [a, b] = nodes as [LabNode, LabNode];
    const { confirmed, unconfirmed } = a.node.balance().onchain;
    const kept = closingReserve(POLICY.channel.reserveFeerate, "anchors") * 2n;
    const funds = confirmed + unconfirmed;
    const open = (capacity: bigint) =>
      soon(world, a.node.openChannel({ nodeId: b.id, capacity: sat(capacity), push: msat(0n), announce: false }));
    expect(await open(funds - kept + 1n)).to.deep.equal({
      ok: false,
      error: {
        code: "insufficient_balance",
        pointer: "/capacitySat",
        detail: `needs ${funds + 1n} sat on the chain (${kept} sat of it stay there for the fees of closing channels), ${funds} sat are there`,
      },
    });
  });

  it("a payee that falls silent: the router takes its HTLC back on the chain and fails it upstream in time", async function () {
    this.timeout(90_000);
    const street = await streetOf(3);
    const { world, nodes } = street;
    const [payer, router, payee] = nodes as [LabNode, LabNode, LabNode];
    const whole = onchain(router);
    silence(world, payee);
    const { payment } = await stuck(street);
    await payee.crash(0);
    const start = tip(world);
    for (let block = 0; block < 130 && payer.node.payment(payment)?.state === "pending"; block++) await mine(world, 1);
    expect(payer.node.payment(payment)?.state).to.equal("failed");
    expect(stateOf(router, street, 0), "the payer's channel lives on").to.equal("Normal");
    expect(router.node.explainChannel(idOf(present(street.edges[1], "an edge")))?.cause).to.equal("deadline");
    expect(tip(world) - start < 130).to.equal(true);
    await mine(world, 150);
    expect(onchain(router) - whole > 394_000n, "all of its side is back").to.equal(true);
    expect(world.violations).to.deep.equal([]);
  });

  it("a router that falls silent: the payee claims with the preimage before the expiry, from coins it kept for the fee", async function () {
    this.timeout(90_000);
    const street = await streetOf(2);
    const { world, nodes } = street;
    const [payer, payee] = nodes as [LabNode, LabNode];
    await giveCoins(world, payee);
    const before = onchain(payee);
    const invoice = await invoiceOf(world, payee, msat(40_000_000n));
    // What the payee says when it has the HTLC is not heard any more.
    const begun = await soon(world, payer.node.pay({ bolt11: invoice.bolt11 }));
    expect(begun.ok).to.equal(true);
    const isSettled = (): boolean => payee.node.invoice(invoice.paymentHash)?.state === "settled";
    while (!isSettled()) await world.step();
    world.network.part(payer.name, payee.name);
    await payer.crash(payer.disk.pending);
    const id = idOf(present(street.edges[0], "an edge"));
    for (let block = 0; block < 120 && stateOf(payee, street, 0) === "Normal"; block++) await mine(world, 1);
    const told = payee.node.explainChannel(id);
    expect(told?.cause).to.equal("deadline");
    await mine(world, 3);
    expect(payee.node.explainChannel(id)?.outputs.map(({ what, status }) => `${what}: ${status}`)).to.include(
      "HTLC 0 that the peer offered: spent",
    );
    await mine(world, 160);
    expect(onchain(payee) - before > 130_000n, "its 100,000 sat and the payment").to.equal(true);
    expect(world.violations).to.deep.equal([]);
  });
});

/** Nothing that this node says from now on leaves it for its peers, but what it has already said. */
function silence(world: World, node: LabNode): void {
  for (const other of world.nodes) if (other !== node) world.network.hold(node.name, other.name);
}
