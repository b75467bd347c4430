import { expect } from "chai";
import { outpointKey } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { type MempoolEntry, removeWithDescendants } from "../../../src/chain/mempool.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { idOf } from "../../../src/lab/setup.ts";
import type { World } from "../../../src/lab/world.ts";
import { mine, onchain, streetOf } from "../failing-street.ts";
import { type Line, soon } from "../small-world.ts";

const waiting = ({ chain }: World): readonly MempoolEntry[] => [...chain.brain.pool.entries.values()];
const feerateOf = ({ fee, weight }: MempoolEntry): number => Number(fee * 1_000n) / weight;

/** a's commitment stands in the chain, and b's claim of its own balance waits to be mined. */
async function claiming(
  feerate?: number,
  options?: Parameters<typeof streetOf>[1],
): Promise<Line & { readonly a: LabNode; readonly b: LabNode }> {
  const street = await streetOf(2, options);
  const { world, nodes } = street;
  const [a, b] = nodes as [LabNode, LabNode];
  world.network.part(a.name, b.name);
  if (feerate !== undefined) world.chain.setFeerate(satPerKw(feerate));
  await soon(world, a.node.closeChannel({ id: idOf(present(street.edges[0], "an edge")), force: true }));
  await mine(world, 1);
  expect(waiting(world).map(({ tx }) => tx.inputs.length)).to.deep.equal([1]);
  return { ...street, a, b };
}

/** There a claim may stand in the same block as what it spends. */
const WITHOUT_ANCHORS = {
  channelPolicy: () => ({ formats: ["static_remotekey"] as const }),
  wish: { anchors: false },
};

describe("The transactions of claims", () => {
  it("follow the price of blocks: what pays clearly more takes the place of the one before, to the same address", async () => {
    const { world, b } = await claiming();
    const before = present(waiting(world)[0], "the claim waits");
    const cheap = feerateOf(before);
    const outpoint = outpointKey(present(before.tx.inputs[0], "one input").prevout);
    const claim = (): readonly MempoolEntry[] =>
      waiting(world).filter(({ tx }) => tx.inputs.some(({ prevout }) => outpointKey(prevout) === outpoint));
    world.chain.setFeerate(satPerKw(Math.ceil(cheap * 4)));
    world.chain.reorganise(1, { txs: "same" });
    await world.pass(500);
    const [after, ...more] = claim();
    expect(more).to.deep.equal([]);
    expect(feerateOf(present(after, "the claim waits")) > cheap * 3.9).to.equal(true);
    expect(after?.tx.outputs[0]?.script).to.deep.equal(before.tx.outputs[0]?.script);
    const worth = onchain(b);
    await mine(world, 1);
    expect(onchain(b)).to.equal(worth);
    expect(claim()).to.deep.equal([]);
    expect(world.violations).to.deep.equal([]);
  });

  it("are replaced by none that does not pay for its own way through the network: nodes would not take it", async () => {
    const { world } = await claiming(300);
    const [cheap] = waiting(world);
    /** A block without it, at a price. */
    const priced = async (feerate: number): Promise<readonly string[]> => {
      world.chain.setFeerate(satPerKw(feerate));
      for (const claim of waiting(world)) removeWithDescendants(world.chain.brain.pool, claim);
      await mine(world, 1);
      return waiting(world).map(({ txid }) => txid);
    };
    expect(await priced(540), "nearly twice as much").to.deep.equal([cheap?.txid]);
    const [dear, ...more] = await priced(560);
    expect([dear === cheap?.txid, more]).to.deep.equal([false, []]);
    expect(world.violations).to.deep.equal([]);
  });

  it("RELIABILITY O1: are said again within a minute when another took their place, without waiting for a block", async () => {
    const { world } = await claiming();
    const claim = present(waiting(world)[0], "the claim waits");
    for (let minute = 0; minute < 3; minute++) {
      removeWithDescendants(world.chain.brain.pool, claim);
      expect(waiting(world)).to.deep.equal([]);
      await world.pass(60_000);
      expect(waiting(world).map(({ txid }) => txid)).to.deep.equal([claim.txid]);
    }
    await mine(world, 1);
    expect(waiting(world)).to.deep.equal([]);
    expect(world.violations).to.deep.equal([]);
  });

  it("are not made a second time after a restart: what is out is known by the output that it spends", async () => {
    const { world, b } = await claiming();
    const [before] = waiting(world);
    const listed = b.node.walletTransactions().length;
    await b.crash(b.disk.pending);
    await b.start();
    await world.pass(500);
    world.chain.reorganise(1, { txs: "same" });
    await world.pass(500);
    expect(waiting(world).map(({ txid }) => txid)).to.deep.equal([before?.txid]);
    expect(b.node.walletTransactions()).to.have.length(listed);
    expect(world.violations).to.deep.equal([]);
  });

  it("pay for a commitment after a restart as they did before it: what it pays itself counts", async () => {
    const street = await streetOf(2);
    const { world, nodes } = street;
    const [a, b] = nodes as [LabNode, LabNode];
    world.network.part(a.name, b.name);
    /** Of all that waits together, in sat for 1,000 weight units. */
    const together = (): number => {
      const fee = waiting(world).reduce((sum, one) => sum + one.fee, 0n);
      return Number(fee * 1_000n) / waiting(world).reduce((sum, { weight }) => sum + weight, 0);
    };
    world.chain.setFeerate(satPerKw(4_000));
    await soon(world, a.node.closeChannel({ id: idOf(present(street.edges[0], "an edge")), force: true }));
    await world.pass(500);
    world.chain.reorganise(1, { txs: "same" });
    await world.pass(500);
    expect(waiting(world)).to.have.length(2);
    expect(together()).to.be.within(4_000, 4_400);
    await a.crash(a.disk.pending);
    await a.start();
    await world.pass(500);
    world.chain.setFeerate(satPerKw(5_200));
    world.chain.reorganise(1, { txs: "same" });
    await world.pass(500);
    expect(waiting(world)).to.have.length(2);
    expect(together()).to.be.within(5_200, 5_600);
    expect(world.violations).to.deep.equal([]);
  });

  it("go with the commitment that a reorganisation takes away, and come back with it", async () => {
    const { world, a, b } = await claiming();
    const whole = onchain(b);
    const { confirmed: before } = b.node.balance().onchain;
    await mine(world, 1);
    world.chain.reorganise(2, { txs: "none" });
    await world.pass(500);
    // Both commitment and claim wait again; nobody calls anything confirmed.
    expect(b.node.balance().onchain.confirmed).to.equal(before);
    await mine(world, 2);
    expect(onchain(b)).to.equal(whole);
    expect(b.node.balance().onchain.confirmed).to.equal(whole);
    expect([a, b].map((node) => node.node.channels()[0]?.state)).to.deep.equal(["Failed", "Failed"]);
    expect(world.violations).to.deep.equal([]);
  });

  it("are given up with the commitment whose block they were in: another may be mined in its place", async () => {
    const { world, edges, a, b } = await claiming(undefined, WITHOUT_ANCHORS);
    const claim = present(waiting(world)[0], "the claim waits").tx;
    const failed = a.recorder.last.get(idOf(present(edges[0], "an edge")));
    const commitment = present(failed?.tag === "Failed" ? failed.commitment : undefined, "the commitment");
    const { confirmed: before, unconfirmed: claimed } = b.node.balance().onchain;
    world.chain.reorganise(1, { txs: [commitment, claim] });
    await world.pass(500);
    expect(b.node.balance().onchain).to.include({ confirmed: before + claimed, unconfirmed: 0n });
    world.chain.reorganise(2, { txs: "none" });
    await world.pass(500);
    expect(b.node.balance().onchain).to.include({ confirmed: before, unconfirmed: 0n });
    expect(world.violations).to.deep.equal([]);
  });
});
