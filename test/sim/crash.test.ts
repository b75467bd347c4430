import { expect } from "chai";
import { msat, sat } from "../../src/base/units.ts";
import { auditPayments } from "../../src/lab/account.ts";
import { auditQuietChannels, comeToRest } from "../../src/lab/settle.ts";
import { answered, type Edge, setUp } from "../../src/lab/setup.ts";
import { showViolation } from "../../src/lab/violation.ts";
import { CRASHES_AT_WRITE, type CrashAtWrite, createWorld, type World } from "../../src/lab/world.ts";

type Node = World["nodes"][number];

/** Payer, router, payee. */
async function line(): Promise<{ readonly world: World; readonly edges: readonly Edge[] }> {
  const world = createWorld({ seed: 5, nodes: 3 });
  const [payer, router, payee] = world.nodes as [Node, Node, Node];
  const terms = { capacity: sat(500_000n), push: msat(100_000_000n), id: undefined };
  const edges = [
    { opener: payer, accepter: router, ...terms },
    { opener: router, accepter: payee, ...terms },
  ];
  await setUp(world, edges);
  return { world, edges };
}

interface Crashed {
  readonly violations: readonly string[];
  readonly happened: boolean;
  readonly end: string | undefined;
}
/** One payment over two hops, in which the node dies at one of its writes, and perhaps at one of those that it makes after that. */
async function payWithCrash(index: number, how: CrashAtWrite, spared: number, again?: number): Promise<Crashed> {
  const { world, edges } = await line();
  const [payer, , payee] = world.nodes as [Node, Node, Node];
  const request = { amount: msat(2_000_000n), description: "x", expirySeconds: 3_600 };
  const invoice = await answered(world, payee.node.createInvoice(request));
  expect(invoice?.ok, "an invoice").to.equal(true);
  if (!invoice?.ok) return { violations: [], happened: false, end: undefined };
  const deaths = (): number => world.tally.faults.get(how) ?? 0;
  world.crashAtWrite(world.nodes[index] as Node, how, spared);
  void payer.node.pay({ bolt11: invoice.value.bolt11 });
  if (again !== undefined && (await world.until(() => deaths() > 0, 5_000)))
    world.crashAtWrite(world.nodes[index] as Node, how, again);
  await world.pass(5_000);
  world.disarm(world.nodes[index] as Node);
  await comeToRest(world, edges);
  auditQuietChannels(world, edges);
  auditPayments(world, edges);
  const end = payer.recorder.ends.payments.get(invoice.value.paymentHash);
  return { violations: world.violations.map(showViolation), happened: deaths() > (again === undefined ? 0 : 1), end };
}

const ROLES = ["payer", "router", "payee"] as const;
/** The router can lose most: it dies in every way. */
const DEATHS: readonly (readonly [number, CrashAtWrite])[] = [
  ...CRASHES_AT_WRITE.map((how) => [1, how] as const),
  [0, "crash_after_ack"],
  [2, "crash_after_ack"],
];

describe("A payment over two hops, in which one node dies at each of its writes: RELIABILITY C37, P2", () => {
  for (const [index, how] of DEATHS) {
    it(`${ROLES[index]}, ${how}: it comes to one end, and nobody has a millisatoshi too many`, async function () {
      this.timeout(60_000);
      let crashes = 0;
      for (let spared = 0; ; spared++) {
        const { violations, happened, end } = await payWithCrash(index, how, spared);
        expect(violations, `write ${spared}`).to.deep.equal([]);
        if (!happened) break;
        expect(end, `write ${spared}`).to.be.oneOf(["succeeded", "failed"]);
        crashes++;
      }
      expect(crashes).to.be.greaterThan(2);
    });
  }
  it("payee, twice: what it was paid it has, and its payer knows that it paid", async function () {
    this.timeout(60_000);
    let crashes = 0;
    for (let spared = 0; spared < 4; spared++)
      for (let again = 0; again < 2; again++) {
        const { violations, happened, end } = await payWithCrash(2, "crash_after_ack", spared, again);
        expect(violations, `writes ${spared} and ${again}`).to.deep.equal([]);
        expect(end, `writes ${spared} and ${again}`).to.be.oneOf(["succeeded", "failed"]);
        if (happened) crashes++;
      }
    expect(crashes).to.be.greaterThan(4);
  });
});
