import { expect } from "chai";
import type { Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import type { ChannelReestablish } from "../../../src/wire/updates.ts";
import type { Name, Opening, Pair } from "../../support/channel-pair.ts";
import { into, mined, out, spliceable, spliceBoth } from "../../support/splicing.ts";

/** What a side has said last of the funding that it has locked. */
function saidOf(pair: Pair, name: Name) {
  const said = pair.trace.findLast(({ from, message }) => from === name && message.name === "channel_reestablish");
  return (said?.message as ChannelReestablish | undefined)?.my_current_funding_locked;
}
const locks = (txid: Txid, flags: 0 | 1) => ({ my_current_funding_locked_txid: txid, retransmit_flags: flags });
const fundings = ({ parties }: Pair): readonly Txid[] => [
  parties.a.funded.params.funding.txid,
  parties.b.funded.params.funding.txid,
];
const halves = (pair: Pair): readonly Name[] =>
  pair.trace.flatMap(({ from, message }) => (message.name === "announcement_signatures" ? [from] : []));
const names = (pair: Pair): readonly string[] => pair.trace.map(({ message }) => message.name);
function reconnect(pair: Pair): void {
  pair.disconnect();
  pair.trace.length = 0;
  pair.connect();
  pair.settle();
}
/** Connects both again; a hears this of what b has locked in place of what b says. */
function reconnectSaying(pair: Pair, my_current_funding_locked: ReturnType<typeof locks>): void {
  pair.disconnect();
  pair.trace.length = 0;
  pair.connect();
  const said = present(
    pair.trace.find(({ from }) => from === "b"),
    "its channel_reestablish",
  );
  pair.queues.a.length = 0;
  const message = { ...(said.message as ChannelReestablish), my_current_funding_locked };
  pair.give("a", { tag: "PeerMessage", message });
  pair.settle();
}
/** A splice that both have signed, whose link is down. */
function spliced(options: Opening = {}): { readonly pair: Pair; readonly before: Txid; readonly splice: Txid } {
  const pair = spliceable(options);
  const [before] = fundings(pair);
  const splice = spliceBoth(pair, "a", into(50_000n));
  pair.disconnect();
  return { pair, before: present(before, "a funding"), splice };
}

describe("CONFORMANCE 123: my_current_funding_locked", () => {
  it("is the funding of the channel, then a splice once that is deep enough; and nothing between peers without splices", () => {
    const { pair, before, splice } = spliced();
    pair.connect();
    pair.settle();
    expect([saidOf(pair, "a"), saidOf(pair, "b")]).to.deep.equal([locks(before, 0), locks(before, 0)]);
    pair.disconnect();
    mined(pair, "a", splice, 2);
    reconnect(pair);
    expect(saidOf(pair, "a"), "not yet deep").to.deep.equal(locks(before, 0));
    pair.disconnect();
    pair.parties.a.height = blockHeight(pair.parties.a.height + 1);
    pair.give("a", { tag: "BlockConnected", height: pair.parties.a.height });
    reconnect(pair);
    expect([saidOf(pair, "a"), saidOf(pair, "b")]).to.deep.equal([locks(splice, 0), locks(before, 0)]);
    const plain = spliceable();
    plain.features = plain.features.filter((bit) => bit !== 62);
    reconnect(plain);
    expect([saidOf(plain, "a"), saidOf(plain, "b")]).to.deep.equal([undefined, undefined]);
  });
  it("locks a splice that both have buried while they were apart, without splice_locked", () => {
    const { pair, splice } = spliced();
    for (const name of ["a", "b"] as const) mined(pair, name, splice);
    pair.trace.length = 0;
    pair.connect();
    pair.settle();
    expect(names(pair)).to.not.include("splice_locked");
    expect(fundings(pair)).to.deep.equal([splice, splice]);
    pair.offer("b", 1_000_000n);
    pair.settle();
    expect(pair.parties.a.incoming.size).to.equal(1);
    expect(names(pair), "one funding is signed for").to.not.include("start_batch");
  });
  it("counts as splice_locked of the side that says it: the other locks when it has buried the splice itself", () => {
    const { pair, before, splice } = spliced();
    mined(pair, "a", splice);
    pair.trace.length = 0;
    pair.connect();
    pair.settle();
    expect([names(pair).includes("splice_locked"), ...fundings(pair)]).to.deep.equal([false, before, before]);
    mined(pair, "b", splice);
    pair.settle();
    expect([...names(pair)].filter((name) => name === "splice_locked")).to.deep.equal(["splice_locked"]);
    expect(fundings(pair)).to.deep.equal([splice, splice]);
  });
  it("survives a restart of the side that heard it", () => {
    const { pair, splice } = spliced();
    mined(pair, "a", splice);
    pair.connect();
    pair.settle();
    pair.crash("b");
    mined(pair, "b", splice);
    pair.connect();
    pair.settle();
    expect(fundings(pair)).to.deep.equal([splice, splice]);
  });
  it("changes nothing when it names what nobody knows, of which the peer is told, or what gave way", () => {
    const pair = spliceable();
    const [before] = fundings(pair);
    const splice = spliceBoth(pair, "a", out(50_000n));
    for (const txid of ["ee".repeat(32) as Txid, present(before, "a funding")]) {
      const state = pair.parties.a.funded.commitments;
      reconnectSaying(pair, locks(txid, 0));
      expect(pair.parties.a.funded.commitments).to.deep.equal(state);
      expect([pair.parties.a.state.tag, pair.connected]).to.deep.equal(["Normal", true]);
    }
    expect(pair.parties.a.take("SendWarning").map(({ text, disconnect }) => [text, disconnect])).to.deep.equal([
      [`no funding of this channel is ${"ee".repeat(32)}`, false],
    ]);
    for (const name of ["a", "b"] as const) mined(pair, name, splice);
    pair.settle();
    expect(fundings(pair)).to.deep.equal([splice, splice]);
  });
  it("asks for announcement_signatures until they have come, and has them said again", () => {
    const pair = spliceable({ announce: true });
    const [funding] = fundings(pair);
    reconnect(pair);
    expect(saidOf(pair, "a"), "nothing is missing").to.deep.equal(locks(present(funding, "a funding"), 0));
    expect(halves(pair)).to.deep.equal([]);
    const splice = spliceBoth(pair, "a", into(50_000n));
    pair.disconnect();
    for (const name of ["a", "b"] as const) mined(pair, name, splice, 6);
    pair.trace.length = 0;
    pair.connect();
    expect([saidOf(pair, "a"), saidOf(pair, "b")]).to.deep.equal([locks(splice, 1), locks(splice, 1)]);
    pair.settle();
    expect([...halves(pair)].sort()).to.deep.equal(["a", "b"]);
    reconnect(pair);
    expect([saidOf(pair, "a"), ...halves(pair)]).to.deep.equal([locks(splice, 0)]);
    // One that has lost them asks for them, and hears them though the other lacks nothing.
    reconnectSaying(pair, locks(splice, 1));
    expect(halves(pair), "and b answers a half that it has, once").to.deep.equal(["a", "b"]);
  });
});
