import { expect } from "chai";
import { memoryDisk } from "../../src/adapters/memory/store.ts";
import type { Txid } from "../../src/base/ids.ts";
import { ok, present } from "../../src/base/result.ts";
import { msat, sat, unixMs } from "../../src/base/units.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { Broadcasts } from "../../src/daemon/broadcasts.ts";
import type { NodeContext } from "../../src/daemon/context.ts";
import { createTurns } from "../../src/daemon/turn.ts";
import type { LabNode } from "../../src/lab/lab-node.ts";
import { idOf } from "../../src/lab/setup.ts";
import type { World } from "../../src/lab/world.ts";
import { noLog } from "../adapters/chain/world.ts";
import { giveCoins, mine, streetOf } from "./failing-street.ts";
import { soon, violations } from "./small-world.ts";

const waiting = ({ chain }: World): readonly Txid[] => [...chain.brain.pool.entries.keys()];
const silence = ({ chain }: World, node: LabNode, silent: boolean): void => chain.setSilent(node.name, silent);
const sent = async (world: World, node: LabNode, amount: bigint): Promise<Txid> => {
  const { address } = await soon(world, node.node.newAddress());
  const answer = await soon(world, node.node.send({ address, amount: sat(amount) }));
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
    const second = await sent(world, a, 4_000_000_000n);
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
    const opened = a.node.openChannel({ nodeId: b.id, capacity: sat(300_000n), push: msat(0n), announce: true });
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

describe("Transactions on their way to a Bitcoin node that takes its time", () => {
  it("are said one after the other: one may spend what the one before it makes", async () => {
    const clock = { now: () => unixMs(0), after: () => () => {} };
    const store = memoryDisk().open();
    const turns = createTurns({ clock, store, onHalt: () => {} });
    const asked: { readonly tx: Tx; readonly answer: () => void }[] = [];
    const chain = {
      broadcast: (tx: Tx) => new Promise((resolve) => asked.push({ tx, answer: () => resolve(ok(txidOf(tx))) })),
    };
    const refused: unknown[] = [];
    const listener = { isWanted: () => true, refused: (...what: unknown[]) => void refused.push(what) };
    const broadcasts = new Broadcasts({ clock, store, turns, chain, log: noLog } as unknown as NodeContext, listener);
    const txs = [1, 2, 3].map((locktime): Tx => ({ version: 2, inputs: [], outputs: [], locktime }));
    turns.run((turn) => {
      for (const tx of txs) broadcasts.say(turn, tx);
    });
    await turns.settled();
    for (const [at, tx] of txs.entries()) {
      expect(asked.map((each) => each.tx)).to.deep.equal(txs.slice(0, at + 1));
      expect(asked[at]?.tx).to.equal(tx);
      asked[at]?.answer();
      await new Promise(setImmediate);
    }
    expect(refused).to.deep.equal([]);
  });
});
