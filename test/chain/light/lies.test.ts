import { expect } from "chai";
import { blockHeight } from "../../../src/base/units.ts";
import { p2wsh } from "../../../src/bitcoin/templates.ts";
import { bench, grow } from "../builder.ts";
import { copy, honest, OURS, omitting, scriptWatch, story } from "./story.ts";
import { heightHash, type Tamper, Town } from "./town.ts";

describe("RELIABILITY B23: light client among peers of which some lie about filters", () => {
  for (const honestAt of [0, 3, 7]) {
    it(`misses no spend when seven of eight leave our script out, and the honest one is number ${honestAt}`, () => {
      const { chain, coin } = story();
      const town = new Town();
      town.watch(scriptWatch(), { tag: "Outpoint", outpoint: coin, script: OURS, from: blockHeight(0) });
      for (let at = 0; at < 8; at++) {
        const tamper = at === honestAt ? honest : omitting(chain, 105, OURS);
        town.dial(town.citizen(`c${at}`, copy(chain), tamper));
      }
      town.run();
      expect(town.news()).to.deep.equal(["paid 103:1:0", "spent 105:1"]);
      const parted = town.citizens.map(({ parted }) => parted ?? "stays");
      expect(parted).to.deep.equal(
        parted.map((_, at) => (at === honestAt ? "stays" : "lies about filters: omits_a_script")),
      );
    });
  }
  it("misses no payment when one of eight leaves its script out", () => {
    const { chain } = story();
    const town = new Town();
    town.watch(scriptWatch());
    for (let at = 0; at < 8; at++)
      town.dial(town.citizen(`c${at}`, copy(chain), at === 2 ? omitting(chain, 103, OURS) : honest));
    town.run();
    expect(town.news()).to.deep.equal(["paid 103:1:0"]);
    expect(town.citizens.filter(({ parted }) => parted !== undefined).map(({ name }) => name)).to.deep.equal(["c2"]);
  });
  it("finds what it missed among liars alone once an honest peer comes", () => {
    const { chain, coin } = story();
    const town = new Town();
    town.watch(scriptWatch(), { tag: "Outpoint", outpoint: coin, script: OURS, from: blockHeight(0) });
    const liars = [1, 2].map((at) => town.citizen(`liar${at}`, copy(chain), omitting(chain, 105, OURS)));
    for (const liar of liars) town.dial(liar);
    town.run();
    expect(town.news()).to.deep.equal(["paid 103:1:0"]);
    town.dial(town.citizen("anna", copy(chain)));
    town.run();
    expect(town.news()).to.include("spent 105:1");
    expect(liars.map(({ parted }) => parted)).to.deep.equal(Array(2).fill("lies about filters: omits_a_script"));
  });
  it("looks through a block itself when it cannot tell who lies, and finds later what was left out", () => {
    const { chain, coin } = story();
    const town = new Town();
    const anna = town.citizen("anna", copy(chain));
    // Nothing is watched yet: that the spent script is left out cannot be seen from the block.
    for (const citizen of [town.citizen("liar", copy(chain), omitting(chain, 105, OURS)), anna]) town.dial(citizen);
    town.run();
    expect(town.citizens.map(({ parted }) => parted)).to.deep.equal([undefined, undefined]);
    expect([...town.light.doubtful]).to.deep.equal([heightHash(chain, 105)]);
    town.part(anna, "leaves");
    town.watch({ tag: "Outpoint", outpoint: coin, script: OURS, from: blockHeight(103) });
    town.run();
    expect(town.news()).to.deep.equal(["spent 105:1"]);
    town.restart();
    expect([...town.light.doubtful]).to.deep.equal([heightHash(chain, 105)]);
  });
  it("blames no honest peer for a script that an output never had, whoever had it watched under that one", () => {
    const { chain, coin } = story();
    const town = new Town();
    const untrue = p2wsh(new Uint8Array(32).fill(9));
    town.watch({ tag: "Outpoint", outpoint: coin, script: untrue, from: blockHeight(0) });
    const anna = town.citizen("anna", copy(chain));
    const liar = town.citizen("liar", copy(chain), omitting(chain, 105, OURS, untrue));
    for (const citizen of [liar, anna]) town.dial(citizen);
    town.run();
    expect(anna.parted).to.equal(undefined);
  });
  it("parts with a peer that sends another filter than it named, and asks another", () => {
    const { chain } = story();
    const town = new Town();
    town.watch(scriptWatch());
    const swapped: Tamper = (message) =>
      message.name === "cfilter" ? { ...message, filter: Uint8Array.of(0) } : message;
    town.dial(town.citizen("liar", copy(chain), swapped));
    town.dial(town.citizen("anna", copy(chain)));
    town.run();
    expect(town.news()).to.deep.equal(["paid 103:1:0"]);
    expect(town.citizens[0]?.parted).to.equal("lies about filters: sends another filter than it named");
  });
  it("blames nobody for a filter that another one sent who has named the same, and asks them for it", () => {
    const { chain, coin } = story();
    const town = new Town();
    town.watch({ tag: "Outpoint", outpoint: coin, script: OURS, from: blockHeight(0) });
    const swapped: Tamper = (message) =>
      message.name === "cfilter" ? { ...message, filter: Uint8Array.of(0) } : message;
    const tampers = { traitor: swapped, anna: honest, liar: omitting(chain, 105, OURS) };
    for (const [name, tamper] of Object.entries(tampers)) town.dial(town.citizen(name, copy(chain), tamper));
    town.run();
    expect(town.news()).to.deep.equal(["spent 105:1"]);
    expect(town.citizens.map(({ parted }) => parted)).to.deep.equal([
      "lies about filters: sends another filter than it named",
      undefined,
      "lies about filters: omits_a_script",
    ]);
  });
  it("parts with a peer whose filter headers do not hang together", () => {
    const { chain } = story();
    const town = new Town();
    const broken: Tamper = (message) =>
      message.name === "cfheaders" ? { ...message, previous_filter_header: "11".repeat(32) as never } : message;
    town.dial(town.citizen("liar", copy(chain), broken));
    town.run();
    expect(town.citizens[0]?.parted).to.equal("lies about filters: other_past");
  });
  for (const silent of ["cfheaders", "cfilter", "block"] as const) {
    it(`waits 30 seconds for a peer that keeps its ${silent} to itself, and asks another`, () => {
      const { chain } = story();
      const town = new Town();
      town.watch(scriptWatch());
      const mute: Tamper = (message) => (message.name === silent ? undefined : message);
      town.dial(town.citizen("mute", copy(chain), mute));
      town.dial(town.citizen("anna", copy(chain)));
      town.run();
      expect(town.news()).to.deep.equal([]);
      town.pass(29_999);
      expect(town.news()).to.deep.equal([]);
      town.pass(1);
      expect(town.news()).to.deep.equal(["paid 103:1:0"]);
      expect(town.citizens.map(({ parted }) => parted)).to.deep.equal(["does not answer", undefined]);
    });
    it(`blames nobody for the ${silent} that we could not hear as we slept, and waits for it anew`, () => {
      const { chain } = story();
      const town = new Town();
      town.watch(scriptWatch());
      const mute: Tamper = (message) => (message.name === silent ? undefined : message);
      town.dial(town.citizen("mute", copy(chain), mute));
      town.run().pass(1000).pass(3_600_000);
      for (let second = 1; second < 30; second++) town.pass(1000);
      expect(town.citizens[0]?.parted).to.equal(undefined);
      town.pass(1000);
      expect(town.citizens[0]?.parted).to.equal("does not answer");
    });
  }
  it("goes on with the others while newcomers take turns at keeping their checkpoints to themselves", () => {
    const chain = bench();
    grow(chain, 1_000);
    const town = new Town();
    const anna = town.citizen("anna", copy(chain));
    town.dial(anna);
    town.run();
    const mute: Tamper = (message) => (message.name === "cfcheckpt" ? undefined : message);
    grow(chain, 1);
    const mutes = ["first", "second"].map((name) => town.citizen(name, copy(chain), mute));
    for (const each of mutes) {
      town.dial(each);
      for (let second = 0; second < 14; second++) town.run().pass(1_000);
    }
    town.spread(chain, anna);
    for (let second = 0; second < 60; second++) {
      town.run().pass(1_000);
      for (const each of mutes) if (each.parted !== undefined) town.dial(each);
    }
    expect(town.light.filterTip.height).to.equal(1_001);
  }).timeout(60_000);
  it("goes on with the others while liars about the past take turns at keeping their filters to themselves", () => {
    const { chain } = story();
    const town = new Town();
    const anna = town.citizen("anna", copy(chain));
    town.dial(anna);
    town.run();
    const before = town.light.filterTip.height;
    grow(chain, 1);
    const lie = omitting(chain, 105, OURS);
    const mute: Tamper = (message) => (message.name === "cfilter" ? undefined : lie(message));
    const mutes = ["first", "second"].map((name) => town.citizen(name, copy(chain), mute));
    for (const each of mutes) {
      town.dial(each);
      for (let second = 0; second < 14; second++) town.run().pass(1_000);
    }
    town.spread(chain, anna);
    for (let second = 0; second < 60; second++) {
      town.run().pass(1_000);
      for (const each of mutes) if (each.parted !== undefined) town.dial(each);
    }
    expect(town.light.filterTip.height).to.equal(before + 1);
  });
  it("takes no block whose transactions or witnesses were changed on the way", () => {
    const { chain, coin } = story();
    const town = new Town();
    town.watch({ tag: "Outpoint", outpoint: coin, script: OURS, from: blockHeight(0) });
    const changed: Tamper = (message) => {
      if (message.name !== "block") return message;
      const { block } = message;
      const txs = block.txs.map((tx, index) =>
        index === 0 ? tx : { ...tx, inputs: tx.inputs.map((each) => ({ ...each, witness: [] })) },
      );
      return { ...message, block: { ...block, txs } };
    };
    town.dial(town.citizen("liar", copy(chain), changed));
    town.dial(town.citizen("anna", copy(chain)));
    town.run();
    expect(town.news()).to.deep.equal(["spent 105:1"]);
    expect(town.citizens.map(({ parted }) => parted)).to.deep.equal(["bad-witness-merkle-match", undefined]);
  });
});
