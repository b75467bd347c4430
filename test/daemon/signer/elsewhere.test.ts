import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { keepSigners } from "../../../src/lab/signers.ts";
import { areElsewhere, elsewhere } from "../../support/signers.ts";
import { invoiceOf, type Line, line, paid, violations } from "../small-world.ts";

describe("nodes whose keys are in another process", () => {
  let world: Line;
  before(async () => {
    keepSigners((words) => elsewhere({ tag: "words", words }));
    world = await line(3);
  });
  after(() => {
    if (!areElsewhere) keepSigners(undefined);
  });

  it("open channels, forward and are paid, and nothing leaves before it is durable", async () => {
    const [payer, , payee] = world.nodes;
    const { bolt11 } = await invoiceOf(world.world, present(payee, "a payee"));
    expect((await paid(world.world, present(payer, "a payer"), bolt11)).state).to.equal("succeeded");
    expect(violations(world.world)).to.deep.equal([]);
  });
  it("go on after a crash in the middle of a payment, whatever of it the disk has", async () => {
    const [payer, router, payee] = world.nodes;
    for (const keep of [0, 1]) {
      const { bolt11 } = await invoiceOf(world.world, present(payee, "a payee"));
      void present(payer, "a payer").node.pay({ bolt11 });
      await world.world.pass(25);
      present(router, "a router").crash(keep);
      await present(router, "a router").start();
      await world.world.pass(20_000);
    }
    const { bolt11 } = await invoiceOf(world.world, present(payee, "a payee"));
    expect((await paid(world.world, present(payer, "a payer"), bolt11)).state).to.equal("succeeded");
    expect(violations(world.world)).to.deep.equal([]);
  });
});
