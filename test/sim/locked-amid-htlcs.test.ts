import { expect } from "chai";
import { present } from "../../src/base/result.ts";
import { msat, sat, satPerKw } from "../../src/base/units.ts";
import { auditPayments } from "../../src/lab/account.ts";
import { lockSplices } from "../../src/lab/lock-splices.ts";
import { auditQuietChannels, calm, comeToRest, stateAt } from "../../src/lab/settle.ts";
import { type Edge, setUp } from "../../src/lab/setup.ts";
import { showViolation } from "../../src/lab/violation.ts";
import { createWorld, type World } from "../../src/lab/world.ts";

type Node = World["nodes"][number];
const CAPACITY = sat(1_000_000n);
/** Each way, all at once. */
const PAYMENTS = 40;
/** What a splice is locked at. */
const DEPTH = 3;

/** A channel of two whose splice out has been signed and lacks one block. */
async function spliced(): Promise<{ readonly world: World; readonly edge: Edge }> {
  const world = createWorld({ seed: 11, nodes: 2, acceptKeysend: () => true });
  const [opener, accepter] = world.nodes as [Node, Node];
  const edge: Edge = { opener, accepter, capacity: CAPACITY, push: msat(500_000_000n), id: undefined };
  await setUp(world, [edge]);
  const id = present(edge.id, "a channel");
  void opener.node.spliceChannel({ id, direction: "out", amount: sat(30_000n), feerate: satPerKw(1_000) });
  const isSigned = (): boolean => world.nodes.every((node) => stateAt(node, edge)?.commitments.others.length === 1);
  expect(await world.until(isSigned, 20_000), "a splice").to.equal(true);
  await world.pass(500);
  world.chain.mine(DEPTH - 1);
  await world.pass(500);
  return { world, edge };
}

interface Locked {
  readonly violations: readonly string[];
  /** HTLCs that the channel held when the last block came. */
  readonly held: number;
  readonly ends: readonly string[];
  readonly capacities: readonly (bigint | undefined)[];
}
/** The last block comes so many events after payments have begun both ways, and something with it. */
async function lockAmid(events: number, mishap: (world: World) => void): Promise<Locked> {
  const { world, edge } = await spliced();
  const [a, b] = world.nodes as [Node, Node];
  for (let at = 0; at < PAYMENTS; at++) {
    const amount = msat(BigInt(400_000 + at));
    void a.node.payKeysend({ payee: b.id, amount });
    void b.node.payKeysend({ payee: a.id, amount });
  }
  for (let at = 0; at < events; at++) await world.step();
  const held = Math.max(...world.nodes.map((node) => stateAt(node, edge)?.commitments.htlcs.length ?? 0));
  world.chain.mine(1);
  mishap(world);
  await world.pass(2_000);
  await calm(world, [edge]);
  await comeToRest(world, [edge]);
  await lockSplices(world, [edge]);
  auditQuietChannels(world, [edge]);
  auditPayments(world, [edge]);
  return {
    violations: world.violations.map(showViolation),
    held,
    ends: world.nodes.flatMap(({ recorder }) => [...recorder.ends.payments.values()]),
    capacities: world.nodes.map((node) => stateAt(node, edge)?.params.capacity),
  };
}

describe("A splice that is locked while dozens of HTLCs come and go both ways: BOLT 2 §The splice_locked Message", () => {
  const MOMENTS = [0, 10, 40, 160];

  it("each comes to its end, whatever is half signed in that moment, and both ends are on the splice", async function () {
    this.timeout(120_000);
    let most = 0;
    for (const events of MOMENTS) {
      const { violations, held, ends, capacities } = await lockAmid(events, () => undefined);
      most = Math.max(most, held);
      expect(violations, `after ${events} events`).to.deep.equal([]);
      expect(ends, `after ${events} events`).to.deep.equal(Array.from({ length: 2 * PAYMENTS }, () => "succeeded"));
      expect(capacities[0], `after ${events} events`).to.equal(capacities[1]);
      expect((capacities[0] ?? CAPACITY) < CAPACITY, `after ${events} events`).to.equal(true);
    }
    expect(most).to.be.greaterThan(64);
  });

  const cut = (world: World): void => void world.network.cut("n0", "n1");
  const crash = (world: World): void => {
    const [node] = world.nodes as [Node];
    world.crash(node, node.disk.pending);
  };
  const crashSoon = (world: World): void => world.crashAtWrite(world.nodes[1] as Node, "crash_before_write");
  for (const [name, mishap] of [
    ["the wire breaks", cut],
    ["one end dies", crash],
    ["one end dies before its next write", crashSoon],
  ] as const)
    it(`when ${name} with it, nobody has a millisatoshi too many, and the channel goes on`, async function () {
      this.timeout(120_000);
      for (const events of MOMENTS) {
        const { violations, capacities } = await lockAmid(events, mishap);
        expect(violations, `after ${events} events`).to.deep.equal([]);
        expect(capacities[0], `after ${events} events`).to.equal(capacities[1]);
        expect((capacities[0] ?? CAPACITY) < CAPACITY, `after ${events} events`).to.equal(true);
      }
    });
});
