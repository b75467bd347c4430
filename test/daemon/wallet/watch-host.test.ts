import { HDKey } from "@scure/bip32";
import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { blockHeight, sat } from "../../../src/base/units.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { createWorld, type World } from "../../../src/lab/world.ts";
import { soon, violations } from "../small-world.ts";

/** Two nodes, the first with coins on addresses of both types; nothing is watched yet. */
async function two(): Promise<{ readonly world: World; readonly owner: LabNode; readonly viewer: LabNode }> {
  const world = createWorld({ seed: 5, nodes: 2 });
  const [owner, viewer] = world.nodes.map((node) => present(node, "a node")) as [LabNode, LabNode];
  for (const node of world.nodes) await node.start();
  for (const type of ["segwit", "taproot", "segwit"] as const) {
    const { address } = await soon(world, owner.node.newAddress({ type }));
    const mined = await soon(world, owner.node.mine({ blocks: 1, address }));
    if (!mined.ok) throw new Error(mined.error.detail);
  }
  world.chain.mine(100);
  await settled(world, 103_000);
  return { world, owner, viewer };
}
const settled = (world: World, forMs = 3_000): Promise<void> => world.pass(forMs);

const onchainOf = (node: LabNode) => {
  const { confirmed, immature } = node.node.balance().onchain;
  return { confirmed, immature };
};
const watchedBy = (node: LabNode) => {
  const { confirmed, immature } = node.node.balance().watchOnly;
  return { confirmed, immature };
};
async function watchAll(world: World, owner: LabNode, viewer: LabNode): Promise<void> {
  for (const { descriptor } of owner.node.walletDescriptors()) {
    const added = await soon(world, viewer.node.addWatch({ descriptor, label: "owner", from: blockHeight(0) }));
    if (!added.ok) throw new Error(added.error.detail);
  }
  await settled(world);
}

describe("Watch host: a wallet's own descriptors in another node", () => {
  it("show the same balance there, through payments with change, a reorganisation and a crash, and none of it is spendable", async function () {
    this.timeout(60_000);
    const { world, owner, viewer } = await two();
    await watchAll(world, owner, viewer);
    const same = (): void => void expect(watchedBy(viewer)).to.deep.equal(onchainOf(owner));
    same();
    expect(onchainOf(owner).confirmed > 0n).to.equal(true);
    expect(onchainOf(viewer)).to.deep.equal({ confirmed: 0n, immature: 0n });

    const { address } = await soon(world, viewer.node.newAddress({ type: "taproot" }));
    const sent = await soon(world, owner.node.send({ address, amount: sat(70_000n) }));
    expect(sent.ok).to.equal(true);
    world.chain.mine(1);
    await settled(world);
    same();
    expect(onchainOf(viewer)).to.deep.equal({ confirmed: 70_000n, immature: 0n });

    world.chain.reorganise(2, { txs: "same" });
    await settled(world);
    viewer.crash(0);
    await viewer.start();
    await settled(world);
    same();

    const back = await soon(world, owner.node.newAddress({}));
    const tooMuch = await soon(world, viewer.node.send({ address: back.address, amount: sat(70_001n) }));
    expect(tooMuch.ok === false && tooMuch.error.code).to.equal("insufficient_balance");
    expect(viewer.node.watches().length).to.equal(4);
    expect(violations(world)).to.deep.equal([]);
  });

  it("are of public keys alone, with their origins, and count as ours alone in the node they are of", async function () {
    this.timeout(60_000);
    const { world, owner } = await two();
    const shown = owner.node.walletDescriptors();
    expect(
      shown.map(({ type, branch, descriptor }) => [type, branch, descriptor.replace(/\[.{8}|tpub\w+|#\w+/g, "~")]),
    ).to.deep.equal([
      ["segwit", "external", "wpkh(~/84h/1h/0h]~/0/*)~"],
      ["segwit", "change", "wpkh(~/84h/1h/0h]~/1/*)~"],
      ["taproot", "external", "tr(~/86h/1h/0h]~/0/*)~"],
      ["taproot", "change", "tr(~/86h/1h/0h]~/1/*)~"],
    ]);
    const before = onchainOf(owner);
    await watchAll(world, owner, owner);
    expect(watchedBy(owner)).to.deep.equal({ confirmed: 0n, immature: 0n });
    expect(onchainOf(owner)).to.deep.equal(before);
  });
});

describe("Watch host: commands", () => {
  it("refuse a private key by a code of its own, keep nothing of it and repeat nothing of it", async function () {
    this.timeout(60_000);
    const world = createWorld({ seed: 5, nodes: 1 });
    const node = present(world.nodes[0], "a node");
    await node.start();
    const secret = HDKey.fromMasterSeed(new Uint8Array(32).fill(6)).privateExtendedKey;
    const refused = await soon(world, node.node.addWatch({ descriptor: `wpkh(${secret}/0/*)`, from: blockHeight(0) }));
    expect(refused.ok === false && refused.error.code).to.equal("private_key");
    expect(JSON.stringify(refused)).not.to.contain(secret.slice(4, 20));
    expect(node.node.watches()).to.deep.equal([]);
  });

  it("tell when the past of a descriptor has been gone through, and forget it when it is removed", async function () {
    this.timeout(60_000);
    const { world, owner, viewer } = await two();
    await watchAll(world, owner, viewer);
    expect(viewer.node.watches().map(({ scanned }) => scanned)).to.deep.equal([false, false, false, false]);
    world.chain.mine(3);
    await settled(world, 6_000);
    expect(viewer.node.watches().map(({ scanned }) => scanned)).to.deep.equal([true, true, true, true]);
    for (const { id } of viewer.node.watches()) {
      const removed = await soon(world, viewer.node.removeWatch(id));
      expect(removed).to.deep.equal({ ok: true, value: { id } });
    }
    expect(viewer.node.watchedUtxos()).to.deep.equal([]);
    expect(watchedBy(viewer)).to.deep.equal({ confirmed: 0n, immature: 0n });
    const again = await soon(world, viewer.node.removeWatch("89f8spxm"));
    expect(again.ok === false && again.error.code).to.equal("not_found");
  });
});
