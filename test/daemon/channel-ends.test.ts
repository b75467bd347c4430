import { expect } from "chai";
import { forgetAll } from "../../src/lab/bury.ts";
import { idOf } from "../../src/lab/setup.ts";
import { invoiceOf, line, soon, violations } from "./small-world.ts";

type Node = Awaited<ReturnType<typeof line>>["nodes"][number];

describe("Channel host: channels that end on the chain", () => {
  it("forgets a forward with the channel that it came in by, whose HTLC the chain has paid", async function () {
    this.timeout(60_000);
    const { world, nodes, edges } = await line(3);
    const [payer, router, payee] = nodes as [Node, Node, Node];
    const { bolt11, paymentHash } = await invoiceOf(world, payee);
    void payer.node.pay({ bolt11 });
    const forwards = () => [...router.recorder.durable.circuits.values()].map(({ status }) => status.tag);
    expect(await world.until(() => forwards().includes("Offered"), 10_000)).to.equal(true);
    world.network.part(payer.name, router.name);
    expect(await world.until(() => forwards().includes("Fulfilled"), 10_000)).to.equal(true);
    for (const edge of edges) {
      world.plan(idOf(edge), "operator");
      expect((await soon(world, router.node.closeChannel({ id: idOf(edge), force: true }))).ok).to.equal(true);
    }
    await forgetAll(world);
    expect(forwards()).to.deep.equal([]);
    expect(payer.recorder.ends.payments.get(paymentHash)).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });
});
