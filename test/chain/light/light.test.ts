import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { takeBlock, takeTx } from "../../../src/chain/brain.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { ancestorAt } from "../../../src/chain/headers.ts";
import { noteRelayed, publish } from "../../../src/chain/light/relay.ts";
import { memoryLightStorage } from "../../../src/chain/light/storage.ts";
import { announceTx } from "../../../src/chain/sync/transactions.ts";
import { seen } from "../../contract/follower.ts";
import { ANYONE, bench, buildBlock, COIN, fakeOutpoint, grow, matured, NOW, output, spend } from "../builder.ts";
import { copy, OURS, scriptWatch, story } from "./story.ts";
import { type Citizen, Town } from "./town.ts";

describe("light client: following the chain by filters", () => {
  it("tells payments to and spends of what is watched, and fetches the blocks that hold them alone", () => {
    const { chain, coin } = story();
    const town = new Town();
    town.watch(scriptWatch(), { tag: "Outpoint", outpoint: coin, script: OURS, from: blockHeight(0) });
    for (const name of ["anna", "bert"]) town.dial(town.citizen(name, copy(chain)));
    town.run();
    expect(town.lines.filter((each) => each.startsWith("+"))).to.have.lengthOf(chain.brain.chain.tip.height);
    expect(town.news()).to.deep.equal(["paid 103:1:0", "spent 105:1"]);
    expect([town.asked("getdata"), town.asked("getcfheaders")]).to.deep.equal([2, 2]);
    expect(town.light.filterTip.hash).to.equal(chain.brain.chain.tip.hash);
  });
  it("tells the spend of an output that somebody else has watched for under a script that it never paid to", () => {
    const { chain, coin } = story();
    const town = new Town();
    const watch = (script: Uint8Array) => ({ tag: "Outpoint", outpoint: coin, script, from: blockHeight(0) }) as const;
    town.watch(watch(OURS), watch(Uint8Array.of(0, 20, ...new Uint8Array(20).fill(9))));
    town.dial(town.citizen("anna", chain));
    town.run();
    expect(town.news()).to.deep.equal(["spent 105:1"]);
  });
  it("asks for no filter before the height from which on something is watched", () => {
    const { chain } = story();
    const town = new Town();
    town.watch(scriptWatch(100));
    town.dial(town.citizen("anna", chain));
    town.run();
    expect(town.news()).to.deep.equal(["paid 103:1:0"]);
    expect(town.log.filter((each) => each === "anna: cfilter")).to.have.lengthOf(chain.brain.chain.tip.height - 99);
  });
  it("looks back when something is watched that may have happened before", () => {
    const { chain, coin } = story();
    const town = new Town();
    town.dial(town.citizen("anna", chain));
    town.run();
    expect(town.asked("getdata")).to.equal(0);
    town.watch({ tag: "Outpoint", outpoint: coin, script: OURS, from: blockHeight(103) });
    town.run();
    expect(town.news()).to.deep.equal(["spent 105:1"]);
  });
  it("follows a reorganisation, and tells again what the new branch holds", () => {
    const { chain, paying } = story();
    const town = new Town();
    town.watch(scriptWatch());
    const anna = town.citizen("anna", copy(chain));
    town.dial(anna);
    town.run();
    town.news();
    const branch = copy(chain);
    let previous = present(ancestorAt(branch.brain.chain.tip, 102), "a height");
    const until = chain.brain.chain.tip.height + 1;
    while (previous.height < until) {
      const block = buildBlock(branch, { previous, txs: previous.height === 104 ? [paying] : [] });
      takeBlock(branch.brain, hashBlock(block), NOW);
      previous = present(branch.brain.chain.index.tree.nodes.get(hashBlock(block).hash), "a block");
    }
    town.spread(branch, anna);
    town.run();
    expect(town.news().filter((each) => !each.startsWith("seen"))).to.deep.equal([
      ...[110, 109, 108, 107, 106, 105, 104, 103].map((height) => `-${height}`),
      "paid 105:1:0",
    ]);
    expect(town.light.filterTip.hash).to.equal(branch.brain.chain.tip.hash);
  });
  it("goes on after a restart with what its storage holds", () => {
    const { chain } = story();
    const town = new Town(memoryLightStorage());
    town.watch(scriptWatch());
    const anna = town.citizen("anna", chain);
    town.dial(anna);
    town.run();
    grow(chain, 3);
    town.restart();
    town.log.length = 0;
    expect(town.light.filterTip.height).to.equal(110);
    town.watch(scriptWatch(111));
    town.spread(chain, anna);
    town.dial(anna);
    town.run();
    expect(town.light.filterTip.height).to.equal(113);
    expect(town.lines.at(-1)).to.equal("+113");
    expect(town.log.filter((each) => each === "anna: cfilter")).to.have.lengthOf(3);
  });
  it("agrees on more than 2,000 filter headers, and asks a peer that comes later for checkpoints", function () {
    this.timeout(60_000);
    const chain = bench();
    grow(chain, 2_300);
    const town = new Town();
    town.dial(town.citizen("anna", chain));
    town.run();
    expect(town.asked("getcfheaders")).to.equal(2);
    town.dial(town.citizen("bert", copy(chain)));
    town.run();
    expect([town.asked("getcfcheckpt"), town.asked("getcfheaders")]).to.deep.equal([1, 3]);
    expect(town.citizens.map(({ parted }) => parted)).to.deep.equal([undefined, undefined]);
  });
});

describe("light client: whom it follows", () => {
  it("parts with a peer that serves no filters, or not yet", () => {
    const chain = bench();
    grow(chain, 2);
    const town = new Town();
    const late = town.citizen("late", chain);
    grow(chain, 1);
    town.dial(late);
    town.run();
    expect(late.parted).to.equal("peer serves no filters");
  });
});

describe("light client: transactions in no block", () => {
  const ready = () => {
    const chain = matured(2);
    const town = new Town();
    const [anna, bert] = ["anna", "bert"].map((name) => town.citizen(name, copy(chain))) as [Citizen, Citizen];
    town.dial(anna);
    town.run();
    const tx = spend([present(chain.coins[0], "a coin")], [output(COIN - 1_000n, OURS)]);
    return { chain, town, anna, bert, tx };
  };
  const holds = ({ bench: { brain } }: Citizen, tx: Tx): boolean => brain.pool.entries.has(txidOf(tx));

  it("tells every peer of our own, those who come later too, and again each minute until a block holds it", () => {
    const { chain, town, anna, bert, tx } = ready();
    town.perform(publish(town.light, tx, town.now));
    town.run();
    expect([anna, bert].map((citizen) => holds(citizen, tx))).to.deep.equal([true, false]);
    town.dial(bert);
    town.run();
    expect(holds(bert, tx)).to.equal(true);
    const told = (): number => town.asked("inv");
    const before = told();
    town.pass(59_999);
    expect(told()).to.equal(before);
    town.pass(1);
    expect(told()).to.equal(before + 2);
    town.watch(scriptWatch());
    grow(chain, 1, { txs: [tx], fees: 1_000n });
    town.spread(chain, anna, bert);
    town.run();
    town.pass(60_000);
    expect(told()).to.equal(before + 2);
    expect(town.news()).to.deep.equal([`paid ${chain.brain.chain.tip.height}:1:0`]);
  });
  it("tells of a watched coin's spend that a peer relays, once, and passes it on to nobody", () => {
    const { chain, town, anna, bert, tx } = ready();
    town.dial(bert);
    town.run();
    const coin = present(chain.coins[0], "a coin");
    town.watch({ tag: "Outpoint", outpoint: coin, script: ANYONE, from: chain.brain.chain.tip.height });
    for (const citizen of [anna, bert]) {
      takeTx(citizen.bench.brain, tx, NOW);
      town.hear(citizen, announceTx(citizen.sync, txidOf(tx)));
      town.run();
    }
    expect(town.news()).to.deep.equal([seen(coin, tx)]);
    expect(town.asked("inv")).to.equal(0);
  });
  it("tells of it again when it comes with another witness: the first one may be made up, and hide what that shows", () => {
    const { chain, town, tx } = ready();
    const coin = present(chain.coins[0], "a coin");
    town.watch({ tag: "Outpoint", outpoint: coin, script: ANYONE, from: chain.brain.chain.tip.height });
    town.run();
    const spoilt = { ...tx, inputs: tx.inputs.map((each) => ({ ...each, witness: [Uint8Array.of(9)] })) };
    const told = [spoilt, spoilt, tx, tx].map((each) => noteRelayed(town.light, each).length);
    expect(told).to.deep.equal([1, 0, 1, 0]);
    expect(town.light.relayed.get(txidOf(tx))).to.equal(tx);
  });
  it("remembers no more of them than 2,000", () => {
    const { town } = ready();
    for (let at = 0; at < 2_100; at++) noteRelayed(town.light, spend([fakeOutpoint(at + 1)], [output(1_000n)]));
    expect([town.light.relayed.size, town.light.spends.size]).to.deep.equal([2_000, 2_000]);
  });
});
