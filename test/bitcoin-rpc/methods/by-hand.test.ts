import { expect } from "chai";
import type { BlockHash } from "../../../src/base/ids.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import type { HeaderNode } from "../../../src/chain/headers.ts";
import { ANYONE, buildBlock } from "../../chain/builder.ts";
import { answer } from "../../support/answer.ts";
import { type RpcWorld, rpcWorld } from "../world.ts";

describe("Bitcoin Core's JSON-RPC: what people decide about blocks", () => {
  let world: RpcWorld;
  beforeEach(async () => {
    world = await rpcWorld();
    await answer(world.node.mine(101, ANYONE));
  });
  afterEach(() => world.close());

  it("take a block for invalid, and take that back", async () => {
    const best = await world.call("getbestblockhash");
    const below = (await world.call("getblockhash", 99)) as string;
    expect(await world.call("invalidateblock", await world.call("getblockhash", 100))).to.equal(null);
    expect(await world.call("getbestblockhash")).to.equal(below);
    expect(await world.call("getchaintips")).to.deep.equal([
      { height: 101, hash: best, branchlen: 2, status: "invalid" },
      { height: 99, hash: below, branchlen: 0, status: "active" },
    ]);
    expect(await world.call("reconsiderblock", best)).to.equal(null);
    expect(await world.call("getbestblockhash")).to.equal(best);
    expect(await world.call("invalidateblock", "ab".repeat(32))).to.deep.equal([-5, "Block not found"]);
  });
  it("follow the one of two rivals that is preferred", async () => {
    const [best, below] = [world.node.tip().hash, (await world.call("getblockhash", 100)) as string];
    const { brain } = world.node;
    const previous = brain.chain.index.tree.nodes.get(below as BlockHash) as HeaderNode;
    const rival = world.node.submit(buildBlock({ brain, params: CHAINS.regtest }, { previous }));
    if (!rival.ok) throw new Error(rival.error.code);
    expect(await world.call("getbestblockhash"), "the first stays").to.equal(best);
    for (const preferred of [rival.value, rival.value, best]) {
      expect(await world.call("preciousblock", preferred)).to.equal(null);
      expect(await world.call("getbestblockhash")).to.equal(preferred);
    }
    for (const older of [below, CHAINS.regtest.genesisHash]) {
      expect(await world.call("preciousblock", older), "less work moves nothing").to.equal(null);
      expect(await world.call("getbestblockhash")).to.equal(best);
    }
    expect(await world.call("preciousblock", "ab".repeat(32))).to.deep.equal([-5, "Block not found"]);
  });
});
