import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { mine } from "../failing-street.ts";
import { line, soon, violations } from "../small-world.ts";

const HERE = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const THERE = "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry";

describe("Where a channel closes to, said at its opening", () => {
  it("is shown, is where both are paid, and is not changed by a later wish", async () => {
    const { world, nodes } = await line(2, { wish: { closeAddress: HERE } });
    const [a, b] = nodes as [LabNode, LabNode];
    const [channel] = a.node.channels();
    const id = present(channel, "a channel").id;
    expect([channel?.closeAddress, b.node.channels()[0]?.closeAddress]).to.deep.equal([HERE, undefined]);
    const elsewhere = await soon(world, a.node.closeChannel({ id, address: THERE }));
    expect(elsewhere).to.deep.equal({
      ok: false,
      error: {
        code: "not_possible",
        detail: `the channel was opened to be closed to ${HERE} alone`,
        pointer: "/address",
      },
    });
    // It is the other side that closes.
    expect((await soon(world, b.node.closeChannel({ id }))).ok).to.equal(true);
    const txid = (): string | undefined => a.node.channels()[0]?.closingTxid;
    expect(await world.until(() => txid() !== undefined, 10_000)).to.equal(true);
    const before = a.node.balance().onchain.confirmed;
    await mine(world, 1);
    expect(a.node.balance().onchain.confirmed, "nothing comes to the wallet").to.equal(before);
    const outputs = world.chain.whole.transaction(present(txid(), "a closing") as never)?.tx.outputs ?? [];
    expect(
      outputs.some(
        ({ script }) => Buffer.from(script).toString("hex") === "0014751e76e8199196d454941c45d1b3a323f1433bd6",
      ),
    ).to.equal(true);
    expect(violations(world)).to.deep.equal([]);
  });
});
