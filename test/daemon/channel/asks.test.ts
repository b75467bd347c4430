import { expect } from "chai";
import { closingReserve } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { msat, sat } from "../../../src/base/units.ts";
import { POLICY } from "../../../src/lab/world.ts";
import { line, soon } from "../small-world.ts";

describe("who asks something of a channel", () => {
  it("is told that the wallet has too few coins as that, and not as a refusal of the peer's", async () => {
    const { world, nodes, edges } = await line(2);
    const [a, b] = [present(nodes[0], "a"), present(nodes[1], "b")];
    const id = present(edges[0]?.id, "a channel");
    const { address } = await soon(world, b.node.newAddress());
    const away = sat(a.node.balance().onchain.confirmed - 1_000_000n);
    expect((await soon(world, a.node.send({ address, amount: away }))).ok).to.equal(true);
    const { confirmed, unconfirmed } = a.node.balance().onchain;
    const keptFor = (channels: bigint): bigint => closingReserve(POLICY.channel.reserveFeerate, "anchors") * channels;
    // Enough, but for the fee.
    const all = (channels: bigint) => sat(confirmed + unconfirmed - keptFor(channels));
    const opening = { nodeId: b.id, push: msat(0n), announce: true };
    const wishes = [1_000n, keptFor(1n) - 1_000n].map((less) => ({ ...opening, capacity: sat((all(3n) + less) / 2n) }));
    const code = async (asked: Promise<{ ok: boolean; error?: { code: string } }>) =>
      (await soon(world, asked, 30_000)).error?.code;
    expect([
      await code(a.node.spliceChannel({ id, direction: "in", amount: all(1n) })),
      await code(a.node.openChannel({ ...opening, capacity: all(2n) })),
      await code(a.node.openChannel({ ...opening, capacity: all(2n), dual: false })),
      await code(a.node.openChannels({ channels: wishes })),
      await code(a.node.openChannels({ channels: wishes.map((wish) => ({ ...wish, push: msat(1n) })) })),
    ]).to.deep.equal(Array(5).fill("insufficient_balance"));
  });
});
