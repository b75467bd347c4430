import { expect } from "chai";
import type { Explanation } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { idOf } from "../../../src/lab/setup.ts";
import { mine, onchain, stateOf, streetOf, tip } from "../failing-street.ts";
import { soon } from "../small-world.ts";

const DEPTHS = [1, 2, 6, 50, 100] as const;
/** What is so deep is final, and the channel forgotten when it is all of it. */
const BURIED = 100;
/** In sat: 500,000 less 100,000 that were pushed, and those. */
const SHARES = [400_000n, 100_000n] as const;
/** What miners and two anchors may have of it: late, an anchor bids a twentieth of the balance. */
const COST_MAX = 26_000n;

const swept = (told: Explanation | undefined): number | undefined => {
  const own = told?.outputs.find(({ what }) => what.startsWith("ours after"));
  return own?.status === "spent" ? own.height : undefined;
};
/** In which block it stands, as the node that closes tells it. */
const POINTS: { readonly [point: string]: (told: Explanation | undefined) => number | undefined } = {
  "its commitment": (told) => told?.closing?.height,
  "what it sweeps": swept,
};

describe("Whole nodes, one of which closes alone while blocks come and go (RELIABILITY O28)", () => {
  for (const [point, heightOf] of Object.entries(POINTS))
    it(`${point} goes and comes back, 1, 2, 6, 50 and 100 blocks at a time: wallets hold what the chain holds`, async function () {
      this.timeout(60_000);
      const street = await streetOf(2);
      const { world, nodes, edges } = street;
      const [opener, accepter] = nodes as readonly [LabNode, LabNode];
      const before = [onchain(opener), onchain(accepter)] as const;
      const id = idOf(present(edges[0], "a channel"));
      const closed = await soon(world, opener.node.closeChannel({ id, force: true }));
      expect(closed.ok).to.equal(true);
      const height = (): number => heightOf(opener.node.explainChannel(id)) ?? Number.POSITIVE_INFINITY;
      for (const depth of DEPTHS) {
        const deep = Math.min(depth, BURIED - 1);
        for (let block = 0; block < 300 && tip(world) - height() + 1 < deep; block++) await mine(world, 1);
        expect(tip(world) - height() + 1, "it is so deep").to.equal(deep);
        world.chain.reorganise(depth);
        await world.pass(5_000);
        expect(height(), `${depth} blocks go`).to.equal(Number.POSITIVE_INFINITY);
      }
      await mine(world, 300);
      expect([stateOf(opener, street, 0), stateOf(accepter, street, 0)]).to.deep.equal(["forgotten", "forgotten"]);
      expect(opener.node.explainChannel(id)?.closing?.by).to.equal("local");
      for (const [at, node] of [opener, accepter].entries()) {
        const lost = (SHARES[at] as bigint) - (onchain(node) - (before[at] as bigint));
        expect(lost > 0n && lost < COST_MAX, `${node.name} lost ${lost} sat`).to.equal(true);
        const { storage } = world.chain.brain.chain;
        const utxos = node.node.walletUtxos();
        expect(utxos.map(({ outpoint }) => storage.coin(outpoint)?.output.amount)).to.deep.equal(
          utxos.map(({ amount }) => amount),
        );
        expect(utxos.reduce((sum, { amount }) => sum + amount, 0n)).to.equal(onchain(node));
      }
      expect(world.violations).to.deep.equal([]);
    });
});
