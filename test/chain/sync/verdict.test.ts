import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { script } from "../../../src/bitcoin/script.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { verifyScripts } from "../../../src/chain/scripts.ts";
import { onVerdict } from "../../../src/chain/sync/blocks.ts";
import { removePeer } from "../../../src/chain/sync/receive.ts";
import { buildBlock, COIN, input, matured, output, spend } from "../builder.ts";
import { alone, NOW_MS, names } from "./wire.ts";

/** A node that a peer brings a block whose scripts wait; with the wrong witness, or the right one. */
function brought(how: "right" | "wrong") {
  const chain = matured(1);
  chain.brain.chain.inputsAtOnce = 0;
  const { sync, peer, say } = alone(chain);
  const tx = spend(chain.coins, [output(COIN)]);
  const bad = { ...tx, inputs: tx.inputs.map(({ prevout }) => input(prevout, { witness: [script(0n)] })) };
  const block = buildBlock(chain, { txs: [how === "right" ? tx : bad] });
  const effects = say({ name: "block", block });
  const waiting = present(chain.brain.chain.waiting, "a block that waits");
  const judge = () => onVerdict(sync, waiting, verifyScripts(waiting.connected.scripts), NOW_MS);
  return { chain, sync, peer, say, block, effects, judge };
}

describe("P2P: a block whose scripts are verified elsewhere", () => {
  it("changes nothing until the verdict; then who brought it is asked to tell of the next", () => {
    const { chain, effects, judge, block } = brought("right");
    expect(names(effects)).to.deep.equal(["VerifyScripts"]);
    expect(names(judge())).to.deep.equal(["TipChanged", "sendcmpct"]);
    expect(chain.brain.chain.tip.hash).to.equal(hashBlock(block).hash);
  });
  it("costs the peer its connection that brought a wrong one", () => {
    const { chain, sync, peer, judge, effects } = brought("wrong");
    const { tip } = chain.brain.chain;
    expect(names(effects)).to.deep.equal(["VerifyScripts"]);
    const [parting] = judge();
    expect(parting).to.deep.equal({
      tag: "Disconnect",
      peer,
      reason: "block-script-verify-flag-failed",
      misbehaved: true,
    });
    expect([chain.brain.chain.tip, sync.bringers.size]).to.deep.equal([tip, 0]);
  });
  it("asks again with each block that comes while it waits", () => {
    const { chain, say, block } = brought("right");
    const node = present(chain.brain.chain.index.tree.nodes.get(hashBlock(block).hash), "a known header");
    expect(names(say({ name: "block", block: buildBlock(chain, { previous: node }) }))).to.include("VerifyScripts");
  });
  it("B18: a verdict that comes when the peer is gone blames nobody else", () => {
    const { sync, peer, judge } = brought("wrong");
    removePeer(sync, peer, NOW_MS);
    expect(names(judge())).to.deep.equal([]);
  });
});
