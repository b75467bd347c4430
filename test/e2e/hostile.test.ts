import { expect } from "chai";
import { concat, utf8 } from "../../src/base/bytes.ts";
import { type ChannelId, channelId } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { featureBits, OFFERED } from "../../src/wire/features.ts";
import { encodeMessage, type MessageName, type WireMessage } from "../../src/wire/registry.ts";
import { about, brokenFrames, changed, isForChannel, meaning, NAMES, unknown } from "./bad-messages.ts";
import { INIT, introduced, openChannelOf, PING, RawPeer } from "./raw-peer.ts";
import { channelsOf, openedBetween, type ShownChannel, type TwoDaemons, twoDaemons } from "./two-daemons.ts";

const ALL_CHANNELS = channelId(new Uint8Array(32));
const BROKEN_FRAMES = 3;
const ACT_TWO_BYTES = 50;

const warning = (text: string, channel_id = ALL_CHANNELS): WireMessage => ({
  name: "warning",
  channel_id,
  data: utf8(text),
});
const error = (text: string, channel_id: ChannelId): WireMessage => ({ name: "error", channel_id, data: utf8(text) });
const OPENINGS: readonly MessageName[] = ["open_channel", "open_channel2"];
/** What a stranger hears who says this twice under the id of somebody else's channel, and whether it is cut off. */
function answerTo(
  name: MessageName,
  id: ChannelId,
): { readonly said: readonly WireMessage[]; readonly isEnd: boolean } {
  if (OPENINGS.includes(name)) return { said: [error("id is in use", id), error("id is in use", id)], isEnd: false };
  // The last word about what is not known here any more.
  if (name === "tx_abort") return { said: [], isEnd: false };
  if (isForChannel(name)) return { said: [error("unknown channel", id)], isEnd: true };
  // Once on a connection: what comes again is not looked at.
  if (name === "peer_storage_retrieval")
    return { said: [warning("what you kept for us is not what we gave you")], isEnd: false };
  const isEnd = meaning(name) === "refused";
  return { said: isEnd ? [warning(`${name} was not negotiated`)] : [], isEnd };
}
const complaints = (peer: RawPeer): readonly WireMessage[] =>
  peer.heard.filter(({ name }) => name === "error" || name === "warning");
describe("a stranger at a daemon's port", function () {
  this.timeout(60_000);
  let pair: TwoDaemons;
  let honest: ShownChannel;
  /** Connected before all else, and silent at different points of the handshake. */
  let dawdlers: readonly RawPeer[];

  before(async () => {
    pair = await twoDaemons();
    honest = await openedBetween(pair);
    const callers = [0, 1, 2].map(() => new RawPeer(pair.alice.started));
    dawdlers = callers;
    callers[1]?.send(callers[1].actOne.slice(0, 25));
    await callers[2]?.shake((actThree) => actThree.slice(0, 65));
  });
  after(() => pair.stop());
  /** After whatever the stranger did, the daemon serves, and its channel with bob is as it was. */
  afterEach(async () => {
    const { alice, bob } = pair;
    const [info, channels, { data: peers }] = await Promise.all([
      alice.api.get<{ id: string }>("/v1/info"),
      channelsOf(alice),
      alice.api.get<{ data: readonly { id: string; connected: boolean }[] }>("/v1/peers"),
    ]);
    expect(info.id).to.equal(alice.started.nodeId);
    expect(channels).to.deep.equal([honest]);
    expect(peers.find(({ id }) => id === bob.started.nodeId)).to.include({ connected: true });
  });

  const dial = (): RawPeer => new RawPeer(pair.alice.started);
  const meet = (): Promise<RawPeer> => introduced(pair.alice.started);

  describe("in act one is cut off and hears nothing", () => {
    const wrong: readonly [string, (peer: RawPeer) => Uint8Array][] = [
      ["for another protocol", () => utf8("GET / HTTP/1.1\r\nHost: sluice\r\nUser-Agent: a browser\r\n\r\n")],
      ["for a million bytes of noise", () => new Uint8Array(1_000_000).fill(0xff)],
      ["for another version", ({ actOne }) => changed(actOne, 0, 1)],
      ["for a key that is no point", ({ actOne }) => changed(actOne, 1, 5)],
      ["for a tag that does not fit", ({ actOne }) => changed(actOne, -1)],
    ];
    for (const [what, bytes] of wrong)
      it(what, async () => {
        const peer = dial();
        await peer.send(bytes(peer)).ended;
        expect(peer.bytes).to.deep.equal([]);
      });
    it("when it takes the daemon for somebody else", async () => {
      const peer = new RawPeer({ ...pair.alice.started, nodeId: pair.bob.started.nodeId });
      await peer.send(peer.actOne).ended;
      expect(peer.bytes).to.deep.equal([]);
    });
  });

  describe("in act three is cut off and hears no message", () => {
    const wrong: readonly [string, (actThree: Uint8Array) => Uint8Array][] = [
      ["for another version", (bytes) => changed(bytes, 0, 1)],
      ["for a damaged key", (bytes) => changed(bytes, 1)],
      ["for a tag that does not fit", (bytes) => changed(bytes, -1)],
      ["for its first act again", () => dial().actOne],
    ];
    for (const [what, change] of wrong)
      it(what, async () => {
        const peer = await dial().shake((actThree) => concat(change(actThree), new Uint8Array(66)));
        await peer.ended;
        expect([peer.bytes.length, peer.heard]).to.deep.equal([ACT_TWO_BYTES, []]);
      });
  });

  it("may hang up at any point of the handshake", async () => {
    for (const length of [0, 1, 49]) {
      const peer = dial();
      await peer.send(peer.actOne.slice(0, length)).hangUp();
    }
    for (const length of [0, 1, 65, 66]) await (await dial().shake((actThree) => actThree.slice(0, length))).hangUp();
  });

  describe("in its packets is cut off without a word", () => {
    const wrong: readonly [string, (peer: RawPeer) => Uint8Array][] = [
      ["for a length that is not authentic", (peer) => changed(peer.sealed(PING), 0)],
      ["for a damaged tag behind the length", (peer) => changed(peer.sealed(PING), 17)],
      ["for a damaged message", (peer) => changed(peer.sealed(PING), 18)],
      ["for a damaged tag behind the message", (peer) => changed(peer.sealed(PING), -1)],
      [
        "for the second of two packets first",
        (peer) => present([PING, PING].map((each) => peer.sealed(each))[1], "two packets"),
      ],
      ["for noise of the greatest length", () => new Uint8Array(65_551).fill(0xff)],
    ];
    for (const [what, bytes] of wrong)
      it(what, async () => {
        const peer = await meet();
        const before = [...peer.heard];
        await peer.send(bytes(peer)).ended;
        expect(peer.heard).to.deep.equal(before);
      });
    it("for a packet that is sent again, having had its answer", async () => {
      const peer = await meet();
      const before = [...peer.heard];
      const packet = peer.sealed(PING);
      await peer.send(packet).hears("pong", 2);
      await peer.send(packet).ended;
      expect(peer.heard).to.deep.equal([...before, { name: "pong", ignored: new Uint8Array(1) }]);
    });
  });

  it("may hang up in the middle of the longest packet", async () => {
    const peer = await meet();
    await peer.send(peer.sealed(unknown(65_535, 65_535)).slice(0, 40_000)).hangUp();
  });

  describe("with messages that no state allows is told why, and cut off", () => {
    const wrong: readonly [string, readonly (WireMessage | Uint8Array)[], string][] = [
      ["a message before `init`", [PING], "init comes first"],
      ["an `error` before `init`", [error("no", ALL_CHANNELS)], "init comes first"],
      ["`init` twice", [INIT, INIT], "init comes once"],
      ["a truncated `init`", [encodeMessage(INIT).slice(0, 5)], "init: short_read at features"],
      [
        "a required feature of tomorrow",
        [{ ...INIT, features: featureBits([...OFFERED.init, 1_000]) }],
        "features do not fit: unsupported_feature",
      ],
      ["another chain", [{ ...INIT, networks: [CHAINS.mainnet.genesisHash] }], "no common chain"],
      ["an unknown even message", [INIT, unknown(65_534, 2)], "unknown message 65534"],
      ["the longest unknown even message", [INIT, unknown(65_534, 65_535)], "unknown message 65534"],
      ["an empty message", [INIT, new Uint8Array(0)], "no_type"],
      ["half a type", [INIT, Uint8Array.of(0)], "no_type"],
    ];
    for (const [what, messages, reason] of wrong)
      it(what, async () => {
        const peer = await dial().shake();
        await peer.say(...messages).ended;
        expect(peer.heard.at(-1)).to.deep.equal(warning(reason));
      });
  });

  it("may say odd messages that nobody knows", async () => {
    const peer = await meet();
    const before = peer.heard.length;
    peer.say(unknown(65_535, 2), unknown(32_769, 65_535));
    await peer.settled();
    expect([peer.isOver, peer.heard.slice(before).map(({ name }) => name)]).to.deep.equal([false, ["pong"]]);
    await peer.hangUp();
  });

  describe("with frames that are cut short or damaged is told so, and cut off", () => {
    for (const name of NAMES)
      it(name, async () => {
        await Promise.all(
          brokenFrames(name, BROKEN_FRAMES).map(async ({ frame, reason }) => {
            const peer = await meet();
            await peer.say(frame).ended;
            expect(peer.heard.at(-1)).to.deep.equal(warning(reason));
          }),
        );
      });
  });

  describe("cannot touch the channel of others, by saying twice under its id", () => {
    for (const name of NAMES)
      it(name, async () => {
        const id = honest.id.slice("ch_".length) as ChannelId;
        const message = about(id, name);
        const { said, isEnd } = answerTo(name, id);
        const peer = (await meet()).say(message, message);
        if (isEnd) await peer.ended;
        else await peer.settled();
        for (const kind of ["error", "warning"] as const)
          await peer.hears(kind, said.filter((each) => each.name === kind).length);
        expect([complaints(peer), peer.isOver]).to.deep.equal([said, isEnd]);
        await peer.hangUp();
      });
    for (const said of [error, warning])
      it(`${said("", ALL_CHANNELS).name} to all channels`, async () => {
        const peer = await meet();
        peer.say(said("all is lost", ALL_CHANNELS));
        await peer.settled();
        await peer.hangUp();
      });
  });

  describe("in an opening of its own", () => {
    it("is refused an opening that it repeats", async () => {
      const peer = await meet();
      const opening = openChannelOf(peer, pair.alice.started);
      peer.say(opening, opening);
      await peer.hears("accept_channel");
      await peer.hears("error");
      const { temporary_channel_id: id } = opening;
      expect(peer.heard.filter(({ name }) => name === "error")).to.deep.equal([error("id is in use", id)]);
      await peer.hangUp();
    });
    it("loses it by tx_abort out of order, and hears no more for the same once more", async () => {
      const peer = await meet();
      const opening = openChannelOf(peer, pair.alice.started);
      await peer.say(opening).hears("accept_channel");
      const { temporary_channel_id: id } = opening;
      peer.say(about(id, "tx_abort"), about(id, "tx_abort"));
      await peer.hears("error");
      await peer.settled();
      const text = "unexpected message, message tx_abort, state WaitForFundingCreated";
      expect(complaints(peer)).to.deep.equal([error(text, id)]);
      await peer.hangUp();
    });
    const isOutOfOrder = (name: MessageName): boolean =>
      isForChannel(name) && !OPENINGS.includes(name) && name !== "tx_abort";
    for (const name of NAMES.filter(isOutOfOrder))
      it(`loses it by ${name} out of order, and by the same once more the connection`, async () => {
        const peer = await meet();
        const opening = openChannelOf(peer, pair.alice.started);
        await peer.say(opening).hears("accept_channel");
        const { temporary_channel_id: id } = opening;
        const message = about(id, name);
        await peer.say(message, message).ended;
        const text =
          name === "funding_created"
            ? "bad commitment signature"
            : `unexpected message, message ${name}, state WaitForFundingCreated`;
        expect(complaints(peer)).to.deep.equal([error(text, id), error("unknown channel", id)]);
      });
  });

  describe("in the end", () => {
    it("is hung up on when it stops in the middle of the handshake", async () => {
      await Promise.all(dawdlers.map(({ ended }) => ended));
      expect(dawdlers.map(({ heard }) => heard)).to.deep.equal([[], [], []]);
    });

    it("leaves a channel that carries payments in both directions", async () => {
      const { alice, bob } = pair;
      for (const [payer, payee, amountMsat] of [
        [alice, bob, "50000000"],
        [bob, alice, "20000000"],
      ] as const) {
        const { bolt11 } = await payee.api.post<{ bolt11: string }>("/v1/invoices", {
          amountMsat,
          description: "still",
        });
        const { state } = await payer.api.post<{ state: string }>("/v1/payments", { bolt11 }, { prefer: "wait=10" });
        expect(state).to.equal("succeeded");
      }
      honest = present((await channelsOf(alice))[0], "the channel");
      expect(honest.localMsat).to.equal("970000000");
    });
  });
});
