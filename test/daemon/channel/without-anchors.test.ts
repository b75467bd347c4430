import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { idOf } from "../../../src/lab/setup.ts";
import { giveCoins, mine, onchain, stateOf, streetOf } from "../failing-street.ts";
import { invoiceOf, line, paid, soon, violations } from "../small-world.ts";

const WITHOUT = {
  channelPolicy: () => ({ formats: ["anchors", "static_remotekey"] as const }),
  wish: { anchors: false },
};
const TYPE = { format: "static_remotekey", scidAlias: false, zeroConf: false };

describe("Channels without anchors, between whole nodes", () => {
  it("are neither proposed nor accepted unless the operator says so", async () => {
    const { world, nodes } = await line(2, { channelPolicy: (node) => (node === 0 ? WITHOUT.channelPolicy() : {}) });
    const [a, b] = nodes as [LabNode, LabNode];
    const request = { capacity: sat(100_000n), push: msat(0n), announce: true, anchors: false };
    expect(await soon(world, b.node.openChannel({ nodeId: a.id, ...request }))).to.deep.equal({
      ok: false,
      error: { code: "not_possible", detail: "this node is not set up for such channels", pointer: "/anchors" },
    });
    expect(await soon(world, a.node.openChannel({ nodeId: b.id, ...request }))).to.deep.equal({
      ok: false,
      error: { code: "peer_refused", detail: "bad opening, rule channel_type" },
    });
    expect(a.node.channels().map(({ type }) => type.format)).to.deep.equal(["anchors"]);
  });

  it("are paid over, follow the price of blocks, and are closed by agreement", async () => {
    const { world, nodes } = await line(2, WITHOUT);
    const [a, b] = nodes as [LabNode, LabNode];
    expect([a, b].map(({ node }) => node.channels().map(({ type }) => type))).to.deep.equal([[TYPE], [TYPE]]);
    const invoice = await invoiceOf(world, b);
    expect((await paid(world, a, invoice.bolt11)).state).to.equal("succeeded");
    const spendable = (): bigint => a.node.balance().channels.spendable;
    const before = spendable();
    world.chain.setFeerate(satPerKw(9_000));
    await mine(world, 1);
    // (724 + 2 * 172) weight units at twice the feerate are kept for the fee.
    expect(spendable() < before - 10_000_000n, "the fee of the commitment has risen").to.equal(true);
    const [channel] = a.node.channels();
    const closing = await soon(world, a.node.closeChannel({ id: present(channel, "a channel").id }));
    expect(closing.ok).to.equal(true);
    await mine(world, 2);
    expect(violations(world)).to.deep.equal([]);
  });

  it("a payer that falls silent: the payee's own commitment and its HTLC-success pay for themselves", async function () {
    this.timeout(90_000);
    const street = await streetOf(2, WITHOUT);
    const { world, nodes } = street;
    const [payer, payee] = nodes as [LabNode, LabNode];
    await giveCoins(world, payee);
    const before = onchain(payee);
    const invoice = await invoiceOf(world, payee, msat(40_000_000n));
    expect((await soon(world, payer.node.pay({ bolt11: invoice.bolt11 }))).ok).to.equal(true);
    const isSettled = (): boolean => payee.node.invoice(invoice.paymentHash)?.state === "settled";
    while (!isSettled()) await world.step();
    world.network.part(payer.name, payee.name);
    await payer.crash(payer.disk.pending);
    for (let block = 0; block < 120 && stateOf(payee, street, 0) === "Normal"; block++) await mine(world, 1);
    const id = idOf(present(street.edges[0], "an edge"));
    expect(payee.node.explainChannel(id)?.cause).to.equal("deadline");
    const spent = payee.node.walletUtxos().length;
    await mine(world, 3);
    expect(payee.node.explainChannel(id)?.outputs.map(({ what, status }) => `${what}: ${status}`)).to.include(
      "HTLC 0 that the peer offered: spent",
    );
    expect(payee.node.walletUtxos().length, "no coin of the wallet pays for it").to.equal(spent);
    await mine(world, 160);
    // 703 weight units at 2,500 sat/kw for the HTLC-success, and two sweeps.
    expect(onchain(payee) - before > 135_000n, "its 100,000 sat and the payment").to.equal(true);
    expect(stateOf(payee, street, 0)).to.equal("forgotten");
    expect(violations(world)).to.deep.equal([]);
  });
});
