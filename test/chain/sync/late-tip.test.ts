import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { learn } from "../../../src/chain/addresses/book.ts";
import { type Call, nextCall } from "../../../src/chain/addresses/calls.ts";
import { staleSince } from "../../../src/chain/sync/late-tip.ts";
import { place, told } from "../addresses/told.ts";
import { bench, give, grow, NOW } from "../builder.ts";
import { blocksOf, copyOf } from "./copies.ts";
import { Crowd } from "./crowd.ts";

const MINUTE = 60_000;
/** Our node on a network of strangers, at the blocks of a chain of which all eight peers know no more. */
function eclipsed(network: "testnet4" | "regtest" | "sluicenet" = "testnet4") {
  const honest = bench();
  grow(honest, 3);
  const ours = bench({ ...CHAINS.regtest, network });
  for (const block of blocksOf(honest)) give(ours, block);
  const crowd = new Crowd(ours);
  const calls: Call[] = [];
  for (let index = 0; index < 8; index++) {
    const at = place(60 + index, 1, 1, 1);
    calls.push({ place: at, purpose: "relay" });
    crowd.join(`attacker ${index}`, { chain: copyOf(honest), place: at });
  }
  return { honest, ours, crowd, calls };
}
const until = (crowd: Crowd, stage: "look" | "alarm") => () => crowd.sync.late.stage === stage;

describe("P2P: a best chain that does not grow", () => {
  it("B24: eight peers that keep blocks to themselves are found out in half an hour, and a ninth brings the blocks", () => {
    const { honest, ours, crowd, calls } = eclipsed();
    grow(honest, 2);
    for (let b = 0; b < 30; b++) learn(crowd.sync.addresses, told(place(60, 1, 1, b)), "4:0101", NOW);
    learn(crowd.sync.addresses, told(place(99, 9, 9, 9)), "4:0202", NOW);
    const asked = { current: calls, anchors: [], feelerDue: false, isShunned: () => false, needed: 9n };
    expect(nextCall(crowd.sync.addresses, { ...asked, extra: false }, NOW)?.purpose).to.equal("blocks");
    expect(crowd.pass(60 * MINUTE, until(crowd, "look"))).to.equal(30 * MINUTE + 1000);
    const now = Math.floor(crowd.now / 1000);
    const ninth = present(nextCall(crowd.sync.addresses, { ...asked, extra: true }, now), "somebody else");
    expect(ninth).to.deep.equal({ place: place(99, 9, 9, 9), purpose: "relay" });
    const saviour = crowd.join("ninth", { chain: honest, place: ninth.place });
    crowd.pass(MINUTE, () => ours.brain.chain.tip.height === 5);
    expect(ours.brain.chain.tip.hash).to.equal(honest.brain.chain.tip.hash);
    crowd.pass(2000);
    expect(crowd.sync.late.stage).to.equal("none");
    const [worst] = [...crowd.sync.peers].sort((a, b) => a.newsAt - b.newsAt);
    expect(worst).not.to.equal(saviour);
    expect(Math.max(...[...crowd.sync.peers].map(({ newsAt }) => newsAt))).to.equal(saviour.newsAt);
  }).timeout(120_000);
  it("B24: is an alarm before an hour has passed, and everybody is asked for headers meanwhile", () => {
    const { crowd } = eclipsed();
    crowd.pass(30 * MINUTE);
    crowd.log.splice(0);
    expect(staleSince(crowd.sync.late)).to.equal(undefined);
    expect(crowd.pass(60 * MINUTE, until(crowd, "alarm"))).to.be.at.most(30 * MINUTE);
    expect(staleSince(crowd.sync.late)).to.equal(crowd.now - 55 * MINUTE);
    const questions = crowd.log.filter(({ from, message }) => from === "us" && message.name === "getheaders");
    expect(new Set(questions.map(({ name }) => name)).size).to.equal(8);
    expect(crowd.gone).to.deep.equal([]);
  }).timeout(120_000);
  it("means nothing where nobody mines for money", () => {
    for (const network of ["regtest", "sluicenet"] as const) {
      const { crowd } = eclipsed(network);
      crowd.pass(70 * MINUTE);
      expect(crowd.sync.late.stage).to.equal("none");
    }
  }).timeout(120_000);
});
