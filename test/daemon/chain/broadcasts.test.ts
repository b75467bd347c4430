import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import type { Outpoint, Txid } from "../../../src/base/ids.ts";
import { err, ok, present } from "../../../src/base/result.ts";
import { msat, sat, satPerKw, unixMs } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { mempool } from "../../../src/chain/mempool.ts";
import { Broadcasts } from "../../../src/daemon/chain/broadcasts.ts";
import type { NodeContext } from "../../../src/daemon/context.ts";
import { createTurns } from "../../../src/daemon/turn.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { idOf } from "../../../src/lab/setup.ts";
import type { World } from "../../../src/lab/world.ts";
import { noLog } from "../../adapters/chain/world.ts";
import { giveCoins, mine, onchain, streetOf } from "../failing-street.ts";
import { soon, violations } from "../small-world.ts";

const waiting = ({ chain }: World): readonly Txid[] => [...chain.brain.pool.entries.keys()];
const silence = ({ chain }: World, node: LabNode, silent: boolean): void => chain.setSilent(node.name, silent);
const sent = async (world: World, node: LabNode, amount: bigint, coins?: readonly Outpoint[]): Promise<Txid> => {
  const { address } = await soon(world, node.node.newAddress());
  const answer = await soon(world, node.node.send({ address, amount: sat(amount), ...(coins && { coins }) }));
  if (!answer.ok) throw new Error(answer.error.detail);
  return answer.value.txid;
};

describe("While the Bitcoin node is silent", () => {
  it("payments wait, and go out in their order once it answers", async () => {
    const { world, nodes } = await streetOf(2);
    const [a] = nodes as [LabNode];
    await giveCoins(world, a);
    silence(world, a, true);
    const first = await sent(world, a, 1_000_000n);
    const second = await sent(world, a, 4_000_000_000n);
    await world.pass(60_000);
    expect(waiting(world)).to.deep.equal([]);
    silence(world, a, false);
    await world.pass(10_500);
    expect(waiting(world)).to.deep.equal([first, second]);
    await mine(world, 1);
    await world.pass(60_000);
    expect(waiting(world), "and never again").to.deep.equal([]);
    expect(violations(world)).to.deep.equal([]);
  });
  it("a payment that spends what was not heard is held back with it, so that it is not refused", async () => {
    const { world, nodes } = await streetOf(2);
    const [a] = nodes as [LabNode];
    await giveCoins(world, a);
    silence(world, a, true);
    const first = await sent(world, a, 1_000_000n);
    await world.pass(1_000);
    silence(world, a, false);
    const own = a.node.walletUtxos().find(({ outpoint }) => outpoint.txid === first);
    const second = await sent(world, a, 100_000n, [present(own, "an output of the first").outpoint]);
    await world.pass(1_000);
    expect(waiting(world)).to.deep.equal([]);
    await world.pass(10_000);
    expect(waiting(world)).to.deep.equal([first, second]);
    expect(violations(world)).to.deep.equal([]);
  });
  it("what funds a channel waits, and the channel opens once it answers", async () => {
    const { world, nodes } = await streetOf(2);
    const [a, b] = nodes as [LabNode, LabNode];
    await giveCoins(world, a);
    silence(world, a, true);
    const before = a.node.channels().length;
    // Made together, the peer would broadcast it too.
    const request = { nodeId: b.id, capacity: sat(300_000n), push: msat(0n), announce: true, dual: false };
    const opened = a.node.openChannel(request);
    await soon(world, opened);
    await world.pass(30_000);
    expect(waiting(world)).to.deep.equal([]);
    silence(world, a, false);
    await world.pass(10_500);
    expect(waiting(world)).to.have.length(1);
    await mine(world, 6);
    expect(a.node.channels().filter(({ state }) => state === "Normal")).to.have.length(before + 1);
  });
  it("a commitment and the claim on it wait, and go out once it answers", async () => {
    const { world, nodes, edges } = await streetOf(2);
    const [a, b] = nodes as [LabNode, LabNode];
    world.network.part(a.name, b.name);
    silence(world, a, true);
    await soon(world, a.node.closeChannel({ id: idOf(present(edges[0], "an edge")), force: true }));
    await world.pass(30_000);
    expect(waiting(world)).to.deep.equal([]);
    silence(world, a, false);
    await world.pass(10_500);
    const [commitment] = waiting(world);
    expect(waiting(world)).to.have.length(1);
    silence(world, b, true);
    await mine(world, 1);
    expect(waiting(world), "b's claim is not heard").to.deep.equal([]);
    silence(world, b, false);
    await world.pass(10_500);
    const claims = [...world.chain.brain.pool.entries.values()];
    expect(claims.map(({ tx }) => tx.inputs[0]?.prevout.txid)).to.deep.equal([commitment]);
  });
});

describe("A transaction that pays for another one", () => {
  it("goes out together with it where the other was refused by itself, also after a restart", async () => {
    const { world, nodes } = await streetOf(2);
    const [a, b] = nodes as [LabNode, LabNode];
    await giveCoins(world, a);
    await giveCoins(world, b);
    const { address } = await soon(world, a.node.newAddress());
    const before = onchain(a);
    const paid = await soon(world, b.node.send({ address, amount: sat(500_000n), feerate: satPerKw(300) }));
    if (!paid.ok) throw new Error(paid.error.detail);
    const { txid } = paid.value;
    await world.pass(1_000);
    const bumped = await soon(world, a.node.bumpFee({ txid, method: "cpfp", feerate: satPerKw(20_000) }));
    if (!bumped.ok) throw new Error(bumped.error.detail);
    await world.pass(1_000);
    const child = bumped.value.txid;
    expect(waiting(world)).to.deep.equal([txid, child]);
    const got = onchain(a) - before;
    expect(Number(got)).to.be.within(450_000, 499_000);
    a.crash(a.disk.pending);
    b.crash(b.disk.pending);
    // The Bitcoin node has forgotten both, and takes the first one alone no more.
    const { pool } = world.chain.brain;
    const fresh = mempool(pool.policy);
    fresh.risen.rate = 4_000n;
    const { journals } = pool;
    Object.assign(pool, fresh, { journals });
    await a.start();
    await world.pass(1_000);
    expect(waiting(world)).to.deep.equal([txid, child]);
    await mine(world, 1);
    expect(onchain(a) - before).to.equal(got);
    const unknown = await soon(world, a.node.bumpFee({ txid: child, method: "cpfp", feerate: satPerKw(900) }));
    expect(unknown).to.have.nested.property("error.code", "not_found");
  });
});

describe("Transactions on their way to a Bitcoin node that takes its time", () => {
  const spending = (locktime: number, ...parents: readonly Tx[]): Tx => ({
    version: 2,
    inputs: parents.map((parent) => ({
      prevout: { txid: txidOf(parent), vout: 0 },
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_ffff,
      witness: [],
    })),
    outputs: [],
    locktime,
  });
  /** A node that answers a transaction when the test says so, and never says no. */
  function slowNode() {
    const clock = { now: () => unixMs(0), after: () => () => {} };
    const store = memoryDisk().open();
    const turns = createTurns({ clock, store, onHalt: () => {} });
    const asked: { readonly tx: Tx; readonly answer: () => void; readonly fail: () => void }[] = [];
    const chain = {
      broadcast: (tx: Tx) =>
        new Promise((resolve, reject) =>
          asked.push({ tx, answer: () => resolve(ok(txidOf(tx))), fail: () => reject(new Error("silent")) }),
        ),
    };
    const listener = { isWanted: () => true, taken: () => undefined, refused: () => expect.fail("nothing is refused") };
    const broadcasts = new Broadcasts({ clock, store, turns, chain, log: noLog } as unknown as NodeContext, listener);
    const say = async (...txs: readonly Tx[]): Promise<void> => {
      turns.run((turn) => {
        for (const tx of txs) broadcasts.say(turn, tx);
      });
      await turns.settled();
    };
    return { asked, say, shown: () => asked.map(({ tx }) => tx.locktime) };
  }
  const settled = (): Promise<unknown> => new Promise(setImmediate);

  it("are each said when what they spend was taken, and wait for nothing else", async () => {
    const { asked, say, shown } = slowNode();
    const first = spending(1);
    const second = spending(2, first);
    await say(first, second, spending(3, second), spending(4));
    expect(shown()).to.deep.equal([1, 4]);
    asked[0]?.answer();
    await settled();
    expect(shown()).to.deep.equal([1, 4, 2]);
    asked[2]?.answer();
    await settled();
    expect(shown()).to.deep.equal([1, 4, 2, 3]);
  });
  it("are taken where they wait with another witness, as is what was refused without them", async () => {
    const clock = { now: () => unixMs(0), after: () => () => {} };
    const store = memoryDisk().open();
    const turns = createTurns({ clock, store, onHalt: () => {} });
    const [parent, rest] = [spending(1), spending(3)];
    const child = spending(2, parent);
    const packages: (readonly number[])[] = [];
    const chain = {
      broadcast: async () => err({ code: "rejected", reason: "min relay fee not met" }),
      submitPackage: async (txs: readonly Tx[]) => {
        packages.push(txs.map(({ locktime }) => locktime));
        return ok({ txs: txs.map((tx) => ({ tag: "OtherWitness", txid: txidOf(tx) })) });
      },
    };
    const told: string[] = [];
    const listener = {
      isWanted: () => true,
      taken: (txid: Txid) => told.push(`taken ${txid === txidOf(child)}`),
      refused: ({ locktime }: Tx) => told.push(`refused ${locktime}`),
    };
    const broadcasts = new Broadcasts({ clock, store, turns, chain, log: noLog } as unknown as NodeContext, listener);
    for (const tx of [parent, child, spending(4, parent), rest]) {
      turns.run((turn) => broadcasts.say(turn, tx));
      await turns.settled();
      await settled();
    }
    expect(told).to.deep.equal(["refused 1", "taken true", "refused 4", "refused 3"]);
    expect(packages).to.deep.equal([[1, 2]]);
  });
  it("are held back with what they spend when that was not heard, and nothing else is", async () => {
    const { asked, say, shown } = slowNode();
    const first = spending(1);
    await say(first, spending(2, first));
    asked[0]?.fail();
    await settled();
    await say(spending(3), spending(4, first));
    expect(shown()).to.deep.equal([1, 3]);
  });
});
