import { expect } from "chai";
import type { ChannelPolicy } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { fundedBy } from "../puppet.ts";
import { invoiceOf, line, soon, stranger, violations } from "../small-world.ts";

/** Of the million sat that are ours; two do not go at once, nor one over the other channel. */
const AMOUNT = msat(600_000_000n);
const payments = (node: LabNode) => node.node.payments().map(({ state, failure }) => failure?.code ?? state);

/** Pays so many invoices of the last node at once, by the one before it, and waits for all ends. */
async function crowd(nodes: 2 | 3, taking: Partial<ChannelPolicy>, count: number, giving: Partial<ChannelPolicy> = {}) {
  const { world, nodes: all } = await line(nodes, {
    channelPolicy: (node) => (node === nodes - 1 ? taking : giving),
  });
  const [payer, payee] = [present(all.at(-2), "a payer"), present(all.at(-1), "a payee")];
  const bolt11: string[] = [];
  for (let made = 0; made < count; made++) bolt11.push((await invoiceOf(world, payee, msat(2_000_000n))).bolt11);
  await Promise.all(bolt11.map((text) => soon(world, payer.node.pay({ bolt11: text }))));
  await world.until(() => !payments(payer).includes("pending"), 30_000);
  return { ends: payments(payer), violations: violations(world) };
}
const allSucceeded = (count: number) => ({ ends: Array.from({ length: count }, () => "succeeded"), violations: [] });

describe("payments that are more at once than a channel carries, though its balance is enough", () => {
  for (const [what, nodes, taking, count, giving] of [
    ["than its peer takes HTLCs", 2, { maxAcceptedHtlcs: 5 }, 12],
    ["than its peer takes msat", 2, { inFlightSharePpm: 20_000n }, 12],
    ["than may be dust", 2, { dustLimit: sat(2_100n) }, 12, { maxDustExposure: msat(5_000_000n) }],
    ["than set out in one portion", 2, { maxAcceptedHtlcs: 30 }, 70],
    ["while another channel, that leads nowhere, would carry them", 3, { maxAcceptedHtlcs: 5 }, 12],
  ] as const)
    it(`${what}: begin when others have ended`, async () => {
      expect(await crowd(nodes, taking, count, giving)).to.deep.equal(allSucceeded(count));
    });
});

describe("a payment that comes while a channel is quiet for a splice", () => {
  for (const [what, policy] of [
    ["that both sign", () => ({})],
    ["that comes to nothing", (node: number) => ({ requireConfirmedInputs: node === 1 })],
  ] as const)
    it(`begins when the silence for one is over ${what}`, async () => {
      const { world, nodes, edges } = await line(2, { channelPolicy: policy });
      const [payer, payee] = [present(nodes[0], "a payer"), present(nodes[1], "a payee")];
      const { bolt11 } = await invoiceOf(world, payee);
      const { address } = await soon(world, payer.node.newAddress());
      const coins = payer.node.walletUtxos().map(({ outpoint }) => outpoint);
      // Coins that wait are shown to nobody who asks for confirmed ones.
      await soon(world, payer.node.send({ address, amount: sat(10_000n), feerate: satPerKw(1_000), coins }));
      const id = present(edges[0]?.id, "a channel");
      const request = { id, direction: "in", amount: sat(200_000n), feerate: satPerKw(1_000) } as const;
      const splice = payer.node.spliceChannel(request);
      expect(await world.until(() => payer.node.channels().some(({ active }) => !active), 5_000)).to.equal(true);
      const paying = payer.node.pay({ bolt11 });
      const { ok } = await soon(world, splice, 30_000);
      expect((await soon(world, paying)).ok).to.equal(true);
      await world.pass(1_000);
      expect([ok, payments(payer), violations(world)]).to.deep.equal([what === "that both sign", ["succeeded"], []]);
    });
});

describe("payments that wait for room in a channel whose peer is about to make some", () => {
  it("are tried elsewhere, or fail, as soon as that peer is gone", async () => {
    const { world, nodes } = await line(2);
    const node = present(nodes[0], "a first node");
    const mallory = await stranger(world, node);
    const puppet = await fundedBy(world, node, mallory, { capacity: sat(1_000_000n), push: msat(20_000_000n) });
    // It fails what comes, and commits to nothing any more.
    puppet.say = (message) =>
      message.name === "commitment_signed" && puppet.incoming.length > 0 ? undefined : message;
    const pay = () => soon(world, node.node.payKeysend({ payee: mallory.id, amount: AMOUNT }));
    expect((await pay()).ok).to.equal(true);
    await world.until(() => puppet.incoming.length > 0, 10_000);
    const { id } = present(puppet.incoming[0], "an HTLC");
    puppet.give({ tag: "FailHtlc", id, reason: new Uint8Array(292) });
    await world.pass(1_000);
    expect((await pay()).ok).to.equal(true);
    await world.pass(1_000);
    expect(payments(node)).to.deep.equal(["pending", "pending"]);
    mallory.session.close();
    await world.pass(1_000);
    expect([...payments(node)].sort()).to.deep.equal(["no_route", "pending"]);
  });
});
