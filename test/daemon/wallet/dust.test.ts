import { expect } from "chai";
import { sat } from "../../../src/base/units.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { setUp } from "../../../src/lab/setup.ts";
import { createWorld } from "../../../src/lab/world.ts";
import { soon } from "../small-world.ts";

describe("a payment on the chain that is too small to be relayed", () => {
  it("is refused with what would be enough: it was said to be sent, and given up in silence", async () => {
    const world = createWorld({ seed: 3, nodes: 1 });
    expect(await setUp(world, [])).to.equal(true);
    const [{ node }] = world.nodes as [LabNode];
    const { address: segwit } = await soon(world, node.newAddress());
    const { address: taproot } = await soon(world, node.newAddress({ type: "taproot" }));
    for (const [address, least] of [
      [segwit, 294n],
      [taproot, 330n],
    ] as const) {
      const error = {
        code: "not_possible",
        detail: `less than ${least} sat to such an address is not relayed`,
        pointer: "/amountSat",
      };
      const small = { address, amount: sat(least - 1n) };
      for (const answer of [node.send(small), node.createPsbt(small)])
        expect(await soon(world, answer)).to.deep.equal({ ok: false, error });
      expect((await soon(world, node.send({ address, amount: sat(least) }))).ok).to.equal(true);
    }
    await world.pass(1_000);
    expect(node.walletTransactions().filter(({ label }) => label === "sent").length).to.equal(2);
  });
});
