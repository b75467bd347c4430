import { expect } from "chai";
import type { Txid } from "../../../src/base/ids.ts";
import { msat, satPerKw } from "../../../src/base/units.ts";
import { type MempoolEntry, removeWithDescendants } from "../../../src/chain/mempool.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import type { World } from "../../../src/lab/world.ts";
import { mine, stateOf, streetOf } from "../failing-street.ts";
import { invoiceOf } from "../small-world.ts";

const PAYMENTS = 4;
const waiting = ({ chain }: World): readonly MempoolEntry[] => [...chain.brain.pool.entries.values()];
/** Transactions that wait together, as one spends what another pays. */
function clusters(world: World): readonly (readonly MempoolEntry[])[] {
  const rootOf = ({ txid, parents }: MempoolEntry): Txid => {
    const [parent] = parents;
    const entry = parent === undefined ? undefined : world.chain.brain.pool.entries.get(parent);
    return entry === undefined ? txid : rootOf(entry);
  };
  const found = new Map<Txid, MempoolEntry[]>();
  for (const entry of waiting(world)) found.set(rootOf(entry), [...(found.get(rootOf(entry)) ?? []), entry]);
  return [...found.values()];
}
const feerateOf = (together: readonly MempoolEntry[]): number =>
  Number(together.reduce((sum, { fee }) => sum + fee, 0n) * 1_000n) /
  together.reduce((sum, { weight }) => sum + weight, 0);

/** A payee with fewer coins than HTLCs to claim on its own commitment, which the last block holds. */
async function claiming(payments = PAYMENTS, amount = msat(40_000_000n)): Promise<World> {
  const street = await streetOf(2);
  const { world, nodes } = street;
  const [payer, payee] = nodes as [LabNode, LabNode];
  const invoices = [];
  for (let at = 0; at < payments; at++) invoices.push(await invoiceOf(world, payee, amount));
  for (const { bolt11 } of invoices) void payer.node.pay({ bolt11 });
  while (invoices.some(({ paymentHash }) => payee.node.invoice(paymentHash)?.state !== "settled")) await world.step();
  world.network.part(payer.name, payee.name);
  await payer.crash(payer.disk.pending);
  while (stateOf(payee, street, 0) === "Normal") await mine(world, 1);
  await mine(world, 1);
  return world;
}
const sizes = (world: World): readonly number[] => clusters(world).map(({ length }) => length);
/** Each time another block without any of them. */
async function expectRaised(world: World, feerates: readonly number[], payments = PAYMENTS): Promise<void> {
  for (const feerate of feerates) {
    world.chain.setFeerate(satPerKw(feerate));
    world.chain.reorganise(1, { txs: "same" });
    await world.pass(500);
    expect(waiting(world)).to.have.length(payments);
    const least = Math.min(...clusters(world).map(feerateOf));
    expect(least, `at ${feerate}`).to.be.within(feerate, feerate * 1.3);
  }
  await mine(world, 1);
  expect(waiting(world)).to.deep.equal([]);
  expect(world.violations).to.deep.equal([]);
}

describe("Claims that are built on each other, as one coin pays for several", () => {
  it("all meet a feerate that has risen: the last of them pays for those before it", async function () {
    this.timeout(60_000);
    const world = await claiming();
    const { pool } = world.chain.brain;
    for (const entry of pool.entries.values()) removeWithDescendants(pool, entry);
    await mine(world, 1);
    expect(waiting(world)).to.have.length(PAYMENTS);
    expect(Math.max(...sizes(world)) > 1, "some are built on others").to.equal(true);
    await expectRaised(world, [3_500, 4_500, 6_000, 10_000]);
  });
  it("come back as they were with the commitment's block, which a reorganisation took away, and meet it then too", async function () {
    this.timeout(60_000);
    const world = await claiming();
    const before = waiting(world).map(({ txid }) => txid);
    expect(Math.max(...sizes(world)) > 1, "some are built on others").to.equal(true);
    world.chain.setFeerate(satPerKw(2_000));
    world.chain.reorganise(1, { txs: "same" });
    await world.pass(500);
    expect(waiting(world).map(({ txid }) => txid)).to.have.members(before);
    await expectRaised(world, [3_500, 4_500, 6_000, 10_000]);
  });
  it("are no more on one coin than mempools hold in a line: others take another coin, and all can be raised", async function () {
    this.timeout(60_000);
    const [many, line] = [32, 25];
    const world = await claiming(many, msat(7_500_000n));
    expect(sizes(world).toSorted((a, b) => b - a)).to.deep.equal([line, many - line]);
    await expectRaised(world, [3_000], many);
  });
});
