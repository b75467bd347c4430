import { expect } from "chai";
import type { Outpoint } from "../../src/base/ids.ts";
import { blockHeight } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { BaseNode } from "../../src/ports/base-node.ts";
import { ANYONE, COIN, output, spend } from "../chain/builder.ts";
import { type Follower, type SourceWorld, seen } from "./follower.ts";

/** What the contract of a chain source has at hand in each of its tests. */
interface Stage {
  readonly node: () => BaseNode;
  readonly world: () => SourceWorld;
  readonly follow: () => Follower;
  readonly mine: (count: number) => Promise<unknown>;
  readonly reward: (height: number) => Promise<Outpoint>;
  readonly pay: (tx: Tx) => Promise<void>;
  readonly checks: "transactions" | "nothing";
}

/** The law of `SpendSeen`: a part of the contract of `ChainSource`. */
export function spendsSeenContract({ node, world, follow, mine, reward, pay, checks }: Stage): void {
  describe("spends seen in the mempool", () => {
    const watch = (outpoint: Outpoint, from = 0): void =>
      node().watch([{ tag: "Outpoint", outpoint, script: ANYONE, from: blockHeight(from) }]);
    const taking = (fee: bigint, ...coins: readonly Outpoint[]): Tx =>
      spend(coins, [output(BigInt(coins.length) * COIN - fee)]);
    /** A follower of 103 blocks, quiet, and the first coins. */
    const ready = async (): Promise<{ follower: Follower; coins: readonly [Outpoint, Outpoint, Outpoint] }> => {
      const follower = follow();
      await mine(103);
      follower.news();
      return { follower, coins: [await reward(1), await reward(2), await reward(3)] };
    };

    it("are told with the transaction, before it is in a block, each watched outpoint once", async () => {
      const { follower, coins } = await ready();
      watch(coins[0]);
      watch(coins[1], 1_000_000);
      const tx = taking(1000n, ...coins);
      await pay(tx);
      await pay(tx);
      await world().quiet();
      expect(follower.news()).to.deep.equal([seen(coins[0], tx), seen(coins[1], tx)]);
      expect(follower.events.slice(-2)).to.deep.equal([
        { tag: "SpendSeen", outpoint: coins[0], tx },
        { tag: "SpendSeen", outpoint: coins[1], tx },
      ]);
      await mine(1);
      expect(follower.news()).to.deep.equal(["spent 104:1", "+104"]);
    });
    it("are told of what waited already when the watch was first set, and not again when it is set lower", async () => {
      const { follower, coins } = await ready();
      const tx = taking(1000n, coins[0]);
      await pay(tx);
      for (const from of [103, 103, 102]) {
        watch(coins[0], from);
        await world().quiet();
      }
      expect(follower.news()).to.deep.equal([seen(coins[0], tx)]);
    });
    it("are told of what waited already when the source was started", async () => {
      await mine(101);
      const coin = await reward(1);
      const tx = taking(1000n, coin);
      await pay(tx);
      watch(coin);
      const follower = follow();
      await world().quiet();
      expect(follower.news().filter((each) => !each.startsWith("+"))).to.deep.equal([seen(coin, tx)]);
    });
    it("are not told before watch or broadcast have returned", async () => {
      const { follower, coins } = await ready();
      watch(coins[0]);
      const paid = pay(taking(1000n, coins[0]));
      expect(follower.news()).to.deep.equal([]);
      await paid;
      await pay(taking(1000n, coins[1]));
      await world().quiet();
      follower.news();
      watch(coins[1]);
      expect(follower.news()).to.deep.equal([]);
    });
    it("are not told of a transaction that is refused, or of a coin that nobody watches", async () => {
      const { follower, coins } = await ready();
      watch(coins[0]);
      if (checks === "transactions") await node().broadcast(taking(-1n, coins[0]));
      await pay(taking(1000n, coins[1]));
      await world().quiet();
      expect(follower.news()).to.deep.equal([]);
    });
    it("are told of each transaction that takes the place of another", async () => {
      const { follower, coins } = await ready();
      watch(coins[0]);
      watch(coins[1]);
      const [poor, rich] = [taking(1000n, coins[0], coins[1]), taking(9000n, coins[1])];
      await pay(poor);
      await pay(rich);
      await world().quiet();
      expect(follower.news()).to.deep.equal([seen(coins[0], poor), seen(coins[1], poor), seen(coins[1], rich)]);
    });
    it("are told again when a reorganisation brings the transaction back", async () => {
      const { follower, coins } = await ready();
      watch(coins[0]);
      const tx = taking(1000n, coins[0]);
      await pay(tx);
      await mine(1);
      follower.news();
      await world().reorganise(1);
      await world().quiet();
      const news = follower.news();
      expect(news.filter((each) => each.startsWith("seen"))).to.deep.equal([seen(coins[0], tx)]);
      expect(news.filter((each) => !each.startsWith("seen"))).to.deep.equal(["-104", "+104", "+105"]);
    });
  });
}
