import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { msat, sat } from "../../../src/base/units.ts";
import { ChannelTable, channelEntry } from "../../../src/daemon/channel/table.ts";
import { type LabNode, PORT } from "../../../src/lab/lab-node.ts";
import { bury, setUp } from "../../../src/lab/setup.ts";
import { createWorld } from "../../../src/lab/world.ts";
import { decodeInvoice } from "../../../src/payments/invoice.ts";
import { ALIAS, opened, Pair, TEMPORARY } from "../../support/channel-pair.ts";
import { invoiceOf, line, paid, soon, violations } from "../small-world.ts";

describe("A channel that is not public", () => {
  for (const scidAlias of [false, true])
    it(`CONFORMANCE 44: is paid over by whoever has an invoice, by its alias alone${scidAlias ? " (type scid_alias)" : ""}`, async () => {
      const { world, nodes } = await line(3, { wishes: [{}, { announce: false, scidAlias }] });
      const [a, b, c] = nodes as [LabNode, LabNode, LabNode];
      await world.pass(2_000);
      const invoice = await invoiceOf(world, c);
      const read = decodeInvoice(invoice.bolt11, "regtest");
      if (!read.ok) throw new Error("an invoice");
      const channel = present(c.node.channels()[0], "c's channel");
      const theirs = present(
        b.node.channels().find(({ id }) => id === channel.id),
        "b's end",
      );
      expect(read.value.routeHints).to.deep.equal([
        [
          {
            nodeId: b.id,
            shortChannelId: theirs.localAlias,
            feeBaseMsat: 1_000,
            feeProportionalMillionths: 500,
            cltvExpiryDelta: 40,
          },
        ],
      ]);
      expect(channel.remoteAlias).to.equal(theirs.localAlias);
      expect((await paid(world, a, invoice.bolt11)).state).to.equal("succeeded");
      expect(violations(world)).to.deep.equal([]);
    });

  it("CONFORMANCE 44: is found by no other name where the type says so, and by both where it does not", () => {
    for (const scidAlias of [false, true]) {
      const pair = new Pair();
      pair.features = [...pair.features, 46];
      opened({ type: { scidAlias } }, pair);
      pair.settle();
      pair.confirm();
      const { funded: state, nodeId: peer, signer } = pair.parties.a;
      const table = new ChannelTable();
      const entry = channelEntry({ peer, temporaryId: TEMPORARY, keyIndex: 0, signer }, state);
      table.nameReady(entry);
      const real = present(state.funding.confirmed, "a place").shortChannelId;
      expect(table.byScid(ALIAS.a)).to.equal(entry);
      expect(table.byScid(real)).to.equal(scidAlias ? undefined : entry);
    }
  });

  it("BOLT 7 §The channel_update Message: nor is one that is to be public before it is deep enough, and is paid over then and after", async () => {
    const world = createWorld({ seed: 4, nodes: 3 });
    const [a, b, c] = world.nodes as [LabNode, LabNode, LabNode];
    expect(await setUp(world, [])).to.equal(true);
    const open = async (opener: LabNode, { id: nodeId, name }: LabNode): Promise<void> => {
      expect((await soon(world, opener.node.connect({ nodeId, host: name, port: PORT }))).ok).to.equal(true);
      const wish = { nodeId, capacity: sat(400_000n), push: msat(0n), announce: true };
      expect((await soon(world, opener.node.openChannel(wish))).ok).to.equal(true);
    };
    await open(a, b);
    await bury(world);
    await open(b, c);
    for (let depth = 1; depth <= 8; depth++) {
      world.chain.mine(1);
      await world.pass(2_000);
      if (depth < 3) continue;
      const read = decodeInvoice((await invoiceOf(world, c)).bolt11, "regtest");
      expect([depth, read.ok && read.value.routeHints.length]).to.deep.equal([depth, depth < 6 ? 1 : 0]);
      expect([depth, (await paid(world, a, read.ok ? read.value.text : "")).state]).to.deep.equal([depth, "succeeded"]);
    }
    expect(violations(world)).to.deep.equal([]);
  });

  it("keeps its names over a restart, and tells its terms again", async () => {
    const { world, nodes } = await line(3, { wishes: [{}, { announce: false, scidAlias: true }] });
    const [a, b, c] = nodes as [LabNode, LabNode, LabNode];
    const alias = c.node.channels()[0]?.remoteAlias;
    for (const node of [b, c]) {
      await node.crash(0);
      await node.start();
    }
    const isBack = (): boolean => [...c.node.channels(), ...a.node.channels()].every(({ active }) => active);
    expect(await world.until(isBack, 60_000)).to.equal(true);
    await world.pass(1_000);
    const invoice = await invoiceOf(world, c);
    const read = decodeInvoice(invoice.bolt11, "regtest");
    expect(read.ok && read.value.routeHints.map(([hop]) => hop?.shortChannelId)).to.deep.equal([alias]);
    expect((await paid(world, a, invoice.bolt11)).state).to.equal("succeeded");
  });
});
