import { expect } from "chai";
import { namesOf, viewOf } from "../../../channels/index.ts";
import { shortChannelId } from "../../../src/base/ids.ts";
import type { ChannelReady } from "../../../src/wire/opening.ts";
import { ALIAS, HEIGHT, normal, type Opening, opened, Pair } from "../../support/channel-pair.ts";

const SCID = shortChannelId(HEIGHT + 1, 1, 1);
const OTHER = shortChannelId(0xff_ffff, 7, 7);
function knowing(options: Opening = {}): Pair {
  const pair = new Pair();
  pair.features = [...pair.features, 46];
  return opened(options, pair);
}
function ready(options: Opening = {}): Pair {
  const pair = knowing(options);
  pair.settle();
  pair.confirm();
  return pair;
}
const messages = (pair: Pair): readonly ChannelReady[] =>
  pair.trace.flatMap(({ message }) => (message.name === "channel_ready" ? [message] : []));

describe("CONFORMANCE 44: channel_ready carries an alias", () => {
  it("from each side its own, which both keep, also over a restart", () => {
    const pair = ready();
    expect(messages(pair).map((message) => message.short_channel_id)).to.have.members([ALIAS.a, ALIAS.b]);
    pair.disconnect();
    for (const name of ["a", "b"] as const) pair.crash(name);
    for (const [name, other] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      const { localAlias, remoteAlias, shortChannelId: real } = viewOf(pair.env(name), pair.parties[name].funded);
      expect({ localAlias, remoteAlias, real }).to.deep.equal({
        localAlias: ALIAS[name],
        remoteAlias: ALIAS[other],
        real: SCID,
      });
    }
  });
  it("by which HTLCs may name it, beside its place in the chain; that comes first", () => {
    const pair = ready();
    expect(pair.parties.a.take("Ready").at(-1)?.names).to.deep.equal([SCID, ALIAS.a]);
  });
  it("and with the type for it HTLCs may name it by nothing else", () => {
    const pair = ready({ type: { scidAlias: true } });
    for (const name of ["a", "b"] as const)
      expect(pair.parties[name].take("Ready").map(({ names }) => names)).to.deep.equal([[ALIAS[name]]]);
    expect(namesOf(pair.parties.a.funded)).to.deep.equal([ALIAS.a]);
  });
  it("again on a reconnection, as long as the first commitments stand", () => {
    const pair = ready();
    pair.trace.length = 0;
    pair.disconnect();
    pair.connect();
    pair.settle();
    expect(messages(pair).map((message) => message.short_channel_id)).to.have.members([ALIAS.a, ALIAS.b]);
  });
});

describe("CONFORMANCE 31: the type scid_alias", () => {
  it("is agreed on where both sides know it", () => {
    const pair = knowing({ type: { scidAlias: true } });
    pair.settle();
    expect(pair.parties.b.funded.params.type).to.deep.equal({ format: "anchors", scidAlias: true, zeroConf: false });
  });
  it("is neither proposed nor accepted for a channel that is to be announced", () => {
    const pair = knowing({ type: { scidAlias: true }, announce: true });
    expect(pair.parties.a.take("CommandRefused").map(({ reason }) => reason.code)).to.deep.equal([
      "channel_type_not_possible",
    ]);
    const good = knowing({ type: { scidAlias: true } });
    const open = good.trace[0]?.message;
    if (open?.name !== "open_channel") throw new Error("an open_channel");
    const b = new Pair();
    b.features = [...b.features, 46];
    b.give("b", { tag: "PeerMessage", message: { ...open, channel_flags: 1 } });
    expect(b.parties.b.take("SendError").map(({ text }) => text)).to.deep.equal(["bad opening, rule channel_type"]);
    expect(b.parties.b.disk).to.equal(undefined);
  });
  it("is not without the feature on both sides", () => {
    const pair = opened({ type: { scidAlias: true } });
    expect(pair.parties.a.state.tag).to.equal("Fresh");
  });
});

describe("CONFORMANCE 45, RELIABILITY C30: channel_ready again", () => {
  it("with a new alias is taken at any time, and told; without one, or with the same, it changes nothing", () => {
    const pair = ready();
    const { channelId } = pair.parties.a.funded.params;
    const again = (alias: ChannelReady["short_channel_id"]): ChannelReady => ({
      name: "channel_ready",
      channel_id: channelId,
      second_per_commitment_point: pair.parties.b.signer.keys.commitmentPoint(1n),
      ...(alias !== undefined && { short_channel_id: alias }),
    });
    const before = pair.parties.a.funded;
    for (const alias of [undefined, ALIAS.b]) pair.give("a", { tag: "PeerMessage", message: again(alias) });
    expect(pair.parties.a.funded).to.deep.equal(before);
    pair.offer("a", 1_000_000n);
    pair.settle();
    pair.parties.a.log = [];
    pair.give("a", { tag: "PeerMessage", message: again(OTHER) });
    expect(pair.parties.a.funded.remoteAlias).to.equal(OTHER);
    expect(pair.parties.a.tags()).to.deep.equal(["Ready", "NotifyUpdated"]);
    for (let i = 0; i < 100; i++) pair.give("a", { tag: "PeerMessage", message: again(OTHER) });
    expect(pair.parties.a.tags()).to.deep.equal(["Ready", "NotifyUpdated"]);
  });
  it("before we are ready ourselves it is kept", () => {
    const pair = normal();
    expect(pair.parties.a.funded.remoteAlias).to.equal(ALIAS.b);
  });
});
