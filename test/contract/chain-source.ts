import { expect } from "chai";
import type { BlockHash, Outpoint } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { blockHeight } from "../../src/base/units.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { script } from "../../src/bitcoin/script.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { txidOf, vsizeOf } from "../../src/bitcoin/tx.ts";
import type { BaseNode } from "../../src/ports/base-node.ts";
import type { BlockRef } from "../../src/ports/chain-source.ts";
import { ANYONE, COIN, fakeOutpoint, outpointOf, output, spend } from "../chain/builder.ts";
import { answer } from "../support/answer.ts";
import { Follower, line, type SourceWorld } from "./follower.ts";
import { packagesContract } from "./packages.ts";
import { spendsSeenContract } from "./spends-seen.ts";

/**
 * The law of `ChainSource` (and what `BaseNode` adds), for every adapter that claims to keep it.
 * @param checks  whether it checks transactions itself: a light client cannot, and knows an output by its place alone
 */
export function chainSourceContract(
  name: string,
  begin: () => SourceWorld | Promise<SourceWorld>,
  checks: "transactions" | "nothing" = "transactions",
): void {
  describe(`chain source: ${name}`, function () {
    // Over JSON-RPC a hundred blocks take three seconds of processor time, and the machine may be crowded.
    this.timeout(60_000);
    let world: SourceWorld;
    let node: BaseNode;
    let genesis: BlockRef;
    beforeEach(async () => {
      world = await begin();
      node = await world.open();
      genesis = node.tip();
    });
    afterEach(() => world.close());

    const follow = (from?: Follower): Follower => {
      const follower = new Follower(from?.chain ?? [genesis]);
      node.start(from?.tip, follower.take);
      return follower;
    };
    const mine = async (count: number): Promise<readonly BlockHash[]> => {
      const hashes = await answer(node.mine(count, ANYONE));
      await world.quiet();
      return hashes;
    };
    /** The outpoint of the coinbase at a height. */
    const reward = async (height: number): Promise<Outpoint> =>
      outpointOf(present((await answer(node.blockAt(blockHeight(height))))?.txs[0], "a block at that height"));
    const pay = async (tx: Tx): Promise<void> => {
      expect(await node.broadcast(tx)).to.deep.equal({ ok: true, value: txidOf(tx) });
    };
    const restart = async (): Promise<void> => {
      await node.stop();
      node = await world.open();
    };

    it("starts at genesis and tells every block once, in order", async () => {
      const follower = follow();
      const hashes = await mine(3);
      expect(follower.news()).to.deep.equal(["+1", "+2", "+3"]);
      expect(follower.chain.slice(1).map(({ hash }) => hash)).to.deep.equal(hashes);
      expect(node.tip()).to.deep.equal(follower.tip);
    });
    it("never delivers before start or watch have returned", async () => {
      await mine(2);
      const follower = follow();
      node.watch([{ tag: "Script", script: ANYONE, from: blockHeight(0) }]);
      expect(follower.news()).to.deep.equal([]);
      await world.quiet();
      expect(follower.news()).to.include.members(["+1", "+2"]);
    });
    it("goes on after the cursor when it is started again", async () => {
      const first = follow();
      await mine(3);
      const { chain } = first;
      await restart();
      await mine(1);
      const second = new Follower(chain.slice(0, 3));
      node.start(chain[2], second.take);
      await world.quiet();
      expect(second.news()).to.deep.equal(["+3", "+4"]);
    });
    it("tells a reorganisation newest block first, then the new branch", async () => {
      const follower = follow();
      await mine(4);
      follower.news();
      await world.reorganise(2);
      await world.quiet();
      expect(follower.news()).to.deep.equal(["-4", "-3", "+3", "+4", "+5"]);
      expect(node.tip()).to.deep.equal(follower.tip);
    });
    it("tells of a reorganisation that came while it was not listened to", async () => {
      const first = follow();
      await mine(4);
      await restart();
      await world.reorganise(2);
      const second = follow(first);
      await world.quiet();
      expect(second.news()).to.deep.equal(["-4", "-3", "+3", "+4", "+5"]);
    });
    it("starts over when it has never seen the cursor", async () => {
      await mine(2);
      const lost: BlockRef = { height: blockHeight(7), hash: "ab".repeat(32) as BlockHash };
      const lines: string[] = [];
      node.start(lost, (events) => void lines.push(...events.map(line)));
      await world.quiet();
      expect(lines).to.deep.equal(["-7", "+1", "+2"]);
    });

    describe("watches", () => {
      it("tell of spends and payments in their block, before the block itself", async () => {
        const follower = follow();
        await mine(101);
        const coin = await reward(1);
        const script = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(7));
        node.watch([
          { tag: "Outpoint", outpoint: coin, script: ANYONE, from: blockHeight(100) },
          { tag: "Script", script, from: blockHeight(100) },
        ]);
        const tx = spend([coin], [output(1000n), output(COIN - 2000n, script)]);
        await pay(tx);
        await world.quiet();
        follower.news();
        await mine(1);
        expect(follower.news()).to.deep.equal(["spent 102:1", "paid 102:1:1", "+102"]);
        const [spent, paid] = follower.events.slice(-3);
        expect(spent).to.deep.equal({
          tag: "OutpointSpent",
          outpoint: coin,
          by: { tx, block: follower.tip, index: 1 },
        });
        expect(paid).to.deep.equal({ tag: "ScriptPaid", script, vout: 1, by: { tx, block: follower.tip, index: 1 } });
      });
      it("tell of what was confirmed before they were set, from their height on, once", async () => {
        const follower = follow();
        await mine(4);
        follower.news();
        node.watch([{ tag: "Script", script: ANYONE, from: blockHeight(3) }]);
        node.watch([{ tag: "Script", script: ANYONE, from: blockHeight(3) }]);
        await world.quiet();
        expect(follower.news()).to.deep.equal(["paid 3:0:0", "paid 4:0:0"]);
        node.watch([{ tag: "Script", script: ANYONE, from: blockHeight(4) }]);
        await world.quiet();
        expect(follower.news()).to.deep.equal([]);
        node.watch([{ tag: "Script", script: ANYONE, from: blockHeight(1) }]);
        await world.quiet();
        expect(follower.news()).to.include.members(["paid 1:0:0", "paid 2:0:0"]);
      });
      it("tell of each script from its own height on when several are set at once", async () => {
        const follower = follow();
        await mine(3);
        follower.news();
        const low = { tag: "Outpoint", outpoint: fakeOutpoint(5), script: ANYONE, from: blockHeight(3) } as const;
        node.watch([{ tag: "Script", script: ANYONE, from: blockHeight(2) }, low]);
        await world.quiet();
        expect(follower.news()).to.deep.equal(["paid 2:0:0", "paid 3:0:0"]);
      });
      it("may be set before the start, also for blocks below the cursor", async () => {
        const first = follow();
        await mine(3);
        await restart();
        node.watch([{ tag: "Script", script: ANYONE, from: blockHeight(2) }]);
        const second = follow(first);
        await world.quiet();
        expect(second.news()).to.deep.equal(["paid 2:0:0", "paid 3:0:0"]);
        await mine(1);
        expect(second.news()).to.deep.equal(["paid 4:0:0", "+4"]);
      });
      it("tell again in the branch that replaces their block", async () => {
        const follower = follow();
        node.watch([{ tag: "Script", script: ANYONE, from: blockHeight(0) }]);
        await mine(2);
        follower.news();
        await world.reorganise(1);
        await world.quiet();
        expect(follower.news()).to.deep.equal(["-2", "paid 2:0:0", "+2", "paid 3:0:0", "+3"]);
      });
    });

    packagesContract(() => ({ node, world }));
    spendsSeenContract({ node: () => node, world: () => world, follow, mine, reward, pay, checks });

    describe("questions", () => {
      it("know unspent outputs and where they stand, once they were found by their place", async () => {
        await mine(2);
        const block = { height: blockHeight(2), hash: node.tip().hash };
        const { txid } = await reward(2);
        expect(await node.txidAt(blockHeight(2), 0)).to.equal(txid);
        expect(await node.txidAt(blockHeight(2), 1)).to.equal(undefined);
        expect(await node.txidAt(blockHeight(3), 0)).to.equal(undefined);
        const output = { amount: COIN, script: ANYONE, block, coinbase: true };
        expect(await node.unspent({ txid, vout: 0 })).to.deep.equal(output);
        expect(await node.unspent({ txid, vout: 9 })).to.equal(undefined);
      });
      it("find transactions in the mempool and then in their block, and no more after a reorganisation", async () => {
        await mine(101);
        const tx = spend([await reward(1)], [output(COIN - 1000n)]);
        await pay(tx);
        expect(await answer(node.transaction(txidOf(tx)))).to.deep.equal({ tx, confirmed: undefined });
        expect(await answer(node.mempool())).to.deep.equal([{ txid: txidOf(tx), fee: 1000n, vsize: vsizeOf(tx) }]);
        await mine(1);
        expect(await answer(node.transaction(txidOf(tx)))).to.deep.equal({
          tx,
          confirmed: { block: node.tip(), index: 1 },
        });
        expect(await answer(node.mempool())).to.deep.equal([]);
        expect(await node.txidAt(blockHeight(1), 0)).to.equal((await reward(1)).txid);
        expect(await node.txidAt(blockHeight(102), 1)).to.equal(txidOf(tx));
        expect(await node.unspent(await reward(1))).to.equal(undefined);
        expect((await node.unspent(outpointOf(tx)))?.amount).to.equal(COIN - 1000n);
        await world.reorganise(1);
        expect(await answer(node.transaction(txidOf(tx)))).to.deep.equal({ tx, confirmed: undefined });
      });
      it("count all coins: as much as all subsidies", async () => {
        await mine(105);
        await pay(spend([await reward(1), await reward(2)], [output(COIN), output(COIN - 7777n)]));
        await mine(1);
        expect(await answer(node.utxoTotal())).to.deep.equal({ count: 106, total: 106n * COIN });
        expect(await answer(node.info())).to.deep.include({
          network: "regtest",
          tip: node.tip(),
          headers: 106,
          synced: true,
        });
        expect([node.synced(), node.progress()]).to.deep.equal([true, undefined]);
      });
      it("know nothing of feerates on an empty chain", () => {
        expect(node.feerate(6)).to.equal(undefined);
      });
    });

    describe("broadcast", () => {
      it("takes what is known or confirmed already without a refusal", async () => {
        await mine(101);
        const tx = spend([await reward(1)], [output(COIN - 1000n)]);
        await pay(tx);
        await pay(tx);
        await mine(1);
        await pay(tx);
      });
      it("takes what waits with another witness without a refusal", async () => {
        await mine(101);
        const lock = script(OP.DROP, 1n);
        const parent = spend([await reward(1)], [output(COIN - 1000n, p2wshOf(lock))]);
        await pay(parent);
        const child = spend([outpointOf(parent)], [output(COIN - 2000n)]);
        const shown = (byte: number): Tx => ({
          ...child,
          inputs: child.inputs.map((each) => ({ ...each, witness: [Uint8Array.of(byte), lock] })),
        });
        await pay(shown(1));
        await pay(shown(2));
        await mine(1);
      });
      it("puts what pays more in the place of what waits", async () => {
        await mine(101);
        const coin = await reward(1);
        const [poor, rich] = [1000n, 9000n].map((fee) => spend([coin], [output(COIN - fee)])) as [Tx, Tx];
        await pay(poor);
        await pay(rich);
        expect((await answer(node.mempool())).map(({ txid }) => txid)).to.deep.equal([txidOf(rich)]);
        expect(await answer(node.transaction(txidOf(poor)))).to.equal(undefined);
        await mine(1);
        expect((await answer(node.transaction(txidOf(rich))))?.confirmed).to.deep.equal({
          block: node.tip(),
          index: 1,
        });
      });
      if (checks === "nothing") return;
      it("refuses poorer rivals, missing inputs and immature coins, and says why", async () => {
        await mine(101);
        await pay(spend([await reward(1)], [output(COIN - 1000n)]));
        const refusals = [
          spend([await reward(1)], [output(COIN - 1001n)]),
          spend([fakeOutpoint(1)], [output(1000n)]),
          spend([await reward(3)], [output(COIN - 1000n)]),
        ];
        const answers = await Promise.all(refusals.map((tx) => node.broadcast(tx)));
        const codes = ["insufficient fee", "bad-txns-inputs-missingorspent", "bad-txns-premature-spend-of-coinbase"];
        expect(answers).to.deep.equal(codes.map((reason) => ({ ok: false, error: { code: "rejected", reason } })));
      });
    });
  });
}
