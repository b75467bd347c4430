import { expect } from "chai";
import { err, present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { scriptOfAddress } from "../../../src/bitcoin/address.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { idOf } from "../../../src/lab/setup.ts";
import type { World } from "../../../src/lab/world.ts";
import { onchain, stateOf, streetOf, tip } from "../failing-street.ts";
import { invoiceOf, paid, soon, violations } from "../small-world.ts";

/** More than any reorganisation needs. */
const LONG = 400;
const KEPT = 288;

const prunedTo = ({ chain }: World): number => chain.brain.chain.storage.prunedTo();
const heightOf = (node: LabNode): number => (node.node.info().synced ? node.node.info().height : -1);
async function scriptOf(world: World, node: LabNode): Promise<Uint8Array> {
  const script = scriptOfAddress((await soon(world, node.node.newAddress())).address, CHAINS.regtest);
  if (!script.ok) throw new Error("an address of this network");
  return script.value;
}
async function grow(world: World, node: LabNode, blocks = LONG): Promise<void> {
  world.chain.mine(blocks);
  expect(await world.until(() => heightOf(node) === tip(world), 120_000), "it follows").to.equal(true);
  await world.pass(1_000);
}

describe("A daemon on a pruned chain", () => {
  it("is restarted long after its wallet and its channel began, and goes on: pays, is paid, and sees the channel closed", async function () {
    this.timeout(60_000);
    const street = await streetOf(2);
    const { world, nodes, edges } = street;
    const [ours, peer] = nodes as readonly [LabNode, LabNode];
    const script = await scriptOf(world, ours);
    await grow(world, ours);
    world.chain.prune();
    expect(prunedTo(world)).to.equal(tip(world) - KEPT - 1);
    world.crash(ours, 0);
    expect(await world.until(() => ours.isUp, 60_000), "it opens").to.equal(true);
    const before = onchain(ours);
    world.chain.mine(1, script);
    await grow(world, ours, 101);
    expect(onchain(ours) - before, "an address from before is paid").to.equal(5_000_000_000n / 8n);
    const invoice = await invoiceOf(world, peer);
    expect((await paid(world, ours, invoice.bolt11)).state).to.equal("succeeded");
    world.crash(ours, 0);
    const id = idOf(present(edges[0], "a channel"));
    expect((await soon(world, peer.node.closeChannel({ id, force: true }))).ok).to.equal(true);
    expect(await world.until(() => ours.isUp, 60_000), "it opens").to.equal(true);
    await world.pass(5_000);
    // In one, what is claimed in the next, and that buried.
    for (const blocks of [1, 1, 1, 110]) await grow(world, ours, blocks);
    expect(stateOf(ours, street, 0)).to.equal("forgotten");
    expect(violations(world)).to.deep.equal([]);
  });
  it("RELIABILITY B27: loses its power while its disk is behind, and finds all blocks that it has to hear again", async function () {
    this.timeout(60_000);
    const { world, nodes } = await streetOf(2);
    const [ours] = nodes as readonly [LabNode];
    const durably = tip(world);
    world.slowDisk(ours, 10_000_000);
    await grow(world, ours);
    world.chain.prune();
    expect(prunedTo(world)).to.be.at.most(durably);
    world.crash(ours, 0);
    world.slowDisk(ours, 0);
    expect(await world.until(() => ours.isUp && heightOf(ours) === tip(world), 120_000), "it goes on").to.equal(true);
    await grow(world, ours, 1);
    world.chain.prune();
    expect(prunedTo(world)).to.equal(tip(world) - KEPT - 1);
    expect(violations(world)).to.deep.equal([]);
  });
  it("refuses to look through blocks that are gone, with a sentence, and looks through those that are there", async function () {
    this.timeout(60_000);
    const { world, nodes } = await streetOf(2);
    const [ours] = nodes as readonly [LabNode];
    await grow(world, ours);
    world.chain.prune();
    const refusal = (height: number) =>
      err({
        code: "not_possible",
        detail: `Block ${height} is not kept any more: this node prunes its chain.`,
        pointer: "/fromHeight",
      });
    const rescan = (height: number) => soon(world, ours.node.rescan({ from: blockHeight(height) }));
    expect(await rescan(0)).to.deep.equal(refusal(1));
    expect(await rescan(prunedTo(world))).to.deep.equal(refusal(prunedTo(world)));
    expect((await rescan(prunedTo(world) + 1)).ok).to.equal(true);
    await grow(world, ours, 1);
    expect(violations(world)).to.deep.equal([]);
  });
});
