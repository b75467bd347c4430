import { expect } from "chai";
import { blockHeight } from "../../src/base/units.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import type { BaseNode } from "../../src/ports/base-node.ts";
import { ANYONE, COIN, outpointOf, output, spend } from "../chain/builder.ts";
import { answer } from "../support/answer.ts";
import type { SourceWorld } from "./follower.ts";

/** What `BaseNode` says of several transactions at once, for every adapter. */
export function packagesContract(begin: () => { readonly node: BaseNode; readonly world: SourceWorld }): void {
  it("takes a child with its parent, and says first what it would say", async () => {
    const { node, world } = begin();
    await node.mine(101, ANYONE);
    await world.quiet();
    const coin = outpointOf((await answer(node.blockAt(blockHeight(1))))?.txs[0] as never);
    const parent = spend([coin], [output(COIN - 1000n)]);
    const child = spend([outpointOf(parent)], [output(COIN - 2000n)]);
    const asked = await answer(node.testAccept([parent, child]));
    expect(asked.txs.map(({ tag, txid }) => [tag, txid])).to.deep.equal(
      [parent, child].map((tx) => ["Taken", txidOf(tx)]),
    );
    expect(await answer(node.mempool())).to.deep.equal([]);
    expect(await answer(node.submitPackage([parent, child]))).to.deep.equal(asked);
    expect((await answer(node.mempool())).map(({ txid }) => txid)).to.deep.equal([parent, child].map(txidOf));
    expect((await answer(node.submitPackage([child, parent]))).fault).to.equal("package-not-sorted");
  });
}
