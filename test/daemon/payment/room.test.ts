import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { msat, sat } from "../../../src/base/units.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { fundedBy } from "../puppet.ts";
import { line, soon, stranger } from "../small-world.ts";

/** Of the million sat that are ours; two do not go at once, nor one over the other channel. */
const AMOUNT = msat(600_000_000n);
const payments = (node: LabNode) => node.node.payments().map(({ state, failure }) => failure?.code ?? state);

describe("payments that wait for room in a channel whose peer is about to make some", () => {
  it("are tried elsewhere, or fail, as soon as that peer is gone", async () => {
    const { world, nodes } = await line(2);
    const node = present(nodes[0], "a first node");
    const mallory = await stranger(world, node);
    const puppet = await fundedBy(world, node, mallory, { capacity: sat(1_000_000n), push: msat(20_000_000n) });
    // It fails what comes, and commits to nothing any more.
    puppet.say = (message) =>
      message.name === "commitment_signed" && puppet.incoming.length > 0 ? undefined : message;
    const pay = () => soon(world, node.node.payKeysend({ payee: mallory.id, amount: AMOUNT }));
    expect((await pay()).ok).to.equal(true);
    await world.until(() => puppet.incoming.length > 0, 10_000);
    const { id } = present(puppet.incoming[0], "an HTLC");
    puppet.give({ tag: "FailHtlc", id, reason: new Uint8Array(292) });
    await world.pass(1_000);
    expect((await pay()).ok).to.equal(true);
    await world.pass(1_000);
    expect(payments(node)).to.deep.equal(["pending", "pending"]);
    mallory.session.close();
    await world.pass(1_000);
    expect([...payments(node)].sort()).to.deep.equal(["no_route", "pending"]);
  });
});
