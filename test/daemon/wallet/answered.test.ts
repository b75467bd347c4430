import { expect } from "chai";
import type { Txid } from "../../../src/base/ids.ts";
import { present, type Result } from "../../../src/base/result.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import type { CommandFault } from "../../../src/daemon/commands.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { giveCoins, mine, onchain, streetOf, takingNothing } from "../failing-street.ts";
import { soon, violations } from "../small-world.ts";

const granted = <T>(answer: Result<T, CommandFault>): T => {
  if (!answer.ok) throw new Error(answer.error.detail);
  return answer.value;
};

describe("A replacement that the Bitcoin node refuses only after the node was started anew", () => {
  it("is forgotten, and what it stood for is ours again: the balance adds up with the chain, mined or not", async () => {
    const { world, nodes } = await streetOf(2);
    const [a, b] = nodes as [LabNode, LabNode];
    await giveCoins(world, a);
    const { address } = await soon(world, b.node.newAddress());
    const { txid } = granted(await soon(world, a.node.send({ address, amount: sat(1_000_000n) })));
    await world.pass(1_000);
    const before = onchain(a);
    const { pool } = world.chain.brain;
    world.chain.setSilent(a.name, true);
    const request = { txid, method: "rbf", feerate: satPerKw(9_000) } as const;
    const other: Txid = granted(await soon(world, a.node.bumpFee(request))).txid;
    await world.pass(1_000);
    expect(onchain(a)).to.be.below(Number(before));
    a.crash(a.disk.pending);
    world.chain.setSilent(a.name, false);
    const takeAgain = takingNothing(world);
    await a.start();
    await world.pass(1_000);
    takeAgain();
    expect([...pool.entries.keys()]).to.deep.equal([txid]);
    expect(onchain(a)).to.equal(before);
    const waiting = a.node.walletTransactions().filter(({ height }) => height === undefined);
    expect(waiting.map((one) => one.txid)).to.deep.equal([txid]);
    await mine(world, 1);
    expect(onchain(a)).to.equal(before);
    const mined = present(
      a.node.walletTransactions().find((one) => one.txid === txid),
      "it is mined",
    );
    expect(mined.height).to.equal(world.chain.brain.chain.tip.height);
    expect(a.node.walletTransactions().some((one) => one.txid === other)).to.equal(false);
    expect(violations(world)).to.deep.equal([]);
  });
});
